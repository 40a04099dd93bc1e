"""AppSync's direct Lambda resolvers: an event that names a field in, the field's value out.

The event is AppSync's whole resolver context, as its "Direct Lambda resolver reference" has it.
"""

from __future__ import annotations

from collections.abc import Mapping

from barycenter_jobs.core.errors import InvalidEvent
from barycenter_jobs.graphql.resolvers import RESOLVERS, Operations, Request


def resolve(event: object, operations: Operations) -> object:
    """Return the value of the field that AppSync asks for.

    Raises InvalidEvent for an event that is not AppSync's, and what the field's resolver raises.
    """
    asked = _mapping(event, "event")
    info = _mapping(asked.get("info"), "info")
    resolver = RESOLVERS.get((str(info.get("parentTypeName")), str(info.get("fieldName"))))
    if resolver is None:
        raise InvalidEvent(f"There is no field {info.get('parentTypeName')}.{info.get('fieldName')}")
    return resolver(Request(operations, _mapping(asked.get("arguments") or {}, "arguments"), _caller(asked)))


def _caller(event: Mapping[str, object]) -> str | None:
    """Return who asks: an IAM principal's ARN or an OpenID Connect subject; nobody for an API key."""
    identity = event.get("identity")
    if not isinstance(identity, Mapping):
        return None
    who = identity.get("userArn") or identity.get("sub") or identity.get("username")
    return None if who is None else str(who)


def _mapping(value: object, what: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise InvalidEvent(
            f"The {what} of an AppSync resolver must be a JSON object, not {type(value).__name__}"
        )
    return value
