"""What a cron expression means, said a second time and in the slowest way: does it fire in this minute?

It shares nothing with the code under test: it never parses, it only compares one minute with each field.
"""

from __future__ import annotations

import calendar
from datetime import datetime, timedelta
from functools import cache

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


def fires(fields: list[str], at: datetime, *, sunday: int) -> bool:
    """Return whether minutes, hours, day of month, month, day of week and year all take this minute.

    `sunday` is the number of Sundays: 1 in EventBridge's expressions, 0 in the six-field form.
    """
    minutes, hours, day_of_month, month, day_of_week, year = (text.upper() for text in fields)
    return (
        _takes(minutes, at.minute, 0, 59)
        and _takes(hours, at.hour, 0, 23)
        and _takes_day(day_of_month, at)
        and _takes(_numbered(month, MONTHS, 1), at.month, 1, 12)
        and _takes_weekday(_numbered(day_of_week, WEEKDAYS, sunday), at, sunday)
        and _takes(year, at.year, 1970, 2199)
    )


def minutes_that_fire(fields: list[str], first: datetime, end: datetime, *, sunday: int) -> list[datetime]:
    """Return every minute from `first` until before `end` in which the expression fires."""
    minutes = (first + timedelta(minutes=minute) for minute in range((end - first) // timedelta(minutes=1)))
    return [at for at in minutes if fires(fields, at, sunday=sunday)]


@cache
def _numbered(text: str, names: tuple[str, ...], first: int) -> str:
    for number, name in enumerate(names, first):
        text = text.replace(name, str(number))
    return text


@cache
def _takes(text: str, value: int, first: int, last: int) -> bool:
    return any(_takes_term(term, value, first, last) for term in text.split(","))


def _takes_term(term: str, value: int, first: int, last: int) -> bool:
    span, _, step = term.partition("/")
    if span in ("*", "?"):
        start, end = first, last
    elif "-" in span:
        start, end = map(int, span.split("-"))
    else:
        start, end = int(span), last if step else int(span)
    within = start <= value <= end if start <= end else value >= start or value <= end
    return within and (value - start) % (last - first + 1) % int(step or 1) == 0


def _takes_day(text: str, at: datetime) -> bool:
    if text == "L":
        return (at + timedelta(days=1)).month != at.month
    if text.endswith("W"):
        length = calendar.monthrange(at.year, at.month)[1]
        wanted = int(text[:-1])
        weekdays = [day for day in range(1, length + 1) if at.replace(day=day).isoweekday() <= 5]
        return wanted <= length and at.day == min(weekdays, key=lambda day: abs(day - wanted))
    return _takes(text, at.day, 1, 31)


def _takes_weekday(text: str, at: datetime, sunday: int) -> bool:
    weekday = at.isoweekday() % 7 + sunday
    if text == "L":
        return weekday == 6 + sunday
    if text.endswith("L"):
        return weekday == int(text[:-1]) and (at + timedelta(days=7)).month != at.month
    if "#" in text:
        wanted, ordinal = map(int, text.split("#"))
        return weekday == wanted and (at.day + 6) // 7 == ordinal
    return _takes(text, weekday, sunday, 6 + sunday)
