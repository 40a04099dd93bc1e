"""The file that a backfill goes on from."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NoReturn

import pytest

from barycenter_jobs.core.parts import Part
from console.cli import resume_file
from console.cli.resume_file import Resume

RESUME = Resume("arn:aws:dynamodb:eu-west-1:1:table/sessions", "7f3b", 16, 4, frozenset({1}))


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    path = tmp_path / "in" / "a" / "new" / "folder"

    resume_file.write(path, RESUME)

    assert resume_file.read(path) == RESUME
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    assert resume_file.read(tmp_path / "nothing") is None


def test_the_segments_that_are_left_come_in_their_order() -> None:
    assert RESUME.left() == [Part(0, 4), Part(2, 4), Part(3, 4)]
    assert RESUME.having_done(Part(0, 4)).left() == [Part(2, 4), Part(3, 4)]


def test_it_is_complete_with_its_last_segment() -> None:
    almost = RESUME.having_done(Part(0, 4)).having_done(Part(2, 4))

    assert not almost.is_complete
    assert almost.having_done(Part(3, 4)).is_complete


@pytest.mark.parametrize(("owner", "function"), [(os, "fsync"), (Path, "replace")])
def test_a_write_that_is_cut_short_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: object, function: str
) -> None:
    path = tmp_path / "resume.json"
    resume_file.write(path, RESUME)

    def die(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(owner, function, die)
    with pytest.raises(KeyboardInterrupt):
        resume_file.write(path, RESUME.having_done(Part(0, 4)))

    assert resume_file.read(path) == RESUME
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("platform", "environment", "folder"),
    [
        ("linux", {}, ".local/state/barycenter-jobs"),
        ("linux", {"XDG_STATE_HOME": ""}, ".local/state/barycenter-jobs"),
        ("linux", {"XDG_STATE_HOME": "not/absolute"}, ".local/state/barycenter-jobs"),
        ("darwin", {}, "Library/Application Support/barycenter-jobs"),
        ("win32", {}, "AppData/Local/barycenter-jobs"),
    ],
)
def test_state_is_kept_where_the_platform_keeps_it(
    platform: str, environment: dict[str, str], folder: str
) -> None:
    assert resume_file.state_folder(environment, platform) == Path.home() / folder


def test_state_is_kept_where_the_environment_says() -> None:
    folders = [
        resume_file.state_folder({"XDG_STATE_HOME": "/var/state"}, "linux"),
        resume_file.state_folder({"LOCALAPPDATA": "/var/state"}, "win32"),
    ]

    assert folders == [Path("/var/state/barycenter-jobs")] * 2


def test_tables_of_one_name_have_files_of_their_own() -> None:
    assert [
        resume_file.default_path("sessions", table_id, {"XDG_STATE_HOME": "/s"}, "linux").name
        for table_id in ("7f3bd9a0-1", "0c11aa22-2")
    ] == ["backfill-sessions-7f3bd9a0.json", "backfill-sessions-0c11aa22.json"]
