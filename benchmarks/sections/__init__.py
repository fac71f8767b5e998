"""The sections of the suite: each module has `cases`."""
