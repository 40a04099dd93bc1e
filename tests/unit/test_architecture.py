"""The arrows of the house: who may know whom."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[2] / "layers" / "jobs" / "barycenter_jobs"
FUNCTIONS = Path(__file__).parents[2] / "functions"
SDK = {"boto3", "botocore", "pynamodb", "aws_lambda_powertools", "types_boto3_dynamodb", "types_boto3_lambda"}

# A room may import from itself and from the rooms named here.
MAY_IMPORT = {
    "core": set(),
    "operations": {"core"},
    "adapters": {"core"},
    "bugs": set(),
    "http_messages": {"core"},
    "graphql": {"core", "operations", "http_messages", "bugs"},
    "rest": {"core", "operations", "http_messages", "bugs"},
    "web": {"core", "operations", "graphql", "rest", "http_messages"},
    "settings": {"core"},
    "invocations": {"core"},
    "bootstrap": {"core", "operations", "adapters", "settings"},
}


def room(path: Path) -> str:
    inside = path.relative_to(PACKAGE)
    return inside.parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """Return the names of the modules that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            found |= {f"{node.module}.{alias.name}" for alias in node.names} | {str(node.module)}
    return found


def rooms_known(path: Path) -> set[str]:
    ours = [name.split(".") for name in imports(path) if name.startswith("barycenter_jobs.")]
    return {parts[1] for parts in ours}


MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_room_knows_only_the_rooms_it_may(path: Path) -> None:
    assert rooms_known(path) <= MAY_IMPORT[room(path)] | {room(path)}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_only_adapters_and_the_ways_in_know_amazon(path: Path) -> None:
    if room(path) not in ("adapters", "web"):
        assert not {name.split(".")[0] for name in imports(path)} & SDK


@pytest.mark.parametrize("path", sorted((PACKAGE / "core").rglob("*.py")), ids=lambda path: path.name)
def test_the_core_reads_no_clock_and_no_environment(path: Path) -> None:
    calls = {
        f"{node.func.value.id}.{node.func.attr}"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
    }

    assert not {"os", "time", "random", "socket", "subprocess", "uuid"} & imports(path)
    assert not calls & {"datetime.now", "datetime.utcnow", "datetime.today", "date.today"}


def test_no_module_of_the_core_is_part_of_a_circle() -> None:
    known = {
        path.stem: {name.split(".")[2] for name in imports(path) if name.startswith("barycenter_jobs.core.")}
        for path in (PACKAGE / "core").glob("*.py")
        if path.stem != "__init__"
    }
    floors: list[set[str]] = []
    left = dict(known)
    while left:
        floor = {module for module, needs in left.items() if not needs & left.keys()}
        assert floor, f"these import each other: {sorted(left)}"
        floors.append(floor)
        left = {module: needs for module, needs in left.items() if module not in floor}

    assert len(floors) <= 7


@pytest.mark.parametrize("path", sorted(FUNCTIONS.rglob("*.py")), ids=lambda path: path.parent.name)
def test_a_function_is_one_thin_handler(path: Path) -> None:
    assert path.name == "app.py"
    assert len(path.read_text().splitlines()) <= 40
    assert rooms_known(path) <= {"bootstrap", "invocations", "core", "graphql", "web"}


def test_no_folder_is_a_drawer_for_odds_and_ends() -> None:
    names = {path.stem for path in PACKAGE.rglob("*")}

    assert not names & {"utils", "util", "common", "helpers", "misc"}
