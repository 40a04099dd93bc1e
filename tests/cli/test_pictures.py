"""The pictures of docs/cli.md show what the commands show."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from xml.etree import ElementTree as ET

import pytest

from console.checkout import REPOSITORY

FOLDER = REPOSITORY / "docs" / "pictures"
NAMES = ["cli_jobs.svg", "cli_logs.svg", "cli_doctor.svg", "cli_run.svg", "cli_recording.svg"]
SVG = "{http://www.w3.org/2000/svg}"
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


@pytest.mark.parametrize("name", NAMES)
def test_a_picture_is_what_its_script_makes(made: dict[str, str], name: str) -> None:
    assert set(made) == {path.name for path in FOLDER.glob("cli_*.svg")}
    assert made[name] == (FOLDER / name).read_text()
    assert "@font-face" not in made[name]


@dataclass(frozen=True)
class Recording:
    """The recording of a terminal, as a browser plays it."""

    picture: ET.Element

    @property
    def styles(self) -> str:
        return str(self.picture.findtext(f"{SVG}style"))

    @property
    def seconds(self) -> float:
        return float(str(re.findall(r"animation:([0-9.]+)s", self.styles)[0]))

    def rows(self) -> list[tuple[str, float, float, str]]:
        """Return each line with its place, and since when and until when it is seen, in seconds."""
        seen = {
            name: (float(since) * self.seconds / 100, float(until) * self.seconds / 100)
            for name, since, until in re.findall(
                r"@keyframes (k\d+)\{.*?([0-9.]+)%\{visibility:visible\}([0-9.]+)%\{", self.styles
            )
        }
        rows = []
        for row in self.picture.iter(f"{SVG}text"):
            if name := row.get("style", "").removeprefix("animation-name:"):
                text = "".join(row.itertext()).replace("\N{NO-BREAK SPACE}", " ")
                rows.append((str(row.get("y")), *seen[name], text))
        return rows

    def screen(self, at: float) -> str:
        """Return what is seen so many seconds after the beginning."""
        seen = [(float(y), text) for y, since, until, text in self.rows() if since <= at < until]
        assert len({y for y, _ in seen}) == len(seen), "one line covers another"
        return "\n".join(text for _, text in sorted(seen))


@pytest.fixture(scope="module")
def recording() -> Recording:
    return Recording(ET.fromstring((FOLDER / "cli_recording.svg").read_text()))  # noqa: S314 - ours


def test_the_recording_shows_commands_being_typed_a_run_under_way_and_how_all_ended(
    recording: Recording,
) -> None:
    changes = sorted({since for _, since, _, _ in recording.rows()})
    screens = [recording.screen(at + 0.001) for at in changes]

    typed = "$ barycenter-jobs run sessions --wait"
    assert [each for each in screens if typed.startswith(each)] == [
        typed[:length] for length in range(2, len(typed) + 1)
    ]
    deleted = [
        int(number.replace(",", ""))
        for each in screens
        for number in re.findall(r" ([\d,]+) deleted \d", each)
    ]
    assert deleted == sorted(deleted)
    assert len(set(deleted)) > 4
    last = recording.screen(recording.seconds - 0.01)
    assert "Run 43 of cleanup_expired_sessions: success, 3,116 deleted, 4 became live, 8.4 s." in last
    assert "$ barycenter-jobs logs --limit 5" in last
    assert "$ barycenter-jobs health" in last
    assert " deleted 0:00" not in last


def test_who_wants_no_motion_sees_the_end_of_the_recording(recording: Recording) -> None:
    still = [
        "".join(row.itertext()).replace("\N{NO-BREAK SPACE}", " ")
        for row in recording.picture.iter(f"{SVG}text")
        if "e" in row.get("class", "").split()
    ]

    assert "@media(prefers-reduced-motion:reduce){.r{animation:none!important}}" in recording.styles
    assert "\n".join(still).splitlines() == recording.screen(recording.seconds - 0.01).splitlines()


def test_the_recording_is_small_and_needs_nothing_but_itself(recording: Recording) -> None:
    text = (FOLDER / "cli_recording.svg").read_text()

    assert len(text) < 100_000
    assert {element.tag.removeprefix(SVG) for element in recording.picture.iter()} == {
        *("svg", "title", "style", "rect", "circle", "text", "tspan"),
    }
    assert not re.findall(r"url\(|@import|href|127\.0\.0\.1:(?!8081)", text)
