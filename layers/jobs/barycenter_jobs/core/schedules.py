"""EventBridge cron expressions: parsing, the six-field form, and when one is due.

The rules are those of the EventBridge user guide, "Cron expressions": six fields (minutes, hours,
day of month, month, day of week, year) in UTC, `?` in exactly one of the two day fields, days of
the week counted 1 to 7 from Sunday, years 1970 to 2199.

The six-field form that the API shows is Barycenter's: second, minute, hour, day of month, month,
day of week, with days of the week counted 0 to 6 from Sunday.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from barycenter_jobs.core.errors import InvalidSchedule

_MONTHS = {
    name: number
    for number, name in enumerate(
        ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"], 1
    )
}
_WEEKDAYS = {name: number for number, name in enumerate(["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"], 1)}
_FIRST_YEAR, _LAST_YEAR = 1970, 2199
_NUMBER = re.compile("[0-9]{1,4}")


@dataclass(frozen=True)
class _Field:
    name: str
    first: int
    last: int
    names: dict[str, int] = field(default_factory=dict)

    def number(self, text: str) -> int:
        value = int(text) if _NUMBER.fullmatch(text) else self.names.get(text.upper())
        if value is None or not self.first <= value <= self.last:
            raise InvalidSchedule(f"{text!r} is not a {self.name} from {self.first} to {self.last}")
        return value

    def values(self, text: str) -> frozenset[int]:
        """Return what a comma-separated list of values, ranges and steps stands for."""
        return frozenset(value for term in text.split(",") for value in self._term(term))

    def _term(self, term: str) -> Iterator[int]:
        span, slash, step_text = term.partition("/")
        step = 1
        if slash:
            if not _NUMBER.fullmatch(step_text) or int(step_text) == 0:
                raise InvalidSchedule(f"{term!r} has no step of 1 or more in its {self.name} field")
            step = int(step_text)
        start_text, dash, end_text = span.partition("-")
        if span == "*":
            start, end = self.first, self.last
        elif dash:
            start, end = self.number(start_text), self.number(end_text)
        else:
            start = self.number(span)
            end = self.last if slash else start
        if end < start:  # FRI-MON goes round the end of the week; no year follows the last one
            if self.last == _LAST_YEAR:
                raise InvalidSchedule(f"{term!r} ends before it starts in its {self.name} field")
            end += self.last - self.first + 1
        for value in range(start, end + 1, step):
            yield (value - self.first) % (self.last - self.first + 1) + self.first


_MINUTES = _Field("minute", 0, 59)
_HOURS = _Field("hour", 0, 23)
_DAYS = _Field("day of month", 1, 31)
_MONTH = _Field("month", 1, 12, _MONTHS)
_WEEKDAY = _Field("day of week", 1, 7, _WEEKDAYS)
_YEARS = _Field("year", _FIRST_YEAR, _LAST_YEAR)


@dataclass(frozen=True)
class Schedule:
    """A parsed EventBridge cron expression. `expression` is the text it was parsed from."""

    expression: str
    minutes: tuple[int, ...] = field(repr=False)
    hours: tuple[int, ...] = field(repr=False)
    months: frozenset[int] = field(repr=False)
    years: frozenset[int] = field(repr=False)
    day_of_month: str = field(repr=False)
    day_of_week: str = field(repr=False)

    def days(self, year: int, month: int) -> list[int]:
        """Return the days of one month on which the schedule fires, in order."""
        if year not in self.years or month not in self.months:
            return []
        if self.day_of_month != "?":
            return _days_of_month(self.day_of_month, year, month)
        return _days_of_week(self.day_of_week, year, month)


def parse(expression: str) -> Schedule:
    """Return the schedule that `cron(...)` describes.

    Raises InvalidSchedule for an expression that EventBridge would reject, and for `rate(...)`:
    a rate counts from the moment its rule was created, which nobody can read off it.
    """
    match = re.fullmatch(r"cron\(([\t -~]*)\)", expression.strip())  # ASCII: int() also reads other digits
    if match is None:
        raise InvalidSchedule(f"{expression!r} is not of the form cron(minutes hours day month weekday year)")
    fields = match[1].split()
    if len(fields) != 6:  # noqa: PLR2004 - the six fields of the module's docstring
        raise InvalidSchedule(f"{expression!r} has {len(fields)} fields, six are needed")
    minutes, hours, day_of_month, month, day_of_week, year = fields
    if (day_of_month == "?") == (day_of_week == "?"):
        raise InvalidSchedule(f"{expression!r} needs ? in exactly one of day of month and day of week")
    schedule = Schedule(
        expression=expression.strip(),
        minutes=tuple(sorted(_MINUTES.values(minutes))),
        hours=tuple(sorted(_HOURS.values(hours))),
        months=_MONTH.values(month),
        years=_YEARS.values(year),
        day_of_month=day_of_month.upper(),
        day_of_week=day_of_week.upper(),
    )
    schedule.days(
        min(schedule.years), min(schedule.months)
    )  # reads the day field, or says what is wrong in it
    return schedule


def next_due(schedule: Schedule, after: datetime) -> datetime | None:
    """Return the first instant later than `after` at which `schedule` fires, in UTC.

    None means never again. `after` must be aware.
    """
    start = after.astimezone(UTC).replace(second=0, microsecond=0) + timedelta(minutes=1)
    for day in _dates_from(schedule, start.date()):
        from_hour, from_minute = (start.hour, start.minute) if day == start.date() else (0, 0)
        for hour in schedule.hours:
            for minute in schedule.minutes if hour >= from_hour else ():
                if hour > from_hour or minute >= from_minute:
                    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
    return None


def previous_due(schedule: Schedule, before: datetime) -> datetime | None:
    """Return the last instant not later than `before` at which `schedule` fired, in UTC.

    None means that it never had. `before` must be aware.
    """
    end = before.astimezone(UTC)
    for day in _dates_until(schedule, end.date()):
        for hour in reversed(schedule.hours):
            for minute in reversed(schedule.minutes):
                due = datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
                if due <= end:
                    return due
    return None


def six_fields(schedule: Schedule) -> str:
    """Return the schedule as Barycenter writes it, for example `0 */5 * * * *`.

    A year other than `*` follows as a seventh field, as tokio-cron-scheduler has it.
    """
    minutes, hours, day_of_month, month, day_of_week, year = schedule.expression[5:-1].split()
    shown = [
        "0",
        _shown(minutes, _MINUTES),
        _shown(hours, _HOURS),
        _shown(day_of_month, _DAYS),
        _shown(month, _MONTH),
        _shown(day_of_week, _WEEKDAY, offset=-1),
    ]
    return " ".join(shown if year == "*" else [*shown, year])


def _shown(text: str, cron_field: _Field, offset: int = 0) -> str:
    if text == "?":
        return "*"

    def number(match: re.Match[str]) -> str:
        return str(cron_field.number(match[0]) + offset)

    terms = []
    for term in text.split(","):
        span, slash, step = term.partition("/")
        ordinal = re.fullmatch(r"(\w+)#(\d)", span)
        last = re.fullmatch(r"(\w+)L", span, re.IGNORECASE) if cron_field is _WEEKDAY else None
        if span.upper() == "L" and cron_field is _WEEKDAY:
            shown = str(_WEEKDAY.last + offset)  # the last day of the week, which six fields have no sign for
        elif span in ("*", "L", "l") or re.fullmatch(r"\d+W", span, re.IGNORECASE):
            shown = span.upper()
        elif ordinal:
            shown = f"{cron_field.number(ordinal[1]) + offset}#{ordinal[2]}"
        elif last:
            shown = f"{cron_field.number(last[1]) + offset}L"
        else:
            shown = re.sub(r"\w+", number, span)
            if slash and "-" not in span and cron_field.number(span) == cron_field.first:
                shown = "*"
        terms.append(shown + slash + step)
    return ",".join(terms)


def _days_of_month(text: str, year: int, month: int) -> list[int]:
    length = calendar.monthrange(year, month)[1]
    if text == "L":
        return [length]
    if nearest := re.fullmatch(r"(\d+)W", text):
        wanted = _DAYS.number(nearest[1])
        return [_nearest_weekday(year, month, wanted, length)] if wanted <= length else []
    return sorted(day for day in _DAYS.values(text) if day <= length)


def _nearest_weekday(year: int, month: int, day: int, length: int) -> int:
    # Never leaves the month: a Saturday the 1st moves forward to Monday the 3rd.
    weekday = date(year, month, day).weekday()
    if weekday == calendar.SATURDAY:
        return day - 1 if day > 1 else day + 2
    if weekday == calendar.SUNDAY:
        return day + 1 if day < length else day - 2
    return day


def _days_of_week(text: str, year: int, month: int) -> list[int]:
    if ordinal := re.fullmatch(r"(\w+)#([1-5])", text):
        days = _each(year, month, frozenset({_WEEKDAY.number(ordinal[1])}))
        return days[int(ordinal[2]) - 1 : int(ordinal[2])]
    if text == "L":  # the last day of the week
        return _each(year, month, frozenset({_WEEKDAY.last}))
    if last := re.fullmatch(r"(\w+)L", text):
        return _each(year, month, frozenset({_WEEKDAY.number(last[1])}))[-1:]
    return _each(year, month, _WEEKDAY.values(text))


def _each(year: int, month: int, weekdays: frozenset[int]) -> list[int]:
    length = calendar.monthrange(year, month)[1]
    return [day for day in range(1, length + 1) if (date(year, month, day).weekday() + 1) % 7 + 1 in weekdays]


def _dates_from(schedule: Schedule, first: date) -> Iterator[date]:
    for year in range(max(first.year, _FIRST_YEAR), _LAST_YEAR + 1):
        for month in range(1, 13):
            if (year, month) < (first.year, first.month):
                continue
            for day in schedule.days(year, month):
                if date(year, month, day) >= first:
                    yield date(year, month, day)


def _dates_until(schedule: Schedule, last: date) -> Iterator[date]:
    for year in range(min(last.year, _LAST_YEAR), _FIRST_YEAR - 1, -1):
        for month in range(12, 0, -1):
            if (year, month) > (last.year, last.month):
                continue
            for day in reversed(schedule.days(year, month)):
                if date(year, month, day) <= last:
                    yield date(year, month, day)
