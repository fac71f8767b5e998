"""Owns the programs: children, their output, their restarts. Standard library and anyio only."""

from .client import SupervisorClient, SupervisorUnreachable
from .durable import StateFile, damaged_name, open_without_waiting, replace_file, set_aside, sync_folder
from .events import Exit, State, Wanted
from .following import Changes, Output
from .journal import leads_to_journal
from .notify import Notifier, inherited
from .planfile import CannotStore
from .scrollback import Scrollback
from .spec import (
    Boot,
    InvalidSpec,
    LeftBehind,
    Plan,
    RestartPolicy,
    ScrollbackPolicy,
    ServiceSpec,
    StopPolicy,
)
from .status import ServiceStatus
from .stderr import leave_quietly, log_to_stderr
from .stdin import InputRefused
from .supervision import Attached, Supervision, Watching
from .supervisor import NoSuchService, NotAllowed, Supervisor
from .version import VERSION
from .wire import socket_address

__all__ = [
    "VERSION",
    "Attached",
    "Boot",
    "CannotStore",
    "Changes",
    "Exit",
    "InputRefused",
    "InvalidSpec",
    "LeftBehind",
    "NoSuchService",
    "NotAllowed",
    "Notifier",
    "Output",
    "Plan",
    "RestartPolicy",
    "Scrollback",
    "ScrollbackPolicy",
    "ServiceSpec",
    "ServiceStatus",
    "State",
    "StateFile",
    "StopPolicy",
    "Supervision",
    "Supervisor",
    "SupervisorClient",
    "SupervisorUnreachable",
    "Wanted",
    "Watching",
    "damaged_name",
    "inherited",
    "leads_to_journal",
    "leave_quietly",
    "log_to_stderr",
    "open_without_waiting",
    "replace_file",
    "set_aside",
    "socket_address",
    "sync_folder",
]
