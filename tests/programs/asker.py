"""Asks its terminal where the cursor is, when it starts and whenever it hears `ask`; says what it hears."""

import sys

QUESTION = "\x1b[6n"

sys.stdout.write(f"ready{QUESTION}\n")
sys.stdout.flush()
for line in sys.stdin:
    sys.stdout.write(f"heard {line.strip()!r}{QUESTION if 'ask' in line else ''}\n")
    sys.stdout.flush()
