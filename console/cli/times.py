"""Times as operators write and read them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import click

_AGO = re.compile(r"(?P<count>\d{1,6})\s*(?P<unit>[smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DAYS = {"today": 0, "yesterday": 1}
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


@dataclass(frozen=True, slots=True)
class Moment:
    """A point of time as somebody wrote it: so long ago, so many midnights ago, or an instant.

    An `instant` without an offset is one of the zone in which times are shown.
    """

    ago: timedelta | None = None
    midnights_ago: int | None = None
    instant: datetime | None = None

    def at(self, now: datetime, *, utc: bool) -> datetime:
        """Return the instant that is meant, in UTC. Raises UsageError for one that no calendar has."""
        try:
            if self.ago is not None:
                return now - self.ago
            instant = self.instant
            if instant is None:
                today = now.astimezone(UTC if utc else None)
                day = today - timedelta(days=self.midnights_ago or 0)
                instant = day.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
            if instant.tzinfo is None and utc:
                instant = instant.replace(tzinfo=UTC)
            return instant.astimezone(UTC)
        except (OverflowError, ValueError, OSError):
            raise click.UsageError("A time is too far away. Give one of this century.") from None


class MomentType(click.ParamType[Moment]):
    """A time on the command line."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Moment:
        if isinstance(value, Moment):
            return value
        moment = _read(str(value).strip())
        if moment is None:
            self.fail(
                f"{value!r} is no time. Write 2h, 3d, today, 2026-02-14 or 2026-02-14T12:30Z.",
                param,
                ctx,
            )
        return moment


def _read(text: str) -> Moment | None:
    if text in _DAYS:
        return Moment(midnights_ago=_DAYS[text])
    if text == "now":
        return Moment(ago=timedelta())
    if match := _AGO.fullmatch(text.removesuffix(" ago")):
        return Moment(ago=timedelta(**{_UNITS[match["unit"]]: int(match["count"])}))
    try:
        return Moment(instant=datetime.fromisoformat(text)) if re.match(r"\d{4}-", text) else None
    except ValueError:
        return None


def iso(instant: datetime) -> str:
    """Return an instant as the API takes it: ISO 8601 in UTC."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def instant(text: str) -> datetime | None:
    """Return the instant that the API wrote, None for anything else."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return None


def duration(milliseconds: float | None) -> str:
    """Return a duration as a person reads it: 524 ms, 2.5 s, 5 min 0 s, 1 h 12 min."""
    if milliseconds is None:
        return ""
    seconds = milliseconds / 1000
    if seconds < 1:
        return f"{milliseconds:.0f} ms"
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"


def distance(to: datetime, now: datetime) -> str:
    """Return how far off an instant is, in one unit: in 3 min, 2 h ago, now."""
    seconds = (to - now).total_seconds()
    size = abs(seconds)
    if size < 1:
        return "now"
    units = ((_DAY * 2, _DAY, "d"), (_HOUR * 2, _HOUR, "h"), (_MINUTE, _MINUTE, "min"), (0, 1, "s"))
    count, unit = next((int(size // each), unit) for least, each, unit in units if size >= least)
    return f"in {count} {unit}" if seconds > 0 else f"{count} {unit} ago"
