"""Owns the programs: children, their output, their restarts. Standard library and anyio only."""

from .client import SupervisorClient, SupervisorUnreachable
from .events import Exit, State, Wanted
from .following import Changes, Output
from .journal import leads_to_journal
from .notify import Notifier, inherited
from .planfile import CannotStore
from .scrollback import Scrollback
from .spec import InvalidSpec, Plan, RestartPolicy, ScrollbackPolicy, ServiceSpec, StopPolicy
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
    "CannotStore",
    "Changes",
    "Exit",
    "InputRefused",
    "InvalidSpec",
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
    "StopPolicy",
    "Supervision",
    "Supervisor",
    "SupervisorClient",
    "SupervisorUnreachable",
    "Wanted",
    "Watching",
    "inherited",
    "leads_to_journal",
    "leave_quietly",
    "log_to_stderr",
    "socket_address",
]
