"""What a backfill that was interrupted goes on from: a small file that names a table, and never a row."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import click

from barycenter_jobs.core.parts import Part, parts

_MOST_SEGMENTS = 1_000_000  # as many as DynamoDB allows


@dataclass(frozen=True, slots=True)
class Resume:
    """How far a backfill of one table has come: which of its `segments` are `done`."""

    table: str
    table_id: str
    shards: int
    segments: int
    done: frozenset[int] = frozenset()

    @property
    def is_complete(self) -> bool:
        """Whether nothing is left to do."""
        return len(self.done) == self.segments

    def left(self) -> list[Part]:
        """Return the segments that are still to be done, in their order."""
        return [segment for segment in parts(self.segments) if segment.number not in self.done]

    def having_done(self, segment: Part) -> Resume:
        """Return the same with one segment more."""
        return replace(self, done=self.done | {segment.number})


def default_path(
    table: str, table_id: str, environment: Mapping[str, str], platform: str = sys.platform
) -> Path:
    """Return where the resume file of a table is.

    Named after the table and the beginning of its id, since each account and region may have a `sessions`.
    """
    return state_folder(environment, platform) / f"backfill-{table}-{table_id[:8]}.json"


def state_folder(environment: Mapping[str, str], platform: str = sys.platform) -> Path:
    """Return the folder in which this user's programs keep their state on this platform.

    XDG Base Directory Specification; on macOS and Windows their own vendors' places.
    """
    home = Path.home()
    if platform == "darwin":
        base = home / "Library" / "Application Support"
    elif platform == "win32":
        base = Path(environment.get("LOCALAPPDATA") or home / "AppData" / "Local")
    else:
        named = Path(environment.get("XDG_STATE_HOME") or "")
        base = named if named.is_absolute() else home / ".local" / "state"
    return base / "barycenter-jobs"


def read(path: Path) -> Resume | None:
    """Return what the file says, None where there is none. Raises UsageError for any other file."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError):
        text = ""
    resume = _parsed(text)
    if resume is None:
        raise click.UsageError(
            f"{path} is no readable resume file. Name another one, or begin anew with --restart."
        )
    return resume


def write(path: Path, resume: Resume) -> None:
    """Put this into the file, wholly or not at all, whenever the machine may stop.

    Raises ClickException where that is not possible.
    """
    text = json.dumps(
        {
            "table": resume.table,
            "table_id": resume.table_id,
            "shards": resume.shards,
            "segments": resume.segments,
            "done": sorted(resume.done),
        }
    )
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text + "\n")
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            with suppress(FileNotFoundError):
                Path(name).unlink()
            raise
    except OSError as error:
        raise click.ClickException(f"Cannot write the resume file {path}: {error.strerror}.") from None


def remove(path: Path) -> None:
    """Delete the file, if there is one. Raises ClickException where that is not possible."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise click.ClickException(f"Cannot delete the resume file {path}: {error.strerror}.") from None


def _parsed(text: str) -> Resume | None:
    try:
        content = json.loads(text)
    except ValueError:
        return None
    match content:
        case {
            "table": str(table),
            "table_id": str(table_id),
            "shards": int(shards),
            "segments": int(segments),
            "done": list(done),
        } if 0 < segments <= _MOST_SEGMENTS and all(
            isinstance(number, int) and 0 <= number < segments for number in done
        ):
            return Resume(table, table_id, shards, segments, frozenset(done))
    return None
