"""`python -m tests.page.pictures` takes the pictures of the page in docs/pictures/."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.browser.chromium import chromium, opened
from tests.page import scenes
from tests.page.person import Person
from tests.page.png import with_palette
from tests.page.server import Scripted, scripted

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
TOKENS = "#/jobs/cleanup_expired_refresh_tokens"


def _calm(person: Person, take: Callable[[str], None], _server: Scripted) -> None:
    person.visit()
    take("page-light")
    person.uses(height=760, dark=True)
    person.visit()
    take("page-dark")
    person.uses(height=1020)
    person.visit("#/jobs/cleanup_expired_challenges?range=7d")
    person.wait_for("document.querySelector('.chart') && document.querySelector('.ages')")
    take("page-charts")


def _busy(person: Person, take: Callable[[str], None], _server: Scripted) -> None:
    person.visit()
    take("page-busy")


def _failing(person: Person, take: Callable[[str], None], server: Scripted) -> None:
    person.visit()
    take("page-failing")
    person.visit("#/log?status=failures")
    take("page-log")
    person.uses(height=1060, dark=True)
    person.visit("#/log?status=error")
    person.clicks("Run ", ".row-link")
    person.sees("Attempt 3", ".attempts")
    take("page-run")
    person.uses(width=390, height=844, phone=True)
    person.visit()
    take("page-phone")
    person.uses(height=700)
    person.visit()
    server.up = False
    person.clicks("Live")
    person.sees("next try in", ".stale-bar")
    person.points_at_place(5, 300)
    take("page-stale")


def _empty(person: Person, take: Callable[[str], None], _server: Scripted) -> None:
    person.visit()
    take("page-empty")


SCENES = {"calm": _calm, "busy": _busy, "failing": _failing, "empty": _empty}


def main() -> int:
    """Take all pictures, each of a scene that ends now."""
    path = chromium()
    if path is None:
        sys.stderr.write("No Chromium here (Debian and Ubuntu: apt-get install chromium)\n")
        return 1
    PICTURES.mkdir(parents=True, exist_ok=True)
    for scene, photograph in SCENES.items():
        with (
            tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
            opened(Path(folder), path) as page,
            scripted(getattr(scenes, scene)().operations) as server,
        ):
            person = Person(page, server.address)
            person.uses(height=760)

            def take(name: str, person: Person = person) -> None:
                person.wait_for("document.querySelector('h1') && !document.querySelector('.skeleton')")
                time.sleep(0.6)
                (PICTURES / f"{name}.png").write_bytes(with_palette(person.photographs()))

            photograph(person, take, server)
    return 0


if __name__ == "__main__":
    sys.exit(main())
