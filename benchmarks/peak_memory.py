"""The most memory that this process held since a moment, beyond what it held then."""

from __future__ import annotations

import gc
import re
import resource
import sys
from pathlib import Path

_STATUS = Path("/proc/self/status")
_CLEAR = Path("/proc/self/clear_refs")
_FORGET_PEAK = "5"  # as proc(5) has it: reset the peak resident set size to the current one


class PeakMemory:
    """Watches from its making on. Exact on Linux; elsewhere what was held before may hide a part of it."""

    def __init__(self) -> None:
        gc.collect()
        if _CLEAR.exists():
            _CLEAR.write_text(_FORGET_PEAK)
        self._before = _resident("VmRSS")

    def bytes(self) -> int:
        """Return the peak since then, beyond what was held then."""
        return max(0, _resident("VmHWM") - self._before)


def _resident(field: str) -> int:
    if _STATUS.exists():
        found = re.search(rf"^{field}:\s+(\d+) kB$", _STATUS.read_text(), re.MULTILINE)
        if found:
            return int(found[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
