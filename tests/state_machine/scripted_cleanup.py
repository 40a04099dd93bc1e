"""A cleanup that does what its script says and writes down how it was invoked. Runs as a Lambda function.

The script names, for each part, what its invocations do in turn, the last for ever: "drained",
"stopped early", or the type of the error to raise; and likewise what "close" does. With "together" no part
ends before that many have started.

A runtime of its own, since ministack's for Python tells every error as Runtime.HandlerError.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen


class Failed(Exception):
    """The script says so. The first argument is the error's type."""


def handle(event: dict[str, Any]) -> dict[str, Any]:
    """Do what is next for the event's part, and note it."""
    folder = Path(os.environ["FOLDER"]) / event["detail"]["executionId"]
    script = json.loads((folder / "script.json").read_text())
    part = event["detail"].get("part", "close")
    name = str(part).replace("/", " of ")
    notes = folder / f"{name}.jsonl"
    invocation = len(notes.read_text().splitlines()) if notes.exists() else 0
    started = time.time()
    outcomes = script.get(str(part), ["drained"])
    outcome = outcomes[min(invocation, len(outcomes) - 1)]
    if part != "close":
        (folder / f"{name}.started").touch()
        while len(list(folder.glob("*.started"))) < script.get("together", 0):
            time.sleep(0.02)
    with notes.open("a") as file:
        note = {"event": event, "started": started, "ended": time.time(), "outcome": outcome}
        file.write(json.dumps(note) + "\n")
    if outcome not in ("drained", "stopped early"):
        raise Failed(outcome)
    if part == "close":
        return {"executionId": event["detail"]["executionId"], "success": True}
    return {
        "executionId": event["detail"]["executionId"],
        "part": part,
        "stoppedEarly": outcome == "stopped early",
        "deleted": 25,
    }


def main() -> None:
    """Serve invocations as Lambda's runtime API hands them out."""
    api = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"
    while True:
        with urlopen(f"{api}/next") as answer:  # noqa: S310 - Lambda's own address
            request_id, event = answer.headers["Lambda-Runtime-Aws-Request-Id"], json.load(answer)
        try:
            way, body = "response", handle(event)
        except Failed as error:
            way, body = "error", {"errorType": error.args[0], "errorMessage": "a cause with a secret"}
        urlopen(Request(f"{api}/{request_id}/{way}", json.dumps(body).encode(), method="POST")).close()  # noqa: S310


if __name__ == "__main__":
    main()
