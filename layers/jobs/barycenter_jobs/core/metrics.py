"""Metrics, whoever takes them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measurement:
    """One metric of a job. `unit` is CloudWatch's word for it."""

    name: str
    unit: str
    value: float
