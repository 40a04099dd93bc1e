"""EventBridge's cron expressions: what they accept, how the API shows them, when they are due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from barycenter_jobs.core.errors import InvalidSchedule
from barycenter_jobs.core.schedules import Schedule, next_due, parse, previous_due, six_fields
from tests.unit.cron_oracle import MONTHS, WEEKDAYS, fires, minutes_that_fire

SATURDAY = datetime(2026, 2, 14, 12, 0, tzinfo=UTC)


def due_times(expression: str, after: datetime, count: int) -> list[str]:
    """The next times after an instant, in text that fits on a line."""
    schedule, times = parse(expression), list[str]()
    for _ in range(count):
        due = next_due(schedule, after)
        if due is None:
            break
        times.append(f"{due:%Y-%m-%d %H:%M}")
        after = due
    return times


# ---- What every wildcard means: the examples of the EventBridge user guide, and one for each of its rules


@pytest.mark.parametrize(
    ("expression", "times"),
    [
        ("cron(0 10 * * ? *)", ["2026-02-15 10:00", "2026-02-16 10:00"]),
        ("cron(15 12 * * ? *)", ["2026-02-14 12:15", "2026-02-15 12:15"]),
        ("cron(0 18 ? * MON-FRI *)", ["2026-02-16 18:00", "2026-02-17 18:00"]),
        ("cron(0 8 1 * ? *)", ["2026-03-01 08:00", "2026-04-01 08:00"]),
        (
            "cron(0/15 * * * ? *)",
            ["2026-02-14 12:15", "2026-02-14 12:30", "2026-02-14 12:45", "2026-02-14 13:00"],
        ),
        ("cron(0/10 * ? * MON-FRI *)", ["2026-02-16 00:00", "2026-02-16 00:10"]),
        ("cron(0/5 8-17 ? * MON-FRI *)", ["2026-02-16 08:00", "2026-02-16 08:05"]),
        ("cron(0/30 20-2 ? * MON-FRI *)", ["2026-02-16 00:00", "2026-02-16 00:30", "2026-02-16 01:00"]),
        (
            "cron(1/10 * * * ? *)",
            ["2026-02-14 12:01", "2026-02-14 12:11", "2026-02-14 12:21", "2026-02-14 12:31"],
        ),
        ("cron(5,25,5 12,13 * * ? *)", ["2026-02-14 12:05", "2026-02-14 12:25", "2026-02-14 13:05"]),
        ("cron(0 0 1 JAN,FEB,MAR ? *)", ["2026-03-01 00:00", "2027-01-01 00:00", "2027-02-01 00:00"]),
        ("cron(0 0 1-15 * ? *)", ["2026-02-15 00:00", "2026-03-01 00:00"]),
        ("cron(0 0 7 * ? *)", ["2026-03-07 00:00", "2026-04-07 00:00"]),
        ("cron(0 0 L * ? *)", ["2026-02-28 00:00", "2026-03-31 00:00", "2026-04-30 00:00"]),
        ("cron(0 0 ? * L *)", ["2026-02-21 00:00", "2026-02-28 00:00"]),
        ("cron(15 10 ? * 6L *)", ["2026-02-27 10:15", "2026-03-27 10:15", "2026-04-24 10:15"]),
        ("cron(15 10 ? * FRIL *)", ["2026-02-27 10:15", "2026-03-27 10:15"]),
        ("cron(0 0 3W * ? *)", ["2026-03-03 00:00", "2026-04-03 00:00", "2026-05-04 00:00"]),
        ("cron(0 0 ? * 3#2 *)", ["2026-03-10 00:00", "2026-04-14 00:00"]),
        ("cron(0 0 ? * TUE#5 *)", ["2026-03-31 00:00", "2026-06-30 00:00"]),
        (
            "cron(10-20/5 12 * * ? *)",
            ["2026-02-14 12:10", "2026-02-14 12:15", "2026-02-14 12:20", "2026-02-15 12:10"],
        ),
        ("cron(0 0 ? * FRI-MON *)", ["2026-02-15 00:00", "2026-02-16 00:00", "2026-02-20 00:00"]),
        ("cron(0 0 1 NOV-FEB ? *)", ["2026-11-01 00:00", "2026-12-01 00:00", "2027-01-01 00:00"]),
        ("cron(0 0 1 1 ? 2027-2028,2031)", ["2027-01-01 00:00", "2028-01-01 00:00", "2031-01-01 00:00"]),
        ("cron(0 0 1 1 ? 2026/4)", ["2030-01-01 00:00", "2034-01-01 00:00"]),
    ],
)
def test_a_wildcard_means_what_the_eventbridge_user_guide_says(expression: str, times: list[str]) -> None:
    assert due_times(expression, SATURDAY, len(times)) == times


@pytest.mark.parametrize(
    ("expression", "times"),
    [
        (
            "cron(0 0 1W * ? *)",
            ["2026-08-03 00:00"],
        ),  # a Saturday moves on to Monday
        ("cron(0 0 31W * ? *)", ["2026-07-31 00:00", "2026-08-31 00:00", "2026-10-30 00:00"]),
        ("cron(0 0 30W * ? *)", ["2026-07-30 00:00", "2026-08-31 00:00", "2026-09-30 00:00"]),
    ],
)
def test_the_weekday_nearest_to_a_day_stays_in_its_month(expression: str, times: list[str]) -> None:
    assert due_times(expression, datetime(2026, 7, 2, tzinfo=UTC), len(times)) == times


def test_the_weekday_nearest_to_a_sunday_that_ends_a_month_is_the_friday_before() -> None:
    assert due_times("cron(0 0 31W 5 ? *)", SATURDAY, 1) == ["2026-05-29 00:00"]


def test_names_and_wildcards_may_be_in_lower_case() -> None:
    assert due_times("cron(0 0 ? jul fril *)", SATURDAY, 1) == due_times(
        "cron(0 0 ? JUL FRIL *)", SATURDAY, 1
    )
    assert due_times("cron(0 0 l * ? *)", SATURDAY, 1) == due_times("cron(0 0 L * ? *)", SATURDAY, 1)


def test_white_space_around_fields_does_not_matter() -> None:
    assert due_times(" cron( 0  10\t* * ? * ) ", SATURDAY, 1) == ["2026-02-15 10:00"]


# ---- What is refused, and in which words


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "0 * * * ? *",
        "rate(5 minutes)",
        "cron(0 * * * ? *",
        "CRON(0 * * * ? *)",
        "cron(\N{ARABIC-INDIC DIGIT THREE} * * * ? *)",
    ],
)
def test_what_is_no_cron_expression_is_told_the_form_of_one(expression: str) -> None:
    with pytest.raises(InvalidSchedule) as refusal:
        parse(expression)

    assert str(refusal.value) == (
        f"{expression!r} is not of the form cron(minutes hours day month weekday year)"
    )


@pytest.mark.parametrize("expression", ["cron(0 * * * * *)", "cron(0 * ? * ? *)", "cron(0 * 1 * MON *)"])
def test_exactly_one_of_the_two_day_fields_must_be_left_open(expression: str) -> None:
    with pytest.raises(InvalidSchedule) as refusal:
        parse(expression)

    assert str(refusal.value) == f"{expression!r} needs ? in exactly one of day of month and day of week"


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        (
            "rate(5 minutes)",
            "'rate(5 minutes)' is not of the form cron(minutes hours day month weekday year)",
        ),
        (
            "cron(0 * * * ? *",
            "'cron(0 * * * ? *' is not of the form cron(minutes hours day month weekday year)",
        ),
        (
            "cron(\N{ARABIC-INDIC DIGIT THREE} * * * ? *)",
            "'cron(٣ * * * ? *)' is not of the form cron(minutes hours day month weekday year)",
        ),
        ("cron()", "'cron()' has 0 fields, six are needed"),
        ("cron(0 * * * *)", "'cron(0 * * * *)' has 5 fields, six are needed"),
        ("cron(0 0 * * * ? *)", "'cron(0 0 * * * ? *)' has 7 fields, six are needed"),
        (
            "cron(0 * 1 * MON *)",
            "'cron(0 * 1 * MON *)' needs ? in exactly one of day of month and day of week",
        ),
        ("cron(60 * * * ? *)", "'60' is not a minute from 0 to 59"),
        ("cron(-1 * * * ? *)", "'' is not a minute from 0 to 59"),
        ("cron(? * * * ? *)", "'?' is not a minute from 0 to 59"),
        ("cron(1,,2 * * * ? *)", "'' is not a minute from 0 to 59"),
        ("cron(0 24 * * ? *)", "'24' is not a hour from 0 to 23"),
        ("cron(0 0 0 * ? *)", "'0' is not a day of month from 1 to 31"),
        ("cron(0 0 32 * ? *)", "'32' is not a day of month from 1 to 31"),
        ("cron(0 0 32W * ? *)", "'32' is not a day of month from 1 to 31"),
        ("cron(0 0 LW * ? *)", "'LW' is not a day of month from 1 to 31"),
        ("cron(0 0 1,L * ? *)", "'L' is not a day of month from 1 to 31"),
        ("cron(0 0 1 0 ? *)", "'0' is not a month from 1 to 12"),
        ("cron(0 0 1 13 ? *)", "'13' is not a month from 1 to 12"),
        ("cron(0 0 1 JULY ? *)", "'JULY' is not a month from 1 to 12"),
        ("cron(0 0 ? * 0 *)", "'0' is not a day of week from 1 to 7"),
        ("cron(0 0 ? * 8 *)", "'8' is not a day of week from 1 to 7"),
        ("cron(0 0 ? * 8#1 *)", "'8' is not a day of week from 1 to 7"),
        ("cron(0 0 ? * 3#6 *)", "'3#6' is not a day of week from 1 to 7"),
        ("cron(0 0 ? * 3#1,6#3 *)", "'3#1' is not a day of week from 1 to 7"),
        ("cron(0 0 ? * 3W *)", "'3W' is not a day of week from 1 to 7"),
        ("cron(0 0 1 1 ? 1969)", "'1969' is not a year from 1970 to 2199"),
        ("cron(0 0 1 1 ? 2200)", "'2200' is not a year from 1970 to 2199"),
        ("cron(0 0 1 1 ? 2030-2020)", "'2030-2020' ends before it starts in its year field"),
        ("cron(0/0 * * * ? *)", "'0/0' has no step of 1 or more in its minute field"),
        ("cron(0/ * * * ? *)", "'0/' has no step of 1 or more in its minute field"),
        ("cron(*/x * * * ? *)", "'*/x' has no step of 1 or more in its minute field"),
        ("cron(/5 * * * ? *)", "'' is not a minute from 0 to 59"),
        ("cron(*-5 * * * ? *)", "'*' is not a minute from 0 to 59"),
        ("cron(1-2-3 * * * ? *)", "'2-3' is not a minute from 0 to 59"),
    ],
)
def test_an_expression_that_eventbridge_rejects_is_refused_in_clear_words(
    expression: str, message: str
) -> None:
    with pytest.raises(InvalidSchedule) as refusal:
        parse(expression)

    assert str(refusal.value) == message


def test_a_number_of_any_length_is_refused_in_the_same_words() -> None:
    with pytest.raises(InvalidSchedule, match="is not a minute from 0 to 59"):
        parse(f"cron({'1' * 5000} * * * ? *)")


@settings(deadline=None)
@given(st.text(alphabet="0123456789,-*?/LW#cronSUNJAN() ", max_size=40) | st.text(max_size=40))
def test_any_other_text_is_refused_as_an_invalid_schedule_or_has_a_next_time(text: str) -> None:
    for expression in (text, f"cron({text})"):
        try:
            schedule = parse(expression)
        except InvalidSchedule:
            continue
        due = next_due(schedule, SATURDAY)
        assert due is None or due > SATURDAY
        assert six_fields(schedule).startswith("0 ")


# ---- The six-field form


@pytest.mark.parametrize(
    ("expression", "shown"),
    [
        # The four jobs and the reference table of Barycenter's job scheduling document.
        ("cron(0 * * * ? *)", "0 0 * * * *"),
        ("cron(30 * * * ? *)", "0 30 * * * *"),
        ("cron(0/5 * * * ? *)", "0 */5 * * * *"),
        ("cron(45 * * * ? *)", "0 45 * * * *"),
        ("cron(0/15 * * * ? *)", "0 */15 * * * *"),
        ("cron(0 0/2 * * ? *)", "0 0 */2 * * *"),
        ("cron(0 0 * * ? *)", "0 0 0 * * *"),
        ("cron(0 3 * * ? *)", "0 0 3 * * *"),
        ("cron(0 0 ? * 2 *)", "0 0 0 * * 1"),
        ("cron(0 0 ? * MON *)", "0 0 0 * * 1"),
        # Days of the week move from 1-7 to 0-6, and names become numbers.
        ("cron(0 0 ? * 1-7 *)", "0 0 0 * * 0-6"),
        ("cron(0 0 ? * SUN,sat *)", "0 0 0 * * 0,6"),
        ("cron(0 18 ? * MON-FRI *)", "0 0 18 * * 1-5"),
        ("cron(0 0 ? * 3#2 *)", "0 0 0 * * 2#2"),
        ("cron(0 0 ? * TUE#2 *)", "0 0 0 * * 2#2"),
        ("cron(0 0 ? * 6L *)", "0 0 0 * * 5L"),
        ("cron(0 0 ? * friL *)", "0 0 0 * * 5L"),
        ("cron(0 0 ? * L *)", "0 0 0 * * 6"),
        ("cron(0 0 1 JUL ? *)", "0 0 0 1 7 *"),
        ("cron(0 0 1 JAN-MAR,jul ? *)", "0 0 0 1 1-3,7 *"),
        # A step from the first value is a step over all of them; one from elsewhere stays.
        ("cron(*/5 * * * ? *)", "0 */5 * * * *"),
        ("cron(1/10 * * * ? *)", "0 1/10 * * * *"),
        ("cron(10-20/5 * * * ? *)", "0 10-20/5 * * * *"),
        ("cron(0 0 1/7 1/3 ? *)", "0 0 0 */7 */3 *"),
        ("cron(00 05 01 02 ? *)", "0 0 5 1 2 *"),
        ("cron(0 0 L * ? *)", "0 0 0 L * *"),
        ("cron(0 0 15w * ? *)", "0 0 0 15W * *"),
        ("cron(0 0 ? * * *)", "0 0 0 * * *"),
        # A year has no place among six fields; it follows them.
        ("cron(0 0 1 1 ? 2027)", "0 0 0 1 1 * 2027"),
        ("cron(0 0 1 1 ? 2026-2030/2)", "0 0 0 1 1 * 2026-2030/2"),
    ],
)
def test_the_api_shows_a_schedule_in_six_fields(expression: str, shown: str) -> None:
    assert six_fields(parse(expression)) == shown


# ---- When it is due


def test_the_schedules_of_the_four_jobs_are_staggered_as_documented() -> None:
    schedules = {
        "cleanup_expired_sessions": parse("cron(0 * * * ? *)"),
        "cleanup_expired_refresh_tokens": parse("cron(30 * * * ? *)"),
        "cleanup_expired_challenges": parse("cron(0/5 * * * ? *)"),
        "cleanup_expired_device_codes": parse("cron(45 * * * ? *)"),
    }

    runs: dict[str, set[str]] = {}
    for job_name, schedule in schedules.items():
        due = next_due(schedule, SATURDAY - timedelta(seconds=1))
        while due is not None and due < SATURDAY + timedelta(hours=1):
            runs.setdefault(f"{due:%M}", set()).add(job_name)
            due = next_due(schedule, due)

    challenges = "cleanup_expired_challenges"
    assert runs == {
        # "Every 5 minutes" includes minute 0, which the document's drawing leaves out.
        "00": {"cleanup_expired_sessions", challenges},
        "05": {challenges},
        "10": {challenges},
        "15": {challenges},
        "20": {challenges},
        "25": {challenges},
        "30": {"cleanup_expired_refresh_tokens", challenges},
        "35": {challenges},
        "40": {challenges},
        "45": {"cleanup_expired_device_codes", challenges},
        "50": {challenges},
        "55": {challenges},
    }


def test_the_next_time_is_later_than_a_moment_that_is_itself_due() -> None:
    hourly = parse("cron(0 * * * ? *)")

    assert next_due(hourly, SATURDAY) == SATURDAY + timedelta(hours=1)
    assert next_due(hourly, SATURDAY - timedelta(microseconds=1)) == SATURDAY
    assert next_due(hourly, SATURDAY + timedelta(seconds=59)) == SATURDAY + timedelta(hours=1)


def test_the_previous_time_may_be_a_moment_that_is_itself_due() -> None:
    hourly = parse("cron(0 * * * ? *)")

    assert previous_due(hourly, SATURDAY) == SATURDAY
    assert previous_due(hourly, SATURDAY + timedelta(seconds=59)) == SATURDAY
    assert previous_due(hourly, SATURDAY - timedelta(microseconds=1)) == SATURDAY - timedelta(hours=1)


def test_a_leap_day_comes_every_four_years_but_not_in_2100() -> None:
    leap_day = "cron(0 0 29 2 ? *)"

    assert due_times(leap_day, SATURDAY, 2) == ["2028-02-29 00:00", "2032-02-29 00:00"]
    assert due_times(leap_day, datetime(2096, 3, 1, tzinfo=UTC), 1) == ["2104-02-29 00:00"]
    assert previous_due(parse(leap_day), SATURDAY) == datetime(2024, 2, 29, tzinfo=UTC)


def test_a_day_that_no_month_has_is_never_due() -> None:
    never = parse("cron(0 0 30 2 ? *)")

    assert next_due(never, SATURDAY) is None
    assert previous_due(never, SATURDAY) is None


def test_nothing_is_due_after_the_last_year() -> None:
    every_minute = parse("cron(* * * * ? *)")
    last = datetime(2199, 12, 31, 23, 59, tzinfo=UTC)

    assert next_due(every_minute, last - timedelta(seconds=1)) == last
    assert next_due(every_minute, last) is None
    assert previous_due(every_minute, last + timedelta(days=400)) == last


def test_nothing_was_due_before_the_first_year() -> None:
    every_minute = parse("cron(* * * * ? *)")
    first = datetime(1970, 1, 1, tzinfo=UTC)

    assert previous_due(every_minute, first) == first
    assert previous_due(every_minute, first - timedelta(microseconds=1)) is None
    assert next_due(every_minute, first - timedelta(days=400)) == first


def test_years_that_are_over_are_never_due_again() -> None:
    over = parse("cron(0 0 1 1 ? 2020-2025)")

    assert next_due(over, SATURDAY) is None
    assert previous_due(over, SATURDAY) == datetime(2025, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("hours", [-11.5, -5, 5.5, 14])
def test_a_moment_in_another_zone_is_understood_and_answered_in_utc(hours: float) -> None:
    daily = parse("cron(0 3 * * ? *)")
    elsewhere = SATURDAY.astimezone(timezone(timedelta(hours=hours)))

    due, previous = next_due(daily, elsewhere), previous_due(daily, elsewhere)

    assert due == datetime(2026, 2, 15, 3, tzinfo=UTC)
    assert previous == datetime(2026, 2, 14, 3, tzinfo=UTC)
    assert due.tzinfo is previous.tzinfo is UTC


# ---- Against an oracle that looks at every minute


def _field(first: int, last: int, names: tuple[str, ...] | None = None) -> st.SearchStrategy[str]:
    number = st.integers(first, last)
    value = number.map(str)
    if names is not None:
        value |= number.map(lambda chosen: names[chosen - first])
    span = st.tuples(value, value).map("-".join)
    step = st.integers(1, last).map(str)
    term = value | span | st.tuples(value | span | st.just("*"), step).map("/".join)
    return st.just("*") | st.lists(term, min_size=1, max_size=3).map(",".join)


MONTH = st.just("*") | _field(1, 12, MONTHS)
DAY_OF_MONTH = _field(1, 31) | st.just("L") | st.integers(1, 31).map(lambda day: f"{day}W")
WEEKDAY = st.integers(1, 7).map(str) | st.sampled_from(WEEKDAYS)
DAY_OF_WEEK = (
    _field(1, 7, WEEKDAYS)
    | st.just("L")
    | WEEKDAY.map(lambda day: f"{day}L")
    | st.tuples(WEEKDAY, st.integers(1, 5).map(str)).map("#".join)
)
YEAR = st.sampled_from(["*", "*", "*", "2026/3", "2024-2027", "2025,2028,2199", "1970-2199/2"])
DAYS = st.tuples(DAY_OF_MONTH, MONTH, st.just("?")) | st.tuples(st.just("?"), MONTH, DAY_OF_WEEK)
FIELDS = st.tuples(_field(0, 59), _field(0, 23), DAYS, YEAR).map(
    lambda drawn: [*drawn[:2], *drawn[2], drawn[3]]
)
INSTANTS = st.integers(1_703_462_400, 1_862_438_400).map(lambda second: datetime.fromtimestamp(second, UTC))


def parsed(fields: list[str]) -> Schedule:
    return parse(f"cron({' '.join(fields)})")


@settings(max_examples=25, deadline=None)
@given(FIELDS, INSTANTS)
def test_over_some_days_it_is_due_in_exactly_the_minutes_that_the_oracle_names(
    fields: list[str], instant: datetime
) -> None:
    schedule, first = parsed(fields), instant.replace(second=0, microsecond=0)
    busy = len(schedule.minutes) * len(schedule.hours) > 100
    end = first + (timedelta(hours=3) if busy else timedelta(days=4))
    expected = minutes_that_fire(fields, first, end, sunday=1)

    forwards, backwards = list[datetime](), list[datetime]()
    due = next_due(schedule, first - timedelta(seconds=1))
    while due is not None and due < end:
        forwards.append(due)
        due = next_due(schedule, due)
    due = previous_due(schedule, end - timedelta(seconds=1))
    while due is not None and due >= first:
        backwards.append(due)
        due = previous_due(schedule, due - timedelta(seconds=1))

    assert forwards == expected
    assert backwards[::-1] == expected


@settings(max_examples=50, deadline=None)
@given(DAYS, st.integers(1970, 2199))
def test_over_a_year_it_is_due_on_exactly_the_days_that_the_oracle_names(
    days: tuple[str, str, str], year: int
) -> None:
    fields = ["0", "0", *days, "*"]
    schedule = parsed(fields)

    for month in range(1, 13):
        first = datetime(year, month, 1, tzinfo=UTC)
        dates = [date for date in (first + timedelta(days=day) for day in range(31)) if date.month == month]
        assert schedule.days(year, month) == [date.day for date in dates if fires(fields, date, sunday=1)]


@settings(max_examples=25, deadline=None)
@given(FIELDS, INSTANTS)
def test_the_six_fields_mean_the_same_minutes(fields: list[str], instant: datetime) -> None:
    seconds, *shown = six_fields(parsed(fields)).split()
    if len(shown) == 5:
        shown.append("*")
    first = instant.replace(second=0, microsecond=0)
    end = first + timedelta(days=2)

    assert seconds == "0"
    assert minutes_that_fire(shown, first, end, sunday=0) == minutes_that_fire(fields, first, end, sunday=1)


@settings(deadline=None)
@given(FIELDS, INSTANTS)
def test_the_next_and_the_previous_time_enclose_an_instant_and_lead_to_each_other(
    fields: list[str], instant: datetime
) -> None:
    schedule = parsed(fields)
    previous, following = previous_due(schedule, instant), next_due(schedule, instant)

    if previous is not None:
        assert previous <= instant
        assert next_due(schedule, previous - timedelta(microseconds=1)) == previous
        assert next_due(schedule, previous) == following
    if following is not None:
        assert following > instant
        assert previous_due(schedule, following) == following
        assert previous_due(schedule, following - timedelta(microseconds=1)) == previous


@settings(deadline=None)
@given(FIELDS, st.lists(INSTANTS, min_size=2, max_size=5))
def test_a_later_instant_never_has_an_earlier_next_time(fields: list[str], instants: list[datetime]) -> None:
    schedule = parsed(fields)
    end_of_time = datetime(2200, 1, 1, tzinfo=UTC)
    due = [next_due(schedule, instant) or end_of_time for instant in sorted(instants)]

    assert all(earlier <= later for earlier, later in pairwise(due))
