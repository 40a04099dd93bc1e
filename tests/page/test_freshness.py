"""The picture stays fresh by itself, gently, and says so when it is not."""

from __future__ import annotations

import re
import time
from datetime import timedelta

from barycenter_jobs.core.executions import Status
from barycenter_jobs.core.jobs import SESSIONS
from tests.page import scenes
from tests.page.conftest import Sit
from tests.page.server import scripted

HIDE = """(() => {
  Object.defineProperty(document, 'hidden', { configurable: true, get: () => %s });
  document.dispatchEvent(new Event('visibilitychange'));
})()"""


def test_new_runs_show_up_without_a_reload(sit: Sit) -> None:
    scene = scenes.calm(hours=3)
    with scripted(scene.operations) as server:
        person = sit(server.address)
        person.visit("#/log")
        person.sees("cleanup_expired_challenges")

        run = scene.ran(SESSIONS, scenes.clock(), deleted=4321)

        person.sees(f"#{run.id}", ".log")
        person.visit()
        again = scene.ran(SESSIONS, scenes.clock() + timedelta(milliseconds=1), deleted=1234)
        person.wait_for(f"document.querySelector('[data-run=\"{again.id}\"]')")
        person.sees("1,234 deleted", ".job:nth-child(1)")


def test_a_run_under_way_shows_how_far_it_is(sit: Sit) -> None:
    scene = scenes.calm(hours=3)
    execution = scene.running(SESSIONS, seconds_ago=30, deleted=1000)
    with scripted(scene.operations) as server:
        person = sit(server.address)
        person.visit()
        person.sees("1,000 deleted", ".note.is-running")

        scene.deleting(execution, 25_000)
        person.sees("25,000 deleted", ".note.is-running")
        person.clicks(f"Run #{execution.id}")
        person.sees("Running", "h1")
        scene.deleting(execution, 31_000)
        person.sees("Deleted 31,000")

        ended = scene.log.get(execution.id)
        assert ended is not None
        scene.log.finish(ended.finished(Status.SUCCESS, scenes.clock(), counts=ended.counts))
        person.sees("Succeeded", "h1")


def test_one_request_each_few_seconds_is_all_that_a_calm_page_asks(sit: Sit) -> None:
    with scripted(scenes.calm(hours=3).operations) as server:
        person = sit(server.address)
        person.visit()
        person.sees("healthy", "h1")
        time.sleep(1)
        server.asked.clear()

        time.sleep(10)

        assert set(server.asked) == {"Glance"}
        assert 1 <= len(server.asked) <= 3


def test_a_hidden_page_asks_nothing_and_asks_at_once_when_it_is_seen_again(sit: Sit) -> None:
    with scripted(scenes.calm(hours=3).operations) as server:
        person = sit(server.address)
        person.visit()
        person.sees("healthy", "h1")

        person.page.evaluate(HIDE % "true")
        time.sleep(1)
        server.asked.clear()
        time.sleep(7)
        hidden = list(server.asked)
        person.page.evaluate(HIDE % "false")
        person.until(lambda: "Glance" in server.asked, "a request at once")

        assert hidden == []


def test_the_page_says_since_when_it_is_stale_and_recovers(sit: Sit) -> None:
    with scripted(scenes.calm(hours=3).operations) as server:
        person = sit(server.address)
        person.visit()
        person.sees("healthy", "h1")

        server.up = False
        person.clicks("Live")
        person.sees("The server cannot be reached. What you see is from")
        told = person.text(".stale-bar")
        assert re.search(r"What you see is from \d\d:\d\d:\d\d UTC", told)
        person.until(lambda: "next try in" in person.text(".stale-bar"), "when it tries again")
        assert "Stale" in person.text(".freshness")
        assert "healthy" in person.text("h1")

        server.up = True
        person.clicks("Try now")
        person.sees_no("What you see is from")
        person.sees("Live", ".freshness")


def test_a_page_that_gets_no_answer_asks_less_and_less(sit: Sit) -> None:
    with scripted(scenes.calm(hours=3).operations) as server:
        person = sit(server.address)
        person.visit()
        person.sees("healthy", "h1")
        server.refuses = 503
        person.clicks("Live")
        person.sees("The server has trouble of its own (HTTP 503)")
        server.asked.clear()

        time.sleep(12)

        # Five seconds after the first failure, then ten after the second.
        assert len(server.asked) == 1


def test_a_server_that_never_answered_leaves_no_empty_page(sit: Sit) -> None:
    with scripted(scenes.empty().operations) as server:
        server.refuses = 403
        person = sit(server.address)
        person.visit()

        person.sees("There is nothing to show yet")
        person.sees("open this page through “barycenter-jobs proxy”")
