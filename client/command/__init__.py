"""The `holdfast` command: a person at a shell needs neither curl nor a browser."""
