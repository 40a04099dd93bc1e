"""AppSync's direct Lambda resolvers: an event that names a field in, the field's value out.

The event is AppSync's whole resolver context, as its "Direct Lambda resolver reference" has it.
"""

from __future__ import annotations

from collections.abc import Mapping

from barycenter_jobs.core.callers import Caller, permissions_of
from barycenter_jobs.core.errors import InvalidEvent
from barycenter_jobs.graphql.resolvers import RESOLVERS, Request, resolved
from barycenter_jobs.operations.api import Operations


def resolve(event: object, operations: Operations) -> object:
    """Return the value of the field that AppSync asks for.

    Raises InvalidEvent for an event that is not AppSync's, and what the field's resolver raises.
    """
    asked = _mapping(event, "event")
    info = _mapping(asked.get("info"), "info")
    parent, field = str(info.get("parentTypeName")), str(info.get("fieldName"))
    if (parent, field) not in RESOLVERS:
        raise InvalidEvent(f"There is no field {parent}.{field}")
    arguments = _mapping(asked.get("arguments") or {}, "arguments")
    return resolved(parent, field, Request(operations, arguments, _caller(asked)))


def _caller(event: Mapping[str, object]) -> Caller:
    """Return who asks: an IAM principal's ARN or an OpenID Connect subject; nobody for an API key.

    A token's claims say what it may do. What an IAM principal may do, its policies have said already.
    """
    identity = event.get("identity")
    if not isinstance(identity, Mapping):
        return Caller()
    claims = identity.get("claims")
    who = identity.get("userArn") or identity.get("sub") or identity.get("username")
    name = None if who is None else str(who)
    if claims is None and "issuer" not in identity:
        return Caller(name)
    scopes = claims.get("scope") if isinstance(claims, Mapping) else None
    return Caller(name, permissions_of(str(scopes or "")))


def _mapping(value: object, what: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise InvalidEvent(
            f"The {what} of an AppSync resolver must be a JSON object, not {type(value).__name__}"
        )
    return value
