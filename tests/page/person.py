"""What a person does with the page: looks, points, clicks and types, by the browser's own input events."""

from __future__ import annotations

import base64
import gzip
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.browser.chromium import Page

AXE = gzip.decompress((Path(__file__).parent / "axe_core" / "axe.min.js.gz").read_bytes()).decode()
PATIENCE_SECONDS = 60.0
KEYS = {
    "Enter": (13, "\r"),
    "Tab": (9, ""),
    "Escape": (27, ""),
    "ArrowLeft": (37, ""),
    "ArrowRight": (39, ""),
    "Home": (36, ""),
}

# Elements that can be seen, by the name that a screen reader says.
FIND = """(selector, name) => [...document.querySelectorAll(selector)].filter((element) => {
  const labels = [...(element.labels ?? [])].map((label) => label.textContent).join(' ');
  const said = element.getAttribute('aria-label') || labels || element.textContent;
  const open = document.querySelector('dialog[open]');
  return said.replace(/\\s+/g, ' ').trim().startsWith(name) && element.getClientRects().length
    && (!open || open.contains(element));
})"""


class Person:
    """Somebody in front of a page."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address

    def visit(self, view: str = "") -> None:
        """Open a view by its link, in a page that is loaded anew."""
        self.page.send("Page.navigate", url="about:blank")
        self.page.send("Page.navigate", url=f"{self.address}{view}")
        self.wait_for("location.protocol !== 'about:' && document.querySelector('main')")
        self.wait_for("!document.querySelector('.skeleton')")

    def wait_for(self, expression: str) -> None:
        """Wait until an expression is true in the page."""
        self.until(lambda: bool(self.page.evaluate(f"Boolean({expression})")), expression)

    def until(self, true: Callable[[], bool], what: str) -> None:
        """Wait until something is true."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not true():
            assert time.monotonic() < deadline, f"still not so: {what}\nthe page says: {self.text()}"
            time.sleep(0.05)

    def text(self, selector: str = "body") -> str:
        """Return what can be read, its white space as single spaces."""
        text = self.page.evaluate(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''")
        return " ".join(str(text).split())

    def sees(self, text: str, selector: str = "body") -> None:
        """Wait until a text can be read."""
        self.until(lambda: text in self.text(selector), f"{text!r} in {selector}")

    def sees_no(self, text: str, selector: str = "body") -> None:
        """Wait until a text can be read no more."""
        self.until(lambda: text not in self.text(selector), f"no {text!r} in {selector}")

    def clicks(self, name: str, selector: str = "a, button") -> None:
        """Click the first thing whose name begins so."""
        self._mouse("mousePressed", *self._place(name, selector), button="left", clickCount=1)
        self._mouse("mouseReleased", *self._last, button="left", clickCount=1)

    def points_at(self, name: str, selector: str = "a, button") -> None:
        """Move the pointer over the first thing whose name begins so."""
        self._place(name, selector)

    def points_at_place(self, x: float, y: float) -> None:
        """Move the pointer to a place of the window."""
        self._mouse("mouseMoved", x, y)

    def clicks_at_place(self, x: float, y: float) -> None:
        """Click at a place of the window."""
        self._mouse("mouseMoved", x, y)
        self._mouse("mousePressed", x, y, button="left", clickCount=1)
        self._mouse("mouseReleased", x, y, button="left", clickCount=1)

    def presses(self, *keys: str) -> None:
        """Press keys, one after the other."""
        for key in keys:
            code, text = KEYS[key] if key in KEYS else (ord(key.upper()), key)
            about: dict[str, object] = {"key": key, "windowsVirtualKeyCode": code}
            self.page.send(
                "Input.dispatchKeyEvent", type="keyDown", **about, **({"text": text} if text else {})
            )
            self.page.send("Input.dispatchKeyEvent", type="keyUp", **about)

    def types(self, text: str) -> None:
        """Type a text where the focus is."""
        self.page.send("Input.insertText", text=text)

    def chooses(self, choice: str, label: str) -> None:
        """Choose an option of a list by its text."""
        done = self.page.evaluate(f"""(() => {{
          const select = ({FIND})('select', {json.dumps(label)})[0];
          const option = [...select.options].find((each) => each.text === {json.dumps(choice)});
          select.value = option.value;
          return select.dispatchEvent(new Event('change', {{ bubbles: true }}));
        }})()""")
        assert done

    def focused(self) -> str:
        """Return the name of what has the focus."""
        return str(
            self.page.evaluate(
                "document.activeElement.getAttribute('aria-label') || document.activeElement.textContent"
            )
        )

    def view(self) -> str:
        """Return the address's fragment: the view that a link would restore."""
        return str(self.page.evaluate("location.hash"))

    def looks_for_obstacles(self) -> list[str]:
        """Return what axe-core finds that keeps people from using the page as it is now."""
        self.page.evaluate(f"{AXE}; 0")
        found: list[dict[str, Any]] = self.page.evaluate(
            "axe.run({ resultTypes: ['violations'] }).then((result) => result.violations)"
        )
        return [
            f"{one['id']}: {one['help']}: {[node['html'][:200] for node in one['nodes'][:3]]}"
            for one in found
        ]

    def uses(self, *, width: int = 1280, height: int = 860, dark: bool = False, phone: bool = False) -> None:
        """Take another screen."""
        self.page.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=phone,
        )
        scheme = "dark" if dark else "light"
        self.page.send(
            "Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}]
        )

    def photographs(self) -> bytes:
        """Return what the window shows, as PNG."""
        return base64.b64decode(self.page.send("Page.captureScreenshot", format="png")["data"])

    _last = (0.0, 0.0)

    def _place(self, name: str, selector: str) -> tuple[float, float]:
        find = f"({FIND})({json.dumps(selector)}, {json.dumps(name)})"
        self.wait_for(f"{find}.length")
        x, y = self.page.evaluate(f"""(() => {{
          const element = {find}[0];
          element.scrollIntoView({{ block: 'center' }});
          const box = element.getBoundingClientRect();
          return [box.left + box.width / 2, box.top + box.height / 2];
        }})()""")
        self._last = (float(x), float(y))
        self._mouse("mouseMoved", *self._last)
        return self._last

    def _mouse(self, kind: str, x: float, y: float, **about: object) -> None:
        self.page.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, **about)
