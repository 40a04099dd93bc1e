"""Fixtures for tests of the page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.browser.chromium import Page, chromium, opened
from tests.page.person import Person

CHROMIUM = chromium()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a browser, and skip it where there is none."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents and "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
            item.add_marker(
                pytest.mark.skipif(
                    CHROMIUM is None, reason="no Chromium here (Debian and Ubuntu: apt-get install chromium)"
                )
            )


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A Chromium with a profile of its own, one for each module."""
    assert CHROMIUM is not None
    with opened(tmp_path_factory.mktemp("chromium"), CHROMIUM) as page:
        yield page


@pytest.fixture
def downloads(browser: Page, tmp_path: Path) -> Path:
    """The folder into which the browser saves what a person downloads."""
    browser.send("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path))
    return tmp_path


Sit = Callable[[str], Person]


@pytest.fixture
def sit(browser: Page) -> Iterator[Sit]:
    """What sits somebody in front of a server's page."""

    def seated(address: str) -> Person:
        person = Person(browser, address)
        person.uses()
        return person

    browser.complaints.clear()
    browser.requests.clear()
    yield seated
    # A page that is left open would go on asking a server that is there no more.
    browser.send("Page.navigate", url="about:blank")
