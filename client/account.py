"""`/account`: the caller's own account, and second factors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .exchange import Request, Steps
from .failures import NotHoldfast
from .operation import D, Operation, Resource
from .records import Json, Record, record, told


@dataclass(frozen=True, kw_only=True)
class OwnAccount(Record):
    """Who asks, and what he may do (docs/access.md)."""

    name: str
    kind: str
    """How he came in: `session`, `key`, or `local` over the Unix socket."""
    second_factor: bool = False
    recovery_codes: int = 0
    """How many are left."""
    permissions: Sequence[str] = ()
    """What he may do everywhere."""
    servers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """What he may do on which server."""
    limits: Mapping[str, Json] = field(default_factory=dict)
    """Servers on which that is kept to something: `paths` by permission, and lines of `input`."""
    rights: Sequence[Sequence[object]] = ()
    """Lists of grants: he may do what each of these lists permits. Only a key has two."""
    roles: Mapping[str, Sequence[object]] = field(default_factory=dict)
    """The roles that he could give to others, and what they grant."""


@dataclass(frozen=True, kw_only=True)
class Factor(Record):
    """A second factor that was offered: it is on when a code of it has come back."""

    secret: str
    uri: str = ""
    """`otpauth://…`, for an app."""
    qr: str = ""
    """A QR code, drawn in text."""


class Account(Resource[D]):
    """Who asks, his password and second factor; over the Unix socket, with a name, another's second factor.

    One's own needs the password, and to change a factor that is on, its code, too; another's needs neither.
    """

    @Operation
    def get(self) -> Steps[OwnAccount]:
        """Return who asks, and what he may do.

        >>> remote.account.get().name
        'admin'
        >>> "server.control" in holdfast.account.get().servers["web"]
        True
        """
        return record(OwnAccount, told((yield Request("GET", "/account"))))

    @Operation
    def change_password(self, old: str, new: str) -> Steps[None]:
        """Change one's own password, which ends all one's sessions, this one too.

        Raises `WrongCredentials`, `WeakPassword`, and `NoSession` for who has not logged in.

        >>> remote.account.change_password(password, "a long new password")
        """
        yield Request.json("PATCH", "/account", {"oldPassword": old, "password": new})

    @Operation
    def offer_factor(self, username: str | None = None, *, password: str | None = None) -> Steps[Factor]:
        """Return a new secret; the factor is on once `confirm_factor` has seen a code of it.

        Raises `FactorExists`, `WrongCredentials`.

        >>> factor = holdfast.account.offer_factor("admin")
        >>> factor.uri.startswith("otpauth://totp/")
        True
        """
        shown = _shown(password, None)
        return record(Factor, told((yield Request.json("POST", "/account/factor", shown, _of(username)))))

    @Operation
    def confirm_factor(self, code: str, username: str | None = None) -> Steps[Sequence[str]]:
        """Turn the factor on that was offered last, and return its recovery codes; each is good once.

        Raises `WrongCode`, `NoPendingFactor`.

        >>> factor = remote.account.offer_factor(password=password)
        >>> codes = remote.account.confirm_factor(pyotp.TOTP(factor.secret).now())
        >>> len(codes)
        10
        """
        answer = yield Request.json("POST", "/account/factor/confirm", {"code": code}, _of(username))
        return _codes(told(answer))

    @Operation
    def renew_recovery(
        self, username: str | None = None, *, password: str | None = None, code: str | None = None
    ) -> Steps[Sequence[str]]:
        """Return new recovery codes; the old ones are good no more. Raises `NoFactor`, `WrongCredentials`.

        >>> factor = holdfast.account.offer_factor("admin")
        >>> old = holdfast.account.confirm_factor(pyotp.TOTP(factor.secret).now(), "admin")
        >>> new = holdfast.account.renew_recovery("admin")
        >>> set(old) & set(new)
        set()
        """
        shown = _shown(password, code)
        return _codes(told((yield Request.json("POST", "/account/recovery", shown, _of(username)))))

    @Operation
    def turn_factor_off(
        self, username: str | None = None, *, password: str | None = None, code: str | None = None
    ) -> Steps[None]:
        """Turn the factor off; raises `NoFactor`, `WrongCredentials`.

        >>> factor = holdfast.account.offer_factor("admin")
        >>> codes = holdfast.account.confirm_factor(pyotp.TOTP(factor.secret).now(), "admin")
        >>> holdfast.account.turn_factor_off("admin")
        """
        yield Request.json("DELETE", "/account/factor", _shown(password, code), _of(username))


def _of(username: str | None) -> Mapping[str, str | None]:
    return {"username": username}


def _shown(password: str | None, code: str | None) -> Json:
    return {key: text for key, text in (("password", password), ("code", code)) if text is not None}


def _codes(answer: Json) -> Sequence[str]:
    codes = answer.get("recovery")
    if not isinstance(codes, list):
        raise NotHoldfast("the answer has no recovery codes")
    return [str(one) for one in codes]
