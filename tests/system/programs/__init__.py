"""Programs for the whole system: each leaves a trace of what happened to it in its directory."""
