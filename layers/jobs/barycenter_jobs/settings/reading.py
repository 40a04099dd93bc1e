"""Reading one setting of an environment: its text, checked."""

from __future__ import annotations

import re
from collections.abc import Mapping

from barycenter_jobs.core.errors import InvalidSetting

Environment = Mapping[str, str]


def required(environment: Environment, name: str) -> str:
    value = environment.get(name)
    if not value:
        raise InvalidSetting(f"{name} is not set")
    return value


def count(environment: Environment, name: str, default: int, most: int) -> int:
    text = environment.get(name) or str(default)
    if not re.fullmatch("[0-9]{1,9}", text) or not 1 <= int(text) <= most:
        raise InvalidSetting(f"{name} must be a whole number from 1 to {most}, not {text!r}")
    return int(text)


def limit(environment: Environment, name: str) -> int | None:
    text = environment.get(name) or "0"
    if not re.fullmatch("[0-9]{1,9}", text):
        raise InvalidSetting(f"{name} must be a whole number, or 0 for no limit, not {text!r}")
    return int(text) or None


def price(environment: Environment, name: str, default: float) -> float:
    text = environment.get(name) or str(default)
    if not re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", text):
        raise InvalidSetting(f"{name} must be an amount of US dollars, like 0.625, not {text!r}")
    return float(text)
