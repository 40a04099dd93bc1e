"""How people sign in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SignIn:
    """The OpenID Connect issuer at which a page's users sign in, and the client as which the page asks it."""

    issuer: str
    client_id: str
