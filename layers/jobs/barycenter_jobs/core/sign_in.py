"""How people sign in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SignIn:
    """The OpenID Connect issuer at which a page's users sign in, and the client as which the page asks it.

    `token_origin` is where the issuer's token endpoint is, None where it is at the issuer's own origin.
    `scope_prefix` stands before the names of our scopes at an issuer that names them after their API.
    """

    issuer: str
    client_id: str
    token_origin: str | None = None
    scope_prefix: str = ""
