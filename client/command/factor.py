"""`holdfast factor`: the second factor of an account, turned on or off by who sits at the machine."""

import sys
from typing import TYPE_CHECKING

import click

from ..refusals import WrongCode
from .completing import ACCOUNT
from .exits import Stop
from .invocation import Invocation, pass_invocation
from .shape import Shaped

if TYPE_CHECKING:
    from ..account import Factor

# White on black, whatever the terminal's own colours are: a scanner wants the code dark on light.
_COLOURS, _USUAL = "\x1b[97;40m", "\x1b[0m"
_GROUP = 4


@click.command(cls=Shaped)
@click.argument("account", type=ACCOUNT)
@click.option("--off", is_flag=True, help="Turn it off instead.")
@pass_invocation
def factor(invocation: Invocation, account: str, off: bool) -> None:
    """Turn on the second factor of an account.

    The secret is shown as a QR code, and asked for a code of it at once. With --json, the secret is told in
    one line, a code is read from standard input, and the recovery codes are told in another line.
    """
    people = invocation.client.account
    if off:
        people.turn_factor_off(account)
        if invocation.json:
            invocation.out.json({"account": account, "secondFactor": False})
        else:
            _say(f"The second factor of {account} is off.")
        return
    given = people.offer_factor(account)
    if invocation.json:
        _for_a_program(invocation, given, account)
        return
    secret = given.secret
    _say(_picture(given.qr))
    _say(f"The secret: {' '.join(secret[at : at + _GROUP] for at in range(0, len(secret), _GROUP))}")
    _say("Scan the picture with the app that shall show the codes, or type the secret into it.")
    while True:
        code = _asked("The code that it shows now: ")
        try:
            codes = people.confirm_factor(code, account)
        except WrongCode as exc:
            _say(str(exc))
        else:
            break
    _say(f"\nThe second factor of {account} is on. If the device is lost, each of these lets you in once:\n")
    _say("\n".join(f"  {one}" for one in codes))
    _say("\nWrite them down: they are shown only now.")


def _for_a_program(invocation: Invocation, given: "Factor", account: str) -> None:
    """Tell the secret in a line, read the code, and tell the recovery codes in another one."""
    invocation.out.json({"account": account, "secret": given.secret, "uri": given.uri})
    sys.stdout.flush()
    codes = invocation.client.account.confirm_factor(_asked(""), account)
    invocation.out.json({"account": account, "secondFactor": True, "recoveryCodes": list(codes)})


def _asked(question: str) -> str:
    try:
        return input(question).strip()
    except EOFError:
        raise Stop("there was no code, so the second factor stays off") from None


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
