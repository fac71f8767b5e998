"""`holdfast list`, in a pipe and in a terminal."""

import json

from .typed import Typist


def test_a_list_for_programs_is_what_the_api_says(shell: Typist) -> None:
    told = json.loads(shell("list", "--json").out)
    assert list(told) == ["chat", "off", "web"]
    assert told["off"]["state"] == "stopped"
