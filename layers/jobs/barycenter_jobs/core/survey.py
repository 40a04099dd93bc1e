"""The survey: what a sweep would find, without touching any of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from barycenter_jobs.core.errors import StoreError

if TYPE_CHECKING:
    from barycenter_jobs.core.rows import Page

SAMPLES = 5
# A row of up to 1 KB and its entry in the keys-only index: a write unit each.
WRITE_UNITS_A_ROW = 2


@dataclass
class Survey:
    """What a table holds. `samples` name a few expired rows by truncated hashes of their keys.

    `oldest` is the smallest `expires_at`, None where nothing has expired by it. `stopped_early` says that
    time ran out, so that there may be more.
    """

    expired: int = 0
    unreadable: int = 0
    unindexed: int = 0
    oldest: Decimal | int | None = None
    samples: tuple[str, ...] = ()
    read_units: float = 0.0
    stopped_early: bool = False
    broken_by: StoreError | None = None

    @property
    def write_units(self) -> int:
        """How many write units it would take to delete what was found, were all rows of up to 1 KB."""
        return self.expired * WRITE_UNITS_A_ROW


def survey(pages: Iterable[Page], time_is_left: Callable[[], bool], found: Survey | None = None) -> Survey:
    """Return what `pages` name. Never raises StoreError: the survey carries it beside what it found."""
    found = found or Survey()
    try:
        for page in pages:
            _take_in(found, page)
            if not time_is_left():
                found.stopped_early = True
                break
    except StoreError as error:
        found.broken_by = error
    return found


def _take_in(found: Survey, page: Page) -> None:
    found.read_units += page.read_units
    found.unreadable += page.unreadable
    found.unindexed += page.unindexed
    found.expired += len(page.candidates)
    expiries = [candidate.expires_at for candidate in page.candidates if candidate.expires_at is not None]
    found.oldest = min([*expiries, *([] if found.oldest is None else [found.oldest])], default=None)
    missing = SAMPLES - len(found.samples)
    found.samples += tuple(candidate.name for candidate in page.candidates[:missing])
