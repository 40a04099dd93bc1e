"""A bug of ours, as it is told and logged, whichever way in met it."""

from __future__ import annotations

import logging
import traceback

INTERNAL = "Internal error"

logger = logging.getLogger(__name__)


class InternalError(Exception):
    """A bug of ours, told to nobody outside. The log has its type and where it happened."""

    def __init__(self) -> None:
        super().__init__(INTERNAL)


def log_bug(bug: BaseException, what: str) -> None:
    """Log what failed, by the type of the bug and where it happened.

    What a bug says may be anything, so no log keeps it and nobody outside hears it.
    """
    frames = traceback.format_tb(bug.__traceback__)
    logger.error("%s failed unexpectedly", what, extra={"error": type(bug).__name__, "frames": frames})
