"""The log: filtered, sorted, page by page, by links that restore the view; and a run in full."""

from __future__ import annotations

import csv
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from barycenter_jobs.core.executions import Trigger, TriggerKind
from barycenter_jobs.core.jobs import DEVICE_CODES
from tests.graphql.service import ALICE
from tests.page import scenes
from tests.page.conftest import Sit
from tests.page.person import Person
from tests.page.server import Scripted, scripted

EVERY_FIELD = (
    "Job, Method, Started, Ended, Duration, Trigger, Started by, Reason, Cancelled by, Dry run, Attempt, "
    "Deleted, Became live, Already gone, Failed, Uncertain, Quarantined, Stamped, Records processed, "
    "Read units, Write units, Cost, Expired rows, Oldest expired"
)
ROWS = "document.querySelectorAll('.log tbody tr').length"


@pytest.fixture(scope="module")
def failing() -> Iterator[Scripted]:
    scene = scenes.failing()
    scene.ran(
        DEVICE_CODES,
        scenes.clock(),
        trigger=Trigger(TriggerKind.MANUAL, ALICE, "Customers wait, see <b>INC-7</b>"),
        deleted=3,
    )
    with scripted(scene.operations) as server:
        yield server


def column(person: Person, name: str) -> list[str]:
    found = person.page.evaluate(
        f"[...document.querySelectorAll('.log .{name}')].map((cell) => cell.innerText.trim())"
    )
    return [str(text) for text in found]


def test_the_log_is_filtered_by_what_is_chosen_and_the_address_says_so(sit: Sit, failing: Scripted) -> None:
    person = sit(failing.address)
    person.visit("#/log")
    person.wait_for(f"{ROWS} === 50")

    person.chooses("cleanup_expired_refresh_tokens", "Job")
    person.chooses("failed or timed out", "Status")
    person.until(
        lambda: set(column(person, "job-cell")) == {"cleanup_expired_refresh_tokens"}, "one job's runs"
    )

    person.until(lambda: set(column(person, "status")) <= {"Failed", "Timed out"}, "failures only")
    assert person.view() == "#/log?job=cleanup_expired_refresh_tokens&status=failures"


def test_a_link_restores_the_view(sit: Sit, failing: Scripted) -> None:
    person = sit(failing.address)
    person.visit("#/log?status=error&job=cleanup_expired_refresh_tokens&range=24h&sort=longest")
    person.wait_for(f"{ROWS} >= 6")

    chosen = person.page.evaluate("[...document.querySelectorAll('select')].map((select) => select.value)")
    assert chosen == ["cleanup_expired_refresh_tokens", "error", "", "24h", "longest"]
    events = len(column(person, "id")) // 3
    assert column(person, "duration") == ["6.00 s"] * events + ["5.00 s"] * events + ["4.00 s"] * events


def test_the_log_is_searched_for_text_of_any_spelling(sit: Sit, failing: Scripted) -> None:
    person = sit(failing.address)
    person.visit("#/log")
    person.clicks("Text", "input")
    person.types("customers WAIT"[:9])
    person.wait_for(f"{ROWS} === 1")

    assert column(person, "job-cell") == ["cleanup_expired_device_codes"]
    assert person.view() == "#/log?q=customers"


def test_the_log_is_filtered_by_trigger_and_by_time(sit: Sit, failing: Scripted) -> None:
    person = sit(failing.address)
    person.visit("#/log?trigger=manual")
    person.wait_for(f"{ROWS} === 1")

    person.visit("#/log?range=1h")
    person.wait_for(f"{ROWS} > 5 && {ROWS} < 30")
    person.chooses("from … to …", "Time")
    person.sees("From (UTC)")


def test_the_log_goes_from_page_to_page_and_back(sit: Sit, failing: Scripted) -> None:
    person = sit(failing.address)
    person.visit("#/log")
    person.wait_for(f"{ROWS} === 50")
    first = column(person, "id")

    person.clicks("Older")
    person.wait_for(
        f"{ROWS} === 50 && document.querySelector('.log .id').innerText !== {json.dumps(first[0])}"
    )
    second = column(person, "id")
    link = person.view()
    person.clicks("Back")
    person.until(lambda: column(person, "id") == first, "the first page")

    assert not set(first) & set(second)
    person.visit(link)
    person.until(lambda: column(person, "id") == second, "the second page, by its link")


def test_a_click_on_a_column_sorts_by_it(sit: Sit, failing: Scripted) -> None:
    person = sit(failing.address)
    person.visit("#/log")
    person.clicks("Deleted", "th a")
    person.wait_for("document.querySelector('th[aria-sort=descending]')?.innerText.startsWith('Deleted')")
    person.until(lambda: column(person, "deleted")[0] != "", "rows sorted anew")

    deleted = [int(text.replace(",", "") or 0) for text in column(person, "deleted")]
    assert deleted == sorted(deleted, reverse=True)


def test_what_is_filtered_is_exported(sit: Sit, failing: Scripted, downloads: Path) -> None:
    person = sit(failing.address)
    person.visit("#/log?status=failures&job=cleanup_expired_refresh_tokens")
    person.wait_for(f"{ROWS} > 5")
    shown = [text.lstrip("#") for text in column(person, "id")]

    person.clicks("Export as CSV")
    with _saved(downloads, "csv").open(newline="") as file:
        records = list(csv.DictReader(file))
    person.clicks("Export as JSON")
    objects = json.loads(_saved(downloads, "json").read_text())

    assert [record["id"] for record in records] == [str(each["id"]) for each in objects] == shown
    assert {each["error"] for each in objects} >= {scenes.THROTTLED}
    person.sees(f"{len(shown)} runs exported as JSON")


def test_what_a_search_finds_is_exported(sit: Sit, failing: Scripted, downloads: Path) -> None:
    person = sit(failing.address)
    person.visit("#/log?q=INC-7")
    person.wait_for(f"{ROWS} === 1")

    person.clicks("Export as CSV")
    with _saved(downloads, "csv").open(newline="") as file:
        records = list(csv.DictReader(file))

    assert [record["reason"] for record in records] == ["Customers wait, see <b>INC-7</b>"]


def test_a_run_is_shown_with_everything_about_it(sit: Sit, failing: Scripted) -> None:
    person = sit(failing.address)
    person.visit("#/log?status=error&job=cleanup_expired_refresh_tokens")
    person.wait_for(f"{ROWS} > 5")
    number = column(person, "id")[0]
    person.clicks("Run ", ".row-link")

    person.sees(f"Run {number} Failed", "h1")
    told = person.text("main")
    for name in EVERY_FIELD.split(", "):
        assert name in told
    assert scenes.THROTTLED in person.text(".error-box")
    assert "Duration 6.00 s (6,000 ms)" in told
    person.sees("Attempt 1", ".attempts")
    attempts = re.findall(r"Attempt (\d)", person.text(".attempts"))
    assert attempts == ["1", "2", "3"]


def test_what_people_wrote_is_text_and_no_markup(sit: Sit, failing: Scripted) -> None:
    person = sit(failing.address)
    person.visit("#/log?trigger=manual")
    person.clicks("Run ", ".row-link")

    person.sees("Customers wait, see <b>INC-7</b>")


def test_times_are_shown_in_utc_and_in_local_time(sit: Sit, failing: Scripted) -> None:
    person = sit(failing.address)
    person.page.send("Emulation.setTimezoneOverride", timezoneId="Asia/Kathmandu")
    person.visit("#/log")
    in_utc = column(person, "started")[-1]

    person.clicks("Times are in UTC")
    person.sees("Local", ".zone")
    person.until(lambda: column(person, "started")[-1] != in_utc, "local times")
    minutes = [re.search(r"(\d\d):(\d\d):\d\d$", text) for text in (in_utc, column(person, "started")[-1])]
    utc, local = [int(each[1]) * 60 + int(each[2]) for each in minutes if each]

    assert (local - utc) % 1440 == 5 * 60 + 45
    person.clicks("Times are in local time")
    person.page.send("Emulation.setTimezoneOverride", timezoneId="UTC")


def test_a_run_that_the_log_does_not_have_is_told_of(sit: Sit, failing: Scripted) -> None:
    person = sit(failing.address)
    person.visit("#/runs/987654")

    person.sees("The log has no run #987654", "h1")


def _saved(folder: Path, suffix: str) -> Path:
    deadline = time.monotonic() + 60
    while not (found := list(folder.glob(f"*.{suffix}"))):
        assert time.monotonic() < deadline, f"no .{suffix} was saved"
        time.sleep(0.05)
    return found[0]
