"""The page is small, quick, and talks to its own server only."""

from __future__ import annotations

import gzip
import time
from urllib.parse import urlsplit

from barycenter_jobs.web import console_files
from tests.page import scenes
from tests.page.conftest import Sit
from tests.page.server import scripted

MOST_BYTES = 150_000
MOST_VISITS = 12  # a machine that does other things in between is late by itself
# When the largest part of the picture, that with the jobs in it, was painted.
PAINTED = """new Promise((tell) => new PerformanceObserver((list) => tell(list.getEntries().at(-1).startTime))
  .observe({ type: 'largest-contentful-paint', buffered: true }))"""


def test_all_that_the_page_loads_is_small() -> None:
    files = [file.zipped for file in console_files.files().values()]

    assert sum(map(len, [gzip.compress(console_files.page(None).encode()), *files])) < MOST_BYTES


def test_no_view_talks_to_anybody_else_or_breaks_a_rule_of_its_own(sit: Sit) -> None:
    with scripted(scenes.failing(hours=30).operations) as server:
        person = sit(server.address)
        for view in ("", "#/charts", "#/jobs/cleanup_expired_sessions", "#/log", "#/runs/20", "#/nowhere"):
            person.visit(view)
            person.wait_for("document.querySelector('h1')")
        person.clicks("Overview")
        person.clicks("Run cleanup_expired_sessions now")
        person.points_at("Dry run first")

        asked = {urlsplit(address).netloc for address in person.page.requests if address.startswith("http")}
        assert asked == {urlsplit(server.address).netloc}
        assert person.page.complaints == []


def test_script_that_gets_into_the_page_does_not_run(sit: Sit) -> None:
    with scripted(scenes.calm(hours=3).operations) as server:
        person = sit(server.address)
        person.visit()
        person.page.evaluate("""(() => {
          const script = document.createElement('script');
          try { script.textContent = 'window.broken = 1'; document.body.append(script); } catch { }
          const image = '<img src=x onerror="window.broken = 2">';
          try { document.body.insertAdjacentHTML('beforeend', image); } catch { }
          try { setTimeout('window.broken = 3'); } catch { }
        })()""")
        time.sleep(0.3)

        assert person.page.evaluate("window.broken ?? null") is None
        assert person.page.complaints


def test_the_first_picture_comes_within_a_second(sit: Sit) -> None:
    with scripted(scenes.calm(hours=48).operations) as server:
        person = sit(server.address)
        person.visit()  # the browser's own first start is not the page's
        taken: list[float] = []
        while len(taken) < MOST_VISITS and (not taken or min(taken) >= 1000):
            person.visit()
            person.wait_for("document.querySelector('.job')")
            taken.append(float(person.page.evaluate(PAINTED)))

        assert min(taken) < 1000
