"""The whole: `holdfast run` as a person starts it, with real programs, real ports and real signals."""
