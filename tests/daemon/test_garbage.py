"""What ended connections leave behind is found while the daemon serves."""

import subprocess
import sys

PROBE = """
import collections, gc, weakref
from daemon import garbage

garbage.spare()
garbage.relax()
garbage.settle()

class Viewer:
    def __init__(self):
        self.itself = self

viewer = Viewer()
gone = weakref.ref(viewer)
gc.collect(1)  # it has lived for a while
del viewer
others = collections.deque(maxlen=50_000)
for _ in range(800_000):
    others.append(Viewer())
print("alive" if gone() else "gone")
"""


def test_circles_that_have_lived_long_are_found_while_others_come_and_go() -> None:
    probed = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    assert probed.stdout == "gone\n"
