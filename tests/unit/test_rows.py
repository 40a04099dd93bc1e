"""What passes between a reader, the sweep and a deleter."""

from __future__ import annotations

import hashlib

from barycenter_jobs.core.rows import Candidate, Page

SECRET = "GmRhmhcxhwAzkoEqiMEg_DnyEysNkuNhszIySk9eS"


def test_a_candidate_is_never_printed_with_its_key() -> None:
    candidate = Candidate(SECRET, 1_771_070_399)

    assert repr(candidate) == "Candidate(expires_at=1771070399, reason=<Expiry.EXPIRED: 'expired'>)"
    assert SECRET not in f"{candidate} {candidate!r} {Page([candidate])!r}"


def test_a_candidate_is_named_by_a_short_hash_of_its_key() -> None:
    name = Candidate(SECRET, None).name

    assert name == hashlib.sha256(SECRET.encode()).hexdigest()[:12]
    assert name != Candidate(SECRET + "x", None).name
