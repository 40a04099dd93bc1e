"""A share of one processor for a process, by the kernel's own control groups, as Lambda gives by memory."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PERIOD_US = 20_000
_VERSION_1, _VERSION_2 = Path("/sys/fs/cgroup/cpu"), Path("/sys/fs/cgroup")


class CannotThrottle(Exception):
    """This machine lets nobody limit a processor: no control groups, or no permission to make one."""


@contextmanager
def throttled(share: float) -> Iterator[Path]:
    """Make a group with this share of one processor, and yield the file that takes a process in by its id.

    The group is gone at the end; the processes in it must have ended by then. Raises CannotThrottle.
    """
    quota = max(1000, round(share * _PERIOD_US))  # the kernel takes no less than a millisecond
    period = max(_PERIOD_US, round(quota / share))
    group = _own_group() / f"barycenter-benchmark-{os.getpid()}"
    try:
        group.mkdir()
    except OSError as error:
        raise CannotThrottle(str(error)) from error
    try:
        try:
            if _VERSION_1.is_dir():
                (group / "cpu.cfs_period_us").write_text(str(period))
                (group / "cpu.cfs_quota_us").write_text(str(quota))
            else:
                (group / "cpu.max").write_text(f"{quota} {period}")
        except OSError as error:
            raise CannotThrottle(str(error)) from error
        yield group / "cgroup.procs"
    finally:
        group.rmdir()


def _own_group() -> Path:
    """Return where this process is; in version 2 the root, since others allow no processes beside groups."""
    if not _VERSION_1.is_dir():
        return _VERSION_2
    found = re.search(
        r"^\d+:(?:\w+,)*cpu(?:,\w+)*:/(.*)$", Path("/proc/self/cgroup").read_text(), re.MULTILINE
    )
    return _VERSION_1 / found[1] if found else _VERSION_1
