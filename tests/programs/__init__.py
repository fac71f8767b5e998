"""Small programs that behave well and badly; each is started as a real child. Standard library only."""
