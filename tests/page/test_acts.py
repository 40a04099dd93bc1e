"""Acting where one looks: an act confirms what happened and leads to its run, a refused one says why."""

from __future__ import annotations

import re

import pytest

from barycenter_jobs.core.executions import Status
from barycenter_jobs.core.jobs import SESSIONS
from tests.local_stack.processes import StackProcess
from tests.page import scenes
from tests.page.conftest import Sit
from tests.page.person import Person
from tests.page.server import scripted

TOKENS = ".job:nth-child(2)"


@pytest.fixture
def operator(sit: Sit, stack: StackProcess) -> Person:
    person = sit(stack.addresses["Ready"] + "/")
    person.visit()
    person.sees("cleanup_expired_sessions")
    return person


def test_a_dry_run_comes_first_shows_what_it_found_and_then_the_real_run_deletes_it(operator: Person) -> None:
    operator.clicks("Run cleanup_expired_device_codes now")
    operator.sees("A dry run deletes nothing", "dialog")
    operator.types("looking first")
    operator.clicks("Dry run first")
    operator.sees("Succeeded dry run", "dialog")
    told = operator.text("dialog")

    operator.clicks("Run for real")
    operator.sees("deleted in", "dialog")
    done = operator.text("dialog")

    # Demo rows go on expiring, so that a run may find a few more than the look before it.
    if found := re.search(r"would delete (\d+) rows?", told):
        deleted = re.search(r"(\d+) rows? deleted", done)
        assert deleted
        assert int(deleted[1]) >= int(found[1]) > 0
    else:
        assert "a run would delete no row" in told
    operator.clicks("Run #", "dialog a")
    operator.sees("Succeeded", "h1")
    operator.sees("Reason looking first")
    operator.sees("Started by arn:aws:iam::")


def test_pausing_and_resuming_are_confirmed_and_shown(operator: Person) -> None:
    operator.clicks("Pause cleanup_expired_refresh_tokens")
    operator.sees("does not run by itself", "dialog")
    operator.types("moving the table")
    operator.presses("Enter")
    operator.sees("cleanup_expired_refresh_tokens", ".toasts")
    operator.sees("Paused", f"{TOKENS} .badge")
    operator.sees("“moving the table”", TOKENS)

    operator.clicks("Resume cleanup_expired_refresh_tokens")
    operator.clicks("Resume", "dialog button")
    operator.sees_no("Paused", f"{TOKENS} .badge")
    operator.sees("in ", f"{TOKENS} .facts")


def test_cancelling_asks_once_more_and_links_to_the_run(sit: Sit) -> None:
    scene = scenes.calm(hours=3)
    execution = scene.running(SESSIONS, seconds_ago=20, deleted=5000)
    with scripted(scene.operations) as server:
        person = sit(server.address)
        person.visit()
        person.clicks(f"Cancel run {execution.id} of cleanup_expired_sessions")
        person.sees("What it has deleted stays deleted", "dialog")
        person.types("wrong table")
        person.clicks("Cancel the run")

        person.sees(f"Open run #{execution.id}", ".toasts")
        cancelled = scene.log.get(execution.id)
        assert cancelled is not None
        assert cancelled.cancel is not None
        assert cancelled.cancel.reason == "wrong table"
        person.clicks("Open run #")
        person.sees("Cancelled by arn:aws:sts::123456789012:assumed-role/operator/alice")


def test_an_act_that_the_server_refuses_says_why(sit: Sit) -> None:
    with scripted(scenes.calm(hours=3).operations) as server:
        server.authorize = lambda _token: {"sub": "reader", "scope": "jobs:read"}
        person = sit(server.address)
        person.visit()
        person.clicks("Run cleanup_expired_sessions now")
        person.clicks("Dry run first")

        person.sees("This needs the scope jobs:write", "dialog [role=alert]")

        person.presses("Escape")
        person.clicks("Pause cleanup_expired_sessions")
        person.clicks("Pause", "dialog button")
        person.sees("This needs the scope jobs:write", "dialog [role=alert]")


def test_an_act_without_a_server_says_so(sit: Sit) -> None:
    with scripted(scenes.calm(hours=3).operations) as server:
        person = sit(server.address)
        person.visit()
        person.clicks("Pause cleanup_expired_sessions")
        server.up = False
        person.clicks("Pause", "dialog button")

        person.sees("The server cannot be reached", "dialog [role=alert]")


def test_cancelling_what_has_ended_says_that_it_has(sit: Sit) -> None:
    scene = scenes.calm(hours=3)
    execution = scene.running(SESSIONS, seconds_ago=20, deleted=5000)
    with scripted(scene.operations) as server:
        person = sit(server.address)
        person.visit()
        person.clicks(f"Cancel run {execution.id} of")
        scene.log.finish(execution.finished(Status.SUCCESS, scenes.clock()))
        person.clicks("Cancel the run")

        person.sees(str(execution.id), "dialog [role=alert]")


def test_a_run_that_is_left_to_itself_can_be_found_again(sit: Sit) -> None:
    # Nobody works on what this server hands over: the run stays under way.
    with scripted(scenes.calm(hours=3).operations) as server:
        person = sit(server.address)
        person.visit()
        person.clicks("Run cleanup_expired_sessions now")
        person.clicks("Run for real")
        person.sees("Running", "dialog")
        person.clicks("Close, and let it run")

        person.sees("The run of cleanup_expired_sessions goes on. Open run #", ".toasts")
