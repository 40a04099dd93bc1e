"""AppSync's direct Lambda resolvers: an event that names a field in, the field's value out.

The event is AppSync's whole resolver context, as its "Direct Lambda resolver reference" has it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Literal

from barycenter_jobs.bugs import InternalError, log_bug
from barycenter_jobs.core.callers import Caller, token_holder
from barycenter_jobs.core.errors import BarycenterJobsError, InvalidEvent
from barycenter_jobs.graphql.answers import Later
from barycenter_jobs.graphql.resolvers import RESOLVERS, Request, resolved

if TYPE_CHECKING:
    from barycenter_jobs.operations.api import Operations


def resolve(event: object, operations: Operations, scope_prefix: str = "") -> object:
    """Return the value of the field that AppSync asks for. Tokens name our scopes with `scope_prefix`.

    Raises InvalidEvent for an event that is not AppSync's, what the field's resolver raises on purpose, and
    InternalError in place of anything else: AppSync shows the message to whoever asked.
    """
    asked = _mapping(event, "event")
    info = _mapping(asked.get("info"), "info")
    parent, field = str(info.get("parentTypeName")), str(info.get("fieldName"))
    if (parent, field) not in RESOLVERS:
        raise InvalidEvent(f"There is no field {parent}.{field}")
    arguments = _mapping(asked.get("arguments") or {}, "arguments")
    with _NoBugShown():
        request = Request(operations, arguments, _caller(asked, scope_prefix))
        return _worked_out(resolved(parent, field, request), info)


def _worked_out(answer: object, info: Mapping[str, object]) -> object:
    """Return an answer with what is left for later worked out where it may be selected, and left out else."""
    if not isinstance(answer, dict):
        return answer
    return {
        name: value() if isinstance(value, Later) else value
        for name, value in answer.items()
        if not isinstance(value, Later) or _may_be_selected(name, info)
    }


def _may_be_selected(name: str, info: Mapping[str, object]) -> bool:
    # The list of the selection has aliases in the place of names. Its text has both, but of a fragment only
    # the name: what is in it, nobody can tell from here.
    text = info.get("selectionSetGraphQL")
    return not isinstance(text, str) or name in text or re.search(r"\.\.\.\s*(?!on\b)\w", text) is not None


class _NoBugShown:
    """Lets through what was raised on purpose and turns the rest, once logged, into InternalError."""

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> Literal[False]:
        if isinstance(error, Exception) and not isinstance(error, BarycenterJobsError):
            log_bug(error, "field")
            raise InternalError from None
        return False


def _caller(event: Mapping[str, object], scope_prefix: str) -> Caller:
    """Return who asks: an IAM principal's ARN or an OpenID Connect subject; nobody for an API key.

    A token's claims say what it may do. What an IAM principal may do, its policies have said already.
    """
    identity = event.get("identity")
    if not isinstance(identity, Mapping):
        return Caller()
    claims = identity.get("claims")
    if claims is not None or "issuer" in identity:
        claims = claims if isinstance(claims, Mapping) else {}
        return token_holder({"sub": identity.get("sub") or identity.get("username"), **claims}, scope_prefix)
    who = identity.get("userArn") or identity.get("username")
    return Caller(None if who is None else str(who))


def _mapping(value: object, what: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise InvalidEvent(
            f"The {what} of an AppSync resolver must be a JSON object, not {type(value).__name__}"
        )
    return value
