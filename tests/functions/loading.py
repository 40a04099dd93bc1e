"""Functions and events, read from the files that are deployed and documented."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
EVENTS = ROOT / "events"
FUNCTIONS = ROOT / "functions"
REQUEST_ID = "c6af9ac6-7b61-11e6-9a41-93e8deadbeef"

Json = dict[str, Any]


@dataclass(frozen=True)
class Context:
    """What Lambda hands to a handler beside its event."""

    function_name: str
    left: timedelta
    aws_request_id: str = REQUEST_ID
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:sample"

    def get_remaining_time_in_millis(self) -> int:
        return self.left // timedelta(milliseconds=1)


@dataclass(frozen=True)
class Function:
    """A function to invoke: the event and the answer pass through JSON, as they do in Lambda."""

    folder: str
    handler: Callable[[object, Context], object]

    def __call__(self, event: object, *, left: timedelta = timedelta(minutes=5)) -> Any:  # noqa: ANN401 - any JSON
        answer = self.handler(json.loads(json.dumps(event)), Context(self.folder, left))
        return json.loads(json.dumps(answer))


def load(folder: str, module_name: str) -> Function:
    """Load a function from its folder, as a module of its own."""
    spec = importlib.util.spec_from_file_location(module_name, FUNCTIONS / folder / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return Function(folder, module.handler)


def sample(name: str) -> Json:
    """Return a sample event by the name of its file."""
    event: Json = json.loads((EVENTS / f"{name}.json").read_text())
    return event


def samples(way_in: str = "*") -> list[str]:
    """Return the names of the sample events, of all ways in or of one. What a bus gets is a way out."""
    names = (path.stem for path in EVENTS.glob(f"{way_in}_*.json"))
    return sorted(name for name in names if not name.startswith("bus_"))
