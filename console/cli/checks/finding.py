"""What a check comes to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How good or bad a finding is."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was checked, what was found, and what to do next unless all is well."""

    check: str
    verdict: Verdict
    message: str
    next_step: str = ""

    @classmethod
    def of_failure(cls, check: str, message: str, verdict: Verdict = Verdict.PROBLEM) -> Finding:
        """Return a finding from the message of a failure, whose last sentence says what to do next."""
        sentences = message.strip().rstrip(".").split(". ")
        return cls(
            check, verdict, ". ".join(sentences[:-1] or sentences), sentences[-1] if sentences[1:] else ""
        )


def ok(check: str, message: str) -> Finding:
    """Return a finding that all is well."""
    return Finding(check, Verdict.OK, message)


def skipped(check: str, message: str, next_step: str = "") -> Finding:
    """Return what to say where nothing could be checked."""
    return Finding(check, Verdict.SKIPPED, message, next_step)
