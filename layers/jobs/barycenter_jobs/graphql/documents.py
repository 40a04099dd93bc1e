"""Documents, parsed, measured and validated once and kept for those who send the same text again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSyntaxError,
    NoSchemaIntrospectionCustomRule,
    parse,
    specified_rules,
    validate,
)

from barycenter_jobs.graphql.errors import Code, request_errors
from barycenter_jobs.graphql.limits import Limits, exceeded
from barycenter_jobs.graphql.schema import schema

# A parsed document takes some five hundred bytes a token: all that are kept fit well into a small function.
KEPT_DOCUMENTS = 100
LONGEST_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a text came to: a document that may be executed, or why it may not."""

    document: DocumentNode | None
    errors: Sequence[dict[str, object]] = ()


class Documents:
    """The texts that were sent, and what they came to.

    What is kept depends on the text alone: no variable, no caller and no answer is.
    """

    def __init__(self, limits: Limits | None = None, *, introspection: bool = True) -> None:
        self._limits = limits or Limits()
        self._introspection = introspection
        self._kept = lru_cache(KEPT_DOCUMENTS)(self._prepare)

    @property
    def introspection(self) -> bool:
        """Whether a document may ask for the schema."""
        return self._introspection

    def prepared(self, text: str) -> Prepared:
        """Return what a text comes to."""
        return self._kept(text) if len(text) <= LONGEST_KEPT else self._prepare(text)

    def _prepare(self, text: str) -> Prepared:
        try:
            document = parse(text, max_tokens=self._limits.tokens, allow_empty_selection_sets=False)
        except GraphQLSyntaxError as error:
            return Prepared(None, [self._unparsed(error)])
        # Measured first: some of the rules take their time over what no limit would let through.
        if errors := exceeded(schema(), document, self._limits):
            return Prepared(None, request_errors(errors, Code.GRAPHQL_VALIDATION_FAILED))
        if not self._introspection and (
            errors := validate(schema(), document, [NoSchemaIntrospectionCustomRule])
        ):
            return Prepared(None, request_errors(errors, Code.INTROSPECTION_DISABLED))
        errors = validate(
            schema(),
            document,
            specified_rules,
            hide_suggestions=not self._introspection,
            allow_empty_selection_sets=False,
        )
        if errors:
            return Prepared(None, request_errors(errors, Code.GRAPHQL_VALIDATION_FAILED))
        return Prepared(document)

    def _unparsed(self, error: GraphQLSyntaxError) -> dict[str, object]:
        """Return the error of a text that could not be parsed, or that graphql-core gave up on."""
        tokens = self._limits.tokens
        if "tokens. Parsing aborted" in error.message:
            message = f"The query has more than {tokens} tokens; {tokens} are allowed"
            refusal = GraphQLError(message, extensions={"code": Code.QUERY_TOO_LONG, "limit": tokens})
        elif "nested too deeply" in error.message:
            depth = self._limits.depth
            message = f"The query is nested too deeply to be read; {depth} levels of fields are allowed"
            refusal = GraphQLError(message, extensions={"code": Code.QUERY_TOO_DEEP, "limit": depth})
        else:
            refusal = error
        return request_errors([refusal], Code.GRAPHQL_PARSE_FAILED)[0]


@cache
def documents_of_this_process(*, introspection: bool) -> Documents:
    """Return what is kept between requests, with the documented limits."""
    return Documents(introspection=introspection)
