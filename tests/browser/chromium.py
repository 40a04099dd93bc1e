"""A Chromium without a window, steered over a pipe by its DevTools protocol.

https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Json = dict[str, Any]

PATIENCE_SECONDS = 60.0
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")

# A menu that slides in is elsewhere by the time of the click: two frames must find an element at the same
# place, and nothing on top of it.
WHERE_TO_CLICK = """(async () => {
  const element = () => (%s);
  const frame = () => new Promise(requestAnimationFrame);
  const before = element()?.getBoundingClientRect();
  await frame(); await frame();
  const found = element(), now = found?.getBoundingClientRect();
  if (!before || !now || before.x !== now.x || before.y !== now.y || !now.width) return null;
  const middle = [now.x + now.width / 2, now.y + now.height / 2];
  const top = document.elementFromPoint(...middle);
  return top && (found.contains(top) || top.contains(found)) ? middle : null;
})()"""


def chromium() -> str | None:
    """Return the path of this machine's Chromium, None where there is none."""
    return next((path for path in map(shutil.which, NAMES) if path), None)


class Page:
    """One page: what it is told to do, and everything that it complained about."""

    def __init__(self, commands: int, events: int) -> None:
        self._commands, self._events = commands, events
        self._received = b""
        self._number = 0
        self._session: str | None = None
        self.complaints: list[str] = []
        self.requests: list[str] = []
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **parameters: object) -> Json:
        """Send a command and return its result."""
        self._number += 1
        number = self._number
        command = {"id": number, "method": method, "params": parameters}
        if self._session:
            command["sessionId"] = self._session
        os.write(self._commands, json.dumps(command).encode() + b"\0")
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (left := deadline - time.monotonic()) > 0:
            message = self._next(left)
            if message.get("id") == number:
                assert "error" not in message, message["error"]
                result: Json = message["result"]
                return result
        raise AssertionError(f"Chromium does not answer {method}")

    def open(self, address: str) -> None:
        """Load a page and wait until it says that it is complete."""
        self.send("Page.navigate", url=address)
        self.wait_for("document.readyState === 'complete' && location.href !== 'about:blank'")

    def evaluate(self, expression: str) -> Any:  # noqa: ANN401 - whatever the page's script says
        """Return what an expression comes to in the page."""
        result = self.send(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True, userGesture=True
        )
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def click(self, expression: str) -> None:
        """Click with the mouse in the middle of an element, once it stands still and uncovered."""
        self.wait_for(expression)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (at := self.evaluate(WHERE_TO_CLICK % expression)) is None:
            assert time.monotonic() < deadline, f"not to be clicked: {expression}; {self.complaints}"
        for kind in ("mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=at[0], y=at[1], button="left", clickCount=1)

    def wait_for(self, expression: str) -> None:
        """Wait until an expression is true in the page."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.evaluate(f"Boolean({expression})"):
            assert time.monotonic() < deadline, f"still not so: {expression}; complaints: {self.complaints}"
            time.sleep(0.05)

    def _next(self, seconds: float) -> Json:
        while b"\0" not in self._received:
            ready, _, _ = select.select([self._events], [], [], seconds)
            assert ready, "Chromium says nothing"
            self._received += os.read(self._events, 65536)
        message, _, self._received = self._received.partition(b"\0")
        event: Json = json.loads(message)
        self._note(event)
        return event

    def _note(self, event: Json) -> None:
        method, about = event.get("method"), event.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(about["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(about["exceptionDetails"]))
        elif method == "Log.entryAdded" and about["entry"]["level"] in ("error", "warning"):
            self.complaints.append(about["entry"]["text"])
        elif method == "Runtime.consoleAPICalled" and about["type"] in ("error", "warning", "assert"):
            self.complaints.append(json.dumps(about["args"]))


@contextmanager
def opened(folder: Path, path: str) -> Iterator[Page]:
    """Start a Chromium that reaches this machine and nothing else, with a profile of its own, and end it."""
    read_commands, commands = os.pipe()
    events, write_events = os.pipe()
    arguments = [
        path,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--no-first-run",
        "--window-size=1280,900",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        f"--user-data-dir={folder / 'profile'}",
        "--remote-debugging-pipe",
    ]
    # The pipe of the protocol is file descriptors 3 and 4, whatever ours are.
    script = f'exec "$@" 3<&{read_commands} 4>&{write_events}'
    with (folder / "chromium.log").open("wb") as log:
        process = subprocess.Popen(
            ["/bin/bash", "-c", script, "chromium", *arguments],
            pass_fds=(read_commands, write_events),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    os.close(read_commands)
    os.close(write_events)
    try:
        yield Page(commands, events)
    finally:
        os.close(commands)
        process.terminate()
        process.wait(PATIENCE_SECONDS)
        os.close(events)
