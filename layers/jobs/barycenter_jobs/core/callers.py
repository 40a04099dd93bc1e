"""Who asks, and what they may."""

from __future__ import annotations

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


def permissions_of(scopes: str) -> frozenset[Permission]:
    """Return those permissions that a space-separated list of scopes holds (RFC 6749, section 3.3)."""
    given = scopes.split()
    return frozenset(permission for permission in Permission if permission.value in given)
