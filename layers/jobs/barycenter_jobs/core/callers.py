"""Who asks, and what they may."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from barycenter_jobs.core.errors import NotAllowed


class Permission(StrEnum):
    """What a caller may do, by the names of the OAuth scopes that say so."""

    READ = "jobs:read"
    WRITE = "jobs:write"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: an IAM principal's ARN or a token's subject, None where nobody says so.

    `permissions` are those that their token carries; None where whoever let the request in has decided
    already what it may do, as IAM does.
    """

    name: str | None = None
    permissions: frozenset[Permission] | None = None

    def check(self, needed: Permission) -> None:
        """Raise NotAllowed for a caller who lacks this permission. Who may act may look."""
        if self.permissions is None or needed in self.permissions or Permission.WRITE in self.permissions:
            return
        has = " ".join(sorted(self.permissions)) or "neither jobs:read nor jobs:write"
        raise NotAllowed(f"This needs the scope {needed}; your token has {has}")


NOBODY_KNOWN = Caller()


def token_holder(claims: Mapping[str, object], scope_prefix: str = "") -> Caller:
    """Return whom a token describes that somebody has verified already.

    Scopes stand in `scope` (RFC 9068, section 2.2.3) or in `scp`, as other issuers have it, each a text or a
    list. API Gateway makes the text `[a b]` of a list. A token for no user names its client. An issuer may
    have something before the names of its APIs' scopes: those without `scope_prefix` are somebody else's.
    """
    name = claims.get("sub") or claims.get("client_id")
    scopes = " ".join(_scopes(claims.get(claim)) for claim in ("scope", "scp"))
    return Caller(None if name is None else str(name), permissions_of(scopes, scope_prefix))


def _scopes(claim: object) -> str:
    if isinstance(claim, str):
        return claim[1:-1] if claim.startswith("[") and claim.endswith("]") else claim
    return " ".join(map(str, claim)) if isinstance(claim, list) else ""


def permissions_of(scopes: str, prefix: str = "") -> frozenset[Permission]:
    """Return those permissions that a space-separated list of scopes holds (RFC 6749, section 3.3)."""
    given = scopes.split()
    return frozenset(permission for permission in Permission if prefix + permission.value in given)
