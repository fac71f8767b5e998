"""Tests of the daemon package, one file per module."""
