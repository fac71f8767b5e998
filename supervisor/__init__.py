"""Owns the programs: children, their output, their restarts. Standard library and anyio only."""

from .spec import InvalidSpec, Plan, RestartPolicy, ScrollbackPolicy, ServiceSpec, StopPolicy

__all__ = [
    "InvalidSpec",
    "Plan",
    "RestartPolicy",
    "ScrollbackPolicy",
    "ServiceSpec",
    "StopPolicy",
]
