"""Measurements of the whole; each is a script that prints a table: `python -m benchmarks.NAME`."""
