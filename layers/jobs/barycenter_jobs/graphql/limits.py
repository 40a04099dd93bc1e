"""How much one request may ask for.

A leaf costs 1, an object 1 and what is selected of it, and a list 1 and, for each element that may come, what
an object costs. So many elements may come as the argument `limit` says, of the field itself or of the one
around it; as many as the API ever returns where a variable says it; DEFAULT_ELEMENTS where nothing does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from graphql import (
    ArgumentNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLArgument,
    GraphQLError,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    Node,
    ObjectFieldNode,
    ObjectValueNode,
    OperationDefinitionNode,
    SchemaMetaFieldDef,
    SelectionSetNode,
    TypeMetaFieldDef,
    VariableNode,
    Visitor,
    get_named_type,
    get_nullable_type,
    is_list_type,
    visit,
)

from barycenter_jobs.core.log_reading import DEFAULT_LIMIT, MAX_LIMIT
from barycenter_jobs.graphql.errors import Code

DEFAULT_ELEMENTS = 10
# Each level is a few calls of Python, which stops at a thousand. No query meant seriously comes near.
_DEEPEST = 100
_MANY_DIGITS = 6  # Python refuses to read an integer of thousands
_META_FIELDS: Mapping[str, GraphQLField] = {"__schema": SchemaMetaFieldDef, "__type": TypeMetaFieldDef}


@dataclass(frozen=True, slots=True)
class Limits:
    """The most that one request may have of each."""

    tokens: int = 2_000
    depth: int = 10
    introspection_depth: int = 20
    cost: int = 150_000
    root_fields: int = 20
    aliases: int = 30
    directives: int = 50


@dataclass(frozen=True, slots=True)
class _Measure:
    """How deep and how costly a selection is. Introspection has a depth of its own."""

    depth: int = 0
    introspection_depth: int = 0
    cost: int = 0


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in a document a selection set stands.

    `elements` is how many each list in it has, None where nothing around it says so.
    """

    of: GraphQLNamedType | None
    level: int
    elements: int | None = None
    introspects: bool = False

    def within(self, of: GraphQLNamedType | None, *, elements: int | None, introspects: bool) -> _Place:
        return _Place(of, self.level + 1, elements, introspects)


class _TooDeep(Exception):
    pass


def exceeded(schema: GraphQLSchema, document: DocumentNode, limits: Limits) -> list[GraphQLError]:
    """Return an error for each limit that a document exceeds.

    It need not be valid: what the schema does not know counts as a field without arguments. The time that
    this takes grows with the length of the document and not with what its fragments come to.
    """
    counter = _Counter()
    visit(document, counter)
    yardstick = _Yardstick(schema, document)
    operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    try:
        measures = [yardstick.operation(operation) for operation in operations]
        roots = max((yardstick.root_fields(operation) for operation in operations), default=0)
    except _TooDeep:
        return [_error(Code.QUERY_TOO_DEEP, "levels of fields", f"more than {_DEEPEST}", limits.depth)]
    found = [
        (Code.TOO_MANY_ROOT_FIELDS, "root fields", roots, limits.root_fields),
        (Code.TOO_MANY_ALIASES, "aliases", counter.aliases, limits.aliases),
        (Code.TOO_MANY_DIRECTIVES, "directives", counter.directives, limits.directives),
        (
            Code.QUERY_TOO_DEEP,
            "levels of fields",
            max((one.depth for one in measures), default=0),
            limits.depth,
        ),
        (
            Code.QUERY_TOO_DEEP,
            "levels of introspection",
            max((one.introspection_depth for one in measures), default=0),
            limits.introspection_depth,
        ),
        (
            Code.QUERY_TOO_COMPLEX,
            "points of cost",
            max((one.cost for one in measures), default=0),
            limits.cost,
        ),
    ]
    return [
        _error(code, what, _number(actual), limit) for code, what, actual, limit in found if actual > limit
    ]


def _error(code: Code, what: str, actual: str, limit: int) -> GraphQLError:
    return GraphQLError(
        f"The query has {actual} {what}; {limit} are allowed", extensions={"code": code, "limit": limit}
    )


def _number(actual: int) -> str:
    """Return a number as text; fragments within fragments come to numbers that nobody wants to read."""
    return str(actual) if actual < 10**12 else "more than 1000000000000"


class _Counter(Visitor):
    """Counts what costs by its sheer number."""

    def __init__(self) -> None:
        super().__init__()
        self.aliases = 0
        self.directives = 0

    def enter_field(self, node: FieldNode, *_: object) -> None:
        self.aliases += node.alias is not None

    def enter_directive(self, _node: DirectiveNode, *_: object) -> None:
        self.directives += 1


@dataclass(slots=True)
class _Yardstick:
    """Measures the operations of one document, each of its fragments once for each kind of place."""

    schema: GraphQLSchema
    document: DocumentNode
    _fragments: dict[str, FragmentDefinitionNode] = field(init=False)
    _measured: dict[tuple[str, int | None, bool], _Measure | None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        definitions = self.document.definitions
        self._fragments = {
            one.name.value: one for one in definitions if isinstance(one, FragmentDefinitionNode)
        }

    def operation(self, operation: OperationDefinitionNode) -> _Measure:
        """Return the measure of an operation. Raises _TooDeep."""
        root = self.schema.get_root_type(operation.operation)
        return self._selection(operation.selection_set, _Place(root, 0))

    def root_fields(self, operation: OperationDefinitionNode) -> int:
        """Return the number of root fields, fragments included; a fragment that is spread again adds none."""
        return sum(1 for _ in self._roots(operation.selection_set, set(), 0))

    def _roots(self, selected: SelectionSetNode, seen: set[str], level: int) -> Iterator[FieldNode]:
        if level > _DEEPEST:
            raise _TooDeep
        for selection in selected.selections:
            if isinstance(selection, FieldNode):
                yield selection
            elif isinstance(selection, InlineFragmentNode):
                yield from self._roots(selection.selection_set, seen, level + 1)
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in seen:
                seen.add(selection.name.value)
                fragment = self._fragments.get(selection.name.value)
                if fragment is not None:
                    yield from self._roots(fragment.selection_set, seen, level + 1)

    def _selection(self, selected: SelectionSetNode, place: _Place) -> _Measure:
        if place.level > _DEEPEST:
            raise _TooDeep
        depth = introspection_depth = cost = 0
        for measure in self._selections(selected, place):
            depth = max(depth, measure.depth)
            introspection_depth = max(introspection_depth, measure.introspection_depth)
            cost += measure.cost
        return _Measure(depth, introspection_depth, cost)

    def _selections(self, selected: SelectionSetNode, place: _Place) -> Iterator[_Measure]:
        spread: set[str] = set()
        for selection in selected.selections:
            if isinstance(selection, FieldNode):
                yield self._field(selection, place)
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                yield self._selection(selection.selection_set, self._narrowed(place, condition))
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in spread:
                spread.add(selection.name.value)
                yield self._fragment(selection.name.value, place)

    def _narrowed(self, place: _Place, condition: Node | None) -> _Place:
        name = getattr(getattr(condition, "name", None), "value", None)
        of = place.of if name is None else self.schema.get_type(name)
        return place.within(of, elements=place.elements, introspects=place.introspects)

    def _fragment(self, name: str, place: _Place) -> _Measure:
        """Return the measure of a fragment, nothing for one that is unknown or within itself."""
        key = (name, place.elements, place.introspects)
        if key not in self._measured:
            self._measured[key] = None
            fragment = self._fragments.get(name)
            if fragment is not None:
                inside = self._narrowed(place, fragment.type_condition)
                self._measured[key] = self._selection(fragment.selection_set, inside)
        return self._measured[key] or _Measure()

    def _field(self, node: FieldNode, place: _Place) -> _Measure:
        definition = self._definition(node, place)
        introspects = place.introspects or node.name.value in _META_FIELDS
        inside = _Measure()
        elements = 1
        if node.selection_set is not None:
            is_list = definition is not None and is_list_type(get_nullable_type(definition.type))
            own = None if definition is None else _elements(node, definition)
            named = None if definition is None else get_named_type(definition.type)
            around = None if is_list else own
            inner = place.within(named, elements=around, introspects=introspects)
            inside = self._selection(node.selection_set, inner)
            if is_list:
                elements = own or place.elements or DEFAULT_ELEMENTS
                return _one_deeper(inside, 1 + elements * (1 + inside.cost), introspects=introspects)
        return _one_deeper(inside, 1 + inside.cost, introspects=introspects)

    def _definition(self, node: FieldNode, place: _Place) -> GraphQLField | None:
        name = node.name.value
        known: Mapping[str, GraphQLField] = getattr(place.of, "fields", {})
        return _META_FIELDS.get(name) or known.get(name)


def _one_deeper(inside: _Measure, cost: int, *, introspects: bool) -> _Measure:
    if introspects:
        return _Measure(inside.depth, inside.introspection_depth + 1, cost)
    return _Measure(inside.depth + 1, inside.introspection_depth, cost)


def _elements(node: FieldNode, definition: GraphQLField) -> int | None:
    """Return how many elements the arguments of a field ask for, None where none of them says."""
    given = {argument.name.value: argument for argument in node.arguments or ()}
    asked = []
    for name, argument in definition.args.items():
        if name == "limit":
            asked.append(_asked(given.get(name), otherwise=_default(argument)))
        elif _says_limit(get_named_type(argument.type)):
            asked.append(_asked(given.get(name), otherwise=MAX_LIMIT))
    return max(asked, default=None)


def _default(argument: GraphQLArgument) -> int:
    default = argument.default
    literal = None if default is None else default.literal
    return int(literal.value) if isinstance(literal, IntValueNode) else DEFAULT_LIMIT


def _says_limit(of: GraphQLNamedType, depth: int = 3) -> bool:
    """Return whether an input type has a `limit`, or one within it has."""
    if not isinstance(of, GraphQLInputObjectType) or not depth:
        return False
    return "limit" in of.fields or any(
        _says_limit(get_named_type(each.type), depth - 1) for each in of.fields.values()
    )


def _asked(argument: ArgumentNode | None, *, otherwise: int) -> int:
    said = [] if argument is None else list(_limits_in(argument, named=argument.name.value == "limit"))
    return max(1, min(max(said, default=otherwise), MAX_LIMIT))


def _limits_in(node: ArgumentNode | ObjectFieldNode, *, named: bool) -> Iterator[int]:
    value = node.value
    if isinstance(value, VariableNode):
        yield MAX_LIMIT
    elif named and isinstance(value, IntValueNode):
        yield int(value.value) if len(value.value) < _MANY_DIGITS else MAX_LIMIT
    elif isinstance(value, ObjectValueNode):
        for each in value.fields:
            yield from _limits_in(each, named=each.name.value == "limit")
