"""`holdfast factor`: the second factor of an account, turned on or off by who sits at the machine."""

import sys
from urllib.parse import quote

from .local import Refused, ask

# White on black, whatever the terminal's own colours are: a scanner wants the code dark on light.
_COLOURS, _USUAL = "\x1b[97;40m", "\x1b[0m"
_GROUP = 4


def turn_on(path: str, account: str) -> None:
    """Show a QR code, ask for the first code, show the recovery codes; raises `Refused`."""
    query = f"?username={quote(account, safe='')}"
    given = ask(path, "POST", f"/account/factor{query}", {})
    secret = str(given["secret"])
    _say(_picture(str(given["qr"])))
    _say(f"The secret: {' '.join(secret[at : at + _GROUP] for at in range(0, len(secret), _GROUP))}")
    _say("Scan the picture with the app that shall show the codes, or type the secret into it.")
    while True:
        code = _asked("The code that it shows now: ")
        try:
            shown = ask(path, "POST", f"/account/factor/confirm{query}", {"code": code})
        except Refused as exc:
            if exc.kind != "wrong-code":
                raise
            _say(str(exc))
        else:
            break
    codes = shown["recovery"]
    _say(f"\nThe second factor of {account} is on. If the device is lost, each of these lets you in once:\n")
    _say("\n".join(f"  {one}" for one in codes) if isinstance(codes, list) else "")
    _say("\nWrite them down: they are shown only now.")


def turn_off(path: str, account: str) -> None:
    """Turn it off; raises `Refused`."""
    ask(path, "DELETE", f"/account/factor?username={quote(account, safe='')}", {})
    _say(f"The second factor of {account} is off.")


def _asked(question: str) -> str:
    try:
        return input(question).strip()
    except EOFError:
        raise Refused("there was no code, so the second factor stays off") from None


def _picture(text: str) -> str:
    try:
        text.encode(sys.stdout.encoding)
    except UnicodeEncodeError:
        return "This terminal cannot show the picture."
    if not sys.stdout.isatty():
        return text
    return "\n".join(f"{_COLOURS}{line}{_USUAL}" for line in text.splitlines())


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
