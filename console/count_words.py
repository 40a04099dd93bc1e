"""What each count of a run is called where people read it."""

from __future__ import annotations

# By the names of the API, in its order.
COUNT_WORDS = {
    "deleted": "deleted",
    "becameLive": "became live",
    "alreadyGone": "already gone",
    "failed": "failed",
    "uncertain": "uncertain",
    "quarantined": "quarantined",
    "stamped": "stamped",
}
