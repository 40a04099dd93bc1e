"""Light and dark, phone and wide, by keyboard and by ear: nothing keeps anybody from using the page."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from barycenter_jobs.core.jobs import SESSIONS
from tests.page import scenes
from tests.page.conftest import Sit
from tests.page.server import Scripted, scripted

VIEWS = [
    "",
    "#/charts?range=1h",
    "#/jobs/cleanup_expired_refresh_tokens",
    "#/log?status=failures",
    "#/runs/30",
]
SCREENS = {
    "light": {"width": 1280},
    "dark": {"width": 1280, "dark": True},
    "phone": {"width": 390, "height": 844, "phone": True},
    "wide": {"width": 2560, "height": 1300, "dark": True},
}


@pytest.fixture(scope="module")
def failing() -> Iterator[Scripted]:
    scene = scenes.failing(hours=30)
    scene.running(SESSIONS, seconds_ago=20, deleted=5000)
    with scripted(scene.operations) as server:
        yield server


@pytest.mark.parametrize("screen", ["light", "dark", "phone"])
def test_axe_finds_nothing_in_the_way(sit: Sit, failing: Scripted, screen: str) -> None:
    person = sit(failing.address)
    person.uses(**SCREENS[screen])  # type: ignore[arg-type]
    obstacles = {}
    for view in VIEWS:
        person.visit(view)
        person.sees("barycenter-jobs")
        obstacles[view] = person.looks_for_obstacles()

    assert obstacles == {view: [] for view in VIEWS}


@pytest.mark.parametrize("dark", [False, True])
def test_axe_finds_nothing_in_the_way_of_dialogs_and_bad_news(
    sit: Sit, failing: Scripted, dark: bool
) -> None:
    person = sit(failing.address)
    person.uses(dark=dark)
    person.visit()
    person.clicks("Pause cleanup_expired_sessions")
    found = {"dialog": person.looks_for_obstacles()}
    person.presses("Escape")
    person.presses("?")
    person.sees("Search the log", "dialog")
    found["keys"] = person.looks_for_obstacles()
    person.presses("Escape")
    failing.refuses = 503
    try:
        person.clicks("Live")
        person.sees("HTTP 503")
        found["stale"] = person.looks_for_obstacles()
    finally:
        failing.refuses = None

    assert found == {"dialog": [], "keys": [], "stale": []}


@pytest.mark.parametrize("screen", SCREENS)
def test_no_view_is_wider_than_its_screen(sit: Sit, failing: Scripted, screen: str) -> None:
    person = sit(failing.address)
    person.uses(**SCREENS[screen])  # type: ignore[arg-type]
    for view in VIEWS:
        person.visit(view)
        person.wait_for("document.querySelector('h1')")
        assert person.page.evaluate("document.documentElement.scrollWidth") <= SCREENS[screen]["width"], view


def test_the_colours_follow_the_system_until_somebody_chooses(sit: Sit, failing: Scripted) -> None:
    person = sit(failing.address)
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    person.uses(dark=True)
    person.visit()
    dark = person.page.evaluate(ground)
    person.uses(dark=False)
    light = person.page.evaluate(ground)

    person.clicks("Colours as the system has them")
    person.clicks("Light colours")
    person.sees("failing", "h1")
    chosen = person.page.evaluate(ground)
    person.visit()

    assert dark != light
    assert chosen == person.page.evaluate(ground) == dark
    person.clicks("Dark colours")


def test_every_view_and_a_dialog_are_reached_without_a_mouse(sit: Sit, failing: Scripted) -> None:
    person = sit(failing.address)
    person.visit()
    person.sees("failing", "h1")

    person.presses("l")
    person.sees("Log", "h1")
    person.presses("c")
    person.sees("Charts", "h1")
    person.presses("o")
    person.sees("failing", "h1")
    person.presses("j", "j")
    assert person.focused() == "cleanup_expired_refresh_tokens"
    person.presses("Enter")
    person.sees("cleanup_expired_refresh_tokens", "h1")
    person.presses("/")
    person.wait_for("document.activeElement.id === 'filter-text'")
    person.types("throttled")
    assert person.page.evaluate("document.activeElement.value") == "throttled"


def test_a_dialog_takes_the_focus_and_gives_it_back(sit: Sit, failing: Scripted) -> None:
    person = sit(failing.address)
    person.visit()
    person.page.evaluate(
        "document.querySelector('[aria-label=\"Run cleanup_expired_sessions now\"]').focus()"
    )
    person.presses("Enter")
    person.wait_for("document.querySelector('dialog[open]')?.contains(document.activeElement)")

    assert person.page.evaluate("document.activeElement.tagName") == "INPUT"
    person.presses("Escape")
    person.wait_for("!document.querySelector('dialog')")
    assert person.focused() == "Run cleanup_expired_sessions now"
