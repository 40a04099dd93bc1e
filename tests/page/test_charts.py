"""Charts of a job over a span of time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.page import scenes
from tests.page.conftest import Sit
from tests.page.server import Scripted, scripted

TOKENS = "#/jobs/cleanup_expired_refresh_tokens"
BARS = "document.querySelectorAll('.chart.records .bar').length"


@pytest.fixture(scope="module")
def failing() -> Iterator[Scripted]:
    with scripted(scenes.failing(hours=24 * 31).operations) as server:
        yield server


@pytest.mark.parametrize(
    ("span", "least", "most"), [("1h", 1, 4), ("24h", 20, 32), ("7d", 80, 170), ("30d", 100, 200)]
)
def test_a_range_shows_the_runs_in_it(sit: Sit, failing: Scripted, span: str, least: int, most: int) -> None:
    person = sit(failing.address)
    person.visit(f"{TOKENS}?range={span}")

    person.wait_for(f"{BARS} >= {least}")
    assert person.page.evaluate(BARS) <= most


def test_failures_are_marked_on_every_chart(sit: Sit, failing: Scripted) -> None:
    person = sit(failing.address)
    person.visit(f"{TOKENS}?range=24h")
    person.wait_for(f"{BARS} > 0")

    marked = person.page.evaluate(
        "[...document.querySelectorAll('.chart')].map((chart) => chart.querySelectorAll('.failure').length)"
    )
    assert len(marked) == 3
    assert min(marked) == max(marked) >= 3
    assert "Backlog left" in person.text("main")
    assert "Duration" in person.text("main")


def test_a_months_runs_of_the_busiest_job_are_read_page_by_page(sit: Sit, failing: Scripted) -> None:
    person = sit(failing.address)
    failing.asked.clear()
    person.visit("#/jobs/cleanup_expired_challenges?range=30d")
    person.wait_for(f"{BARS} > 100")

    assert failing.asked.count("History") == 9
    assert "8,6" in person.page.evaluate(
        "document.querySelector('.chart.records').getAttribute('aria-label')"
    )


def test_a_range_is_chosen_with_a_click_and_stands_in_the_address(sit: Sit, failing: Scripted) -> None:
    person = sit(failing.address)
    person.visit(TOKENS)
    person.clicks("7 d")
    person.wait_for(f"{BARS} > 80")

    assert person.view() == f"{TOKENS}?range=7d"


def test_a_custom_range_ends_when_it_is_told_to(sit: Sit, failing: Scripted) -> None:
    person = sit(failing.address)
    until = scenes.clock() - timedelta(days=2)
    since = until - timedelta(hours=6)
    person.visit(f"{TOKENS}?since={since:%Y-%m-%dT%H:%M}:00Z&until={until:%Y-%m-%dT%H:%M}:00Z")
    person.wait_for(f"{BARS} > 0")

    assert person.page.evaluate(BARS) == 6
    values = person.page.evaluate("[...document.querySelectorAll('input')].map((input) => input.value)")
    assert values == [f"{since:%Y-%m-%dT%H:%M}", f"{until:%Y-%m-%dT%H:%M}"]


def test_pointing_at_a_chart_tells_what_was_there_and_a_click_opens_it(sit: Sit, failing: Scripted) -> None:
    person = sit(failing.address)
    person.visit(f"{TOKENS}?range=24h")
    person.wait_for(f"{BARS} > 0")
    x, y = person.page.evaluate("""(() => {
      const box = document.querySelector('.chart.records .bar').getBoundingClientRect();
      return [box.left + 2, box.top - 5];
    })()""")

    person.points_at_place(x, y)
    person.sees("Run #", ".tooltip")
    assert "deleted" in person.text(".tooltip")
    person.clicks_at_place(x, y)
    person.sees("Run #", "h1")


def test_a_chart_is_read_with_the_keyboard_and_as_a_table(sit: Sit, failing: Scripted) -> None:
    person = sit(failing.address)
    person.visit(f"{TOKENS}?range=24h")
    person.wait_for(f"{BARS} > 0")
    person.page.evaluate("document.querySelector('.chart.durations').focus()")
    summary = person.focused()
    person.presses("ArrowLeft")
    newest = person.focused()

    assert summary.startswith("Duration of cleanup_expired_refresh_tokens from")
    assert "failure" in newest
    assert newest != summary
    person.clicks("The same as a table", "summary")
    person.sees("Longest", ".charts table")


def test_a_range_without_runs_says_so(sit: Sit, failing: Scripted) -> None:
    person = sit(failing.address)
    person.visit(f"{TOKENS}?since=2020-01-01T00:00:00Z&until=2020-01-02T00:00:00Z")

    person.sees("cleanup_expired_refresh_tokens has no run in this range")
