"""The version of the whole program; clients compare it with that of Octyne, whose last is 1.4."""

VERSION = "2.0.0"
