"""Owns the programs: children, their output, their restarts. Standard library and anyio only."""

from .cause import SOMEBODY, Cause, CauseKind
from .cgroups import Place as CgroupPlace
from .child import base_environment
from .client import SupervisorClient, SupervisorUnreachable
from .descriptors import make_room
from .durable import StateFile, damaged_name, open_without_waiting, replace_file, set_aside, sync_folder
from .errand import ErrandFailed, run_briefly, run_errand
from .events import Exit, State, Wanted
from .execution import RLIMITS, Execution, Limits, Terminal
from .following import Changes, Output
from .history import Happenings, Transition
from .journal import SOCKET as JOURNAL_SOCKET
from .journal import leads_to_journal
from .journal import native as journal_record
from .journal import send as send_to_journal
from .marks import Mark, Marked
from .notify import Notifier, inherited
from .order import Ties, find_cycle
from .planfile import CannotStore
from .policies import (
    InvalidSpec,
    ReadyPolicy,
    RestartPolicy,
    ScrollbackPolicy,
    Sign,
    StopPolicy,
    StopStep,
    Way,
    When,
)
from .refusals import NoSuchService, NotAllowed
from .scrollback import Scrollback
from .spec import Boot, LeftBehind, Plan, ServiceSpec
from .status import ServiceStatus
from .stderr import leave_quietly, log_to_stderr
from .stdin import InputRefused
from .supervision import Attached, Following, Supervision, Watching
from .supervisor import Supervisor
from .survivor import Survivor, command_line
from .version import VERSION
from .wire import socket_address

__all__ = [
    "JOURNAL_SOCKET",
    "RLIMITS",
    "SOMEBODY",
    "VERSION",
    "Attached",
    "Boot",
    "CannotStore",
    "Cause",
    "CauseKind",
    "CgroupPlace",
    "Changes",
    "ErrandFailed",
    "Execution",
    "Exit",
    "Following",
    "Happenings",
    "InputRefused",
    "InvalidSpec",
    "LeftBehind",
    "Limits",
    "Mark",
    "Marked",
    "NoSuchService",
    "NotAllowed",
    "Notifier",
    "Output",
    "Plan",
    "ReadyPolicy",
    "RestartPolicy",
    "Scrollback",
    "ScrollbackPolicy",
    "ServiceSpec",
    "ServiceStatus",
    "Sign",
    "State",
    "StateFile",
    "StopPolicy",
    "StopStep",
    "Supervision",
    "Supervisor",
    "SupervisorClient",
    "SupervisorUnreachable",
    "Survivor",
    "Terminal",
    "Ties",
    "Transition",
    "Wanted",
    "Watching",
    "Way",
    "When",
    "base_environment",
    "command_line",
    "damaged_name",
    "find_cycle",
    "inherited",
    "journal_record",
    "leads_to_journal",
    "leave_quietly",
    "log_to_stderr",
    "make_room",
    "open_without_waiting",
    "replace_file",
    "run_briefly",
    "run_errand",
    "send_to_journal",
    "set_aside",
    "socket_address",
    "sync_folder",
]
