"""Owns the programs: children, their output, their restarts. Standard library and anyio only."""

from .child import InputRefused
from .client import SupervisorClient, SupervisorUnreachable
from .events import Exit, State, Wanted
from .planfile import CannotStore
from .spec import InvalidSpec, Plan, RestartPolicy, ScrollbackPolicy, ServiceSpec, StopPolicy
from .status import ServiceStatus
from .supervision import Attached, Supervision, Watching
from .supervisor import Changes, NoSuchService, NotAllowed, Output, Supervisor
from .version import VERSION

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
    "Output",
    "Plan",
    "RestartPolicy",
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
]
