"""The pictures of docs/cli.md show what the commands show."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from console.checkout import REPOSITORY

FOLDER = REPOSITORY / "docs" / "pictures"
# In a process of its own: rich remembers the colours that a style had on the first terminal of a process.
_MADE = """
import json, runpy, sys
print(json.dumps(runpy.run_path(sys.argv[1])["pictures"]()))
"""


@pytest.fixture(scope="module")
def made() -> dict[str, str]:
    script = str(FOLDER / "make_cli_pictures.py")
    environment = {**os.environ, "PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'layers' / 'jobs'}"}
    done = subprocess.run(
        [sys.executable, "-c", _MADE, script], env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    pictures: dict[str, str] = json.loads(done.stdout)
    return pictures


@pytest.mark.parametrize("name", ["cli_jobs.svg", "cli_logs.svg", "cli_doctor.svg", "cli_run.svg"])
def test_a_picture_is_what_its_script_makes(made: dict[str, str], name: str) -> None:
    assert set(made) == {path.name for path in FOLDER.glob("cli_*.svg")}
    assert made[name] == (FOLDER / name).read_text()
    assert "@font-face" not in made[name]
