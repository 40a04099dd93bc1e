"""The schema that is served over HTTP, made from the definition that AppSync gets too."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from graphql import GraphQLObjectType, GraphQLResolveInfo, GraphQLSchema, build_schema

from barycenter_jobs.graphql.resolvers import RESOLVERS, Request, resolved

if TYPE_CHECKING:
    from barycenter_jobs.core.callers import Caller
    from barycenter_jobs.operations.api import Operations


@dataclass(frozen=True, slots=True)
class Context:
    """What every resolver of one request gets to know."""

    operations: Operations
    caller: Caller
    asked_at: datetime | None


@cache
def schema() -> GraphQLSchema:
    """Return the schema that `schema.graphql` defines, with each root field resolved."""
    built = build_schema(_described(Path(__file__).with_name("schema.graphql").read_text()))
    for type_name, field_name in RESOLVERS:
        root = built.type_map[type_name]
        if not isinstance(root, GraphQLObjectType):
            raise TypeError(f"{type_name} is not an object type")
        root.fields[field_name].resolve = partial(_resolve, type_name, field_name)
    return built


def _described(definition: str) -> str:
    """Return a schema in which the comment right above a definition is its description, as in AppSync."""

    def description(match: re.Match[str]) -> str:
        lines = [line.strip().removeprefix("#").strip() for line in match["comment"].splitlines()]
        return f'"""{" ".join(lines)}"""\n{match["definition"]}'

    return re.sub(
        r"(?P<comment>(?:^[ ]*#.*\n)+)(?P<definition>[ ]*\w)", description, definition, flags=re.MULTILINE
    )


def _resolve(
    type_name: str, field_name: str, _source: object, info: GraphQLResolveInfo[Context], **arguments: object
) -> object:
    asked = info.context
    return resolved(type_name, field_name, Request(asked.operations, arguments, asked.caller, asked.asked_at))
