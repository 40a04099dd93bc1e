"""What `pip install .` brings."""

from __future__ import annotations

import re
import tomllib

import pytest
from packaging.requirements import Requirement

from console.checkout import REPOSITORY

PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
REQUIREMENTS = REPOSITORY / "requirements"


def named_in(name: str) -> set[str]:
    lines = (REQUIREMENTS / name).read_text().splitlines()
    return {line for line in lines if line and not line.startswith(("#", "-r"))}


def test_it_depends_on_what_the_checkout_uses() -> None:
    dependencies = {Requirement(text).name for text in PROJECT["project"]["dependencies"]}

    assert dependencies == named_in("local.in") | named_in("functions.in")


@pytest.mark.parametrize("text", PROJECT["project"]["dependencies"])
def test_a_dependency_allows_the_version_that_is_tested(text: str) -> None:
    requirement = Requirement(text)
    locked = re.search(rf"^{requirement.name}==(\S+)", (REQUIREMENTS / "local.txt").read_text(), re.MULTILINE)

    assert locked is not None
    assert locked[1] in requirement.specifier


def test_the_packages_that_are_installed_are_all_there() -> None:
    packages = PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]

    assert [(REPOSITORY / package / "__init__.py").exists() for package in packages] == [True, True]


def test_the_api_is_described_in_the_package_itself() -> None:
    schema = REPOSITORY / "layers" / "jobs" / "barycenter_jobs" / "graphql" / "schema.graphql"

    assert schema.read_text() == (REPOSITORY / "graphql" / "schema.graphql").read_text()
