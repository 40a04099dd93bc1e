"""One glance: how each job is, when it ran and runs next, and how its recent runs went."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from barycenter_jobs.core.jobs import JOBS
from tests.page import scenes
from tests.page.conftest import Sit
from tests.page.server import Scripted, scripted


@pytest.fixture(scope="module")
def failing() -> Iterator[Scripted]:
    with scripted(scenes.failing().operations) as server:
        yield server


def row(name: str) -> str:
    number = [job.name for job in JOBS].index(name) + 1
    return f".job:nth-child({number})"


def test_a_glance_tells_how_each_job_is(sit: Sit, failing: Scripted) -> None:
    person = sit(failing.address)
    person.visit()

    person.sees("One job is failing, one is paused, two are healthy", "h1")
    assert "Healthy" in person.text(row("cleanup_expired_sessions"))
    assert "Failing" in person.text(row("cleanup_expired_refresh_tokens"))
    assert scenes.THROTTLED in person.text(row("cleanup_expired_refresh_tokens"))
    paused = person.text(row("cleanup_expired_device_codes"))
    assert (
        "Paused by arn:aws:sts::123456789012:assumed-role/operator/bob 35 min ago: “moving the table”"
        in paused
    )
    assert "until resumed" in paused


def test_a_glance_tells_when_jobs_ran_and_how_well(sit: Sit, failing: Scripted) -> None:
    person = sit(failing.address)
    person.visit()

    for job in JOBS:
        told = person.text(row(job.name))
        assert re.search(
            r"Last run (\d+ (s|min|h) ago|just now) [\d.]+ (ms|s|min), [\d,.]+K? deleted", told
        ), told
        assert re.search(r"Success [\d.]+ %", told)
        assert re.search(r"p95 [\d.]+ (ms|s|min)", told)


def test_the_time_to_the_next_run_counts_down(sit: Sit, failing: Scripted) -> None:
    person = sit(failing.address)
    person.visit()

    def left() -> str:
        found = re.search(r"Next run in ([\d:]+)", person.text(row("cleanup_expired_sessions")))
        return found[1] if found else ""

    before = left()
    person.until(lambda: left() != before, "another time to the next run")


def test_a_strip_has_a_mark_for_each_recent_run(sit: Sit, failing: Scripted) -> None:
    person = sit(failing.address)
    person.visit()
    person.wait_for("document.querySelectorAll('.mark').length === 4 * 36")

    strip = f"{row('cleanup_expired_refresh_tokens')} .strip"
    failed = person.page.evaluate(f"document.querySelectorAll('{strip} .mark.is-error').length")
    signs = person.page.evaluate(f"document.querySelectorAll('{strip} .is-error .sign').length")
    heights = person.page.evaluate(
        f"[...document.querySelectorAll('{strip} .bar')].map((bar) => bar.getBBox().height)"
    )

    assert failed == signs >= 6
    # Failed attempts took four to six seconds; a cleanup at night, with little to do, well below one.
    assert heights[-1] > heights[-2] > heights[-3] > 2 * min(heights)


def test_pointing_at_a_mark_tells_of_its_run_and_a_click_opens_it(sit: Sit, failing: Scripted) -> None:
    person = sit(failing.address)
    person.visit()
    person.wait_for("document.querySelectorAll('.mark').length === 4 * 36")
    last = f"{row('cleanup_expired_refresh_tokens')} .mark:last-child"
    number = person.page.evaluate(f"document.querySelector('{last}').dataset.run")

    person.points_at(f"Run {number}", ".mark")
    person.sees(f"Failed #{number}", ".tooltip")
    assert "attempt 3" in person.text(".tooltip")
    assert scenes.THROTTLED in person.text(".tooltip")

    person.clicks(f"Run {number}", ".mark")
    person.sees(f"Run #{number}", "h1")


def test_the_arrow_keys_walk_along_a_strip(sit: Sit, failing: Scripted) -> None:
    person = sit(failing.address)
    person.visit()
    person.wait_for("document.querySelectorAll('.mark').length === 4 * 36")
    person.page.evaluate(
        f"document.querySelector('{row('cleanup_expired_sessions')} .mark:last-child').focus()"
    )
    newest = person.focused()

    person.presses("ArrowLeft")
    one_before = person.focused()
    person.presses("ArrowRight")

    assert one_before != newest == person.focused()
    person.presses("Home", "Enter")
    person.sees("Run #", "h1")


def test_before_the_first_run_the_page_says_what_to_do(sit: Sit) -> None:
    with scripted(scenes.empty().operations) as server:
        person = sit(server.address)
        person.visit()

        person.sees("All four jobs are waiting for a first run", "h1")
        person.sees("No job has run yet")
        person.sees("Choose Run… at a job")

        person.visit("#/log")
        person.sees("The log is empty")
