"""The results as JSON, with what is needed to judge them: when, where and on which versions."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, is_dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from console.local_stack.engine import ENGINE_PYTHON

_PACKAGES = ("aiodynamo", "aiohttp", "boto3", "botocore", "pynamodb")


def write_results(folder: Path, at: datetime, results: Mapping[str, Any]) -> Path:
    """Write the results to a file of their own and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{at:%Y%m%dT%H%M%SZ}.json"
    document = {"at": at.isoformat(), "machine": machine(), "versions": versions(), **results}
    path.write_text(json.dumps(document, indent=1, default=_plain) + "\n")
    return path


def machine() -> dict[str, Any]:
    """Return what the measurements ran on."""
    return {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load": os.getloadavg(),
    }


def versions() -> dict[str, str]:
    """Return the versions of what was measured, and of the engine."""
    found = {"python": platform.python_version(), "ministack": _ministack()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def _ministack() -> str:
    program = "from importlib.metadata import version; print(version('ministack'))"
    return subprocess.check_output([str(ENGINE_PYTHON), "-c", program], text=True).strip()  # noqa: S603 - our own program


def _processor() -> str:
    cpus = Path("/proc/cpuinfo")
    found = re.search(r"^model name\s*: (.*)$", cpus.read_text(), re.MULTILINE) if cpus.exists() else None
    return found[1] if found else platform.processor()


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(f"{type(value).__name__} is no result")
