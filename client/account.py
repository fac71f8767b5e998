"""`/account`: the caller's own account, and second factors."""

from collections.abc import Sequence
from dataclasses import dataclass

from .exchange import Request, Steps
from .operation import D, Operation, Resource
from .records import Record, record, told


@dataclass(frozen=True, kw_only=True)
class Factor(Record):
    """A second factor that was offered: it is on when a code of it has come back."""

    secret: str
    qr: str = ""
    """A QR code, drawn in text."""


class Account(Resource[D]):
    """Who asks; with an account's name, another's second factor, for who may do that."""

    @Operation
    def offer_factor(self, username: str | None = None) -> Steps[Factor]:
        """Return a new secret; the factor is on once `confirm_factor` has seen a code of it.

        >>> holdfast.account.offer_factor("admin").secret
        'JBSWY3DPEHPK3PXP'
        """
        answer = yield Request("POST", "/account/factor", {"username": username}, body=b"{}")
        return record(Factor, told(answer))

    @Operation
    def confirm_factor(self, code: str, username: str | None = None) -> Steps[Sequence[str]]:
        """Turn the factor on that was offered last, and return its recovery codes; raises `WrongCode`.

        >>> codes = holdfast.account.confirm_factor("123456", "admin")
        """
        answer = yield Request.json("POST", "/account/factor/confirm", {"code": code}, {"username": username})
        codes = told(answer).get("recovery")
        return [str(one) for one in codes] if isinstance(codes, list) else []

    @Operation
    def turn_factor_off(self, username: str | None = None) -> Steps[None]:
        """Turn the factor off.

        >>> holdfast.account.turn_factor_off("admin")
        """
        yield Request("DELETE", "/account/factor", {"username": username})
