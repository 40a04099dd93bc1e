"""The pictures of docs/cli.md show what the commands show."""

from __future__ import annotations

import runpy

import pytest

from console.checkout import REPOSITORY

FOLDER = REPOSITORY / "docs" / "pictures"


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    pictures: dict[str, str] = runpy.run_path(str(FOLDER / "make_cli_pictures.py"))["pictures"]()
    return pictures


@pytest.mark.parametrize("name", ["cli_jobs.svg", "cli_logs.svg", "cli_doctor.svg", "cli_run.svg"])
def test_a_picture_is_what_its_script_makes(made: dict[str, str], name: str) -> None:
    assert set(made) == {path.name for path in FOLDER.glob("cli_*.svg")}
    assert made[name] == (FOLDER / name).read_text()
    assert "@font-face" not in made[name]
