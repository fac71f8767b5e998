"""Owns the programs: children, their output, their restarts. Standard library and anyio only."""

from .child import InputRefused
from .client import RemoteAttachment, SupervisorClient, SupervisorUnreachable
from .events import Exit, State, Wanted
from .planfile import CannotStore
from .spec import InvalidSpec, Plan, RestartPolicy, ScrollbackPolicy, ServiceSpec, StopPolicy
from .status import ServiceStatus
from .supervisor import Attachment, Changes, NoSuchService, NotAllowed, Output, Supervisor
from .version import VERSION

__all__ = [
    "VERSION",
    "Attachment",
    "CannotStore",
    "Changes",
    "Exit",
    "InputRefused",
    "InvalidSpec",
    "NoSuchService",
    "NotAllowed",
    "Output",
    "Plan",
    "RemoteAttachment",
    "RestartPolicy",
    "ScrollbackPolicy",
    "ServiceSpec",
    "ServiceStatus",
    "State",
    "StopPolicy",
    "Supervisor",
    "SupervisorClient",
    "SupervisorUnreachable",
    "Wanted",
]
