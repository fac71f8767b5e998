"""`holdfast top`: the servers, full screen and live. Only what is in here knows textual."""
