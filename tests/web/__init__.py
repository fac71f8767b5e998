"""The web page in a real browser, in front of `holdfast run`. How to write such a test: see conftest.py."""
