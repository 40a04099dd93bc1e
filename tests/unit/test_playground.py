"""The playground: one page, complete in itself."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser

import pytest
from graphql import parse, validate

from barycenter_jobs.graphql.over_http import schema
from barycenter_jobs.web.playground import HEADERS, page


class Page(HTMLParser):
    """What a browser would make of the page: its elements, its scripts and styles, its examples."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.sources: dict[str, list[str]] = {"script": [], "style": []}
        self._inside = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - as the parser has it
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside in self.sources:
            self.sources[self._inside].append(data)


PAGE = Page(page())
POLICY = dict(directive.strip().split(" ", 1) for directive in HEADERS["content-security-policy"].split(";"))
EXAMPLES = [
    attributes["value"] for tag, attributes in PAGE.elements if tag == "option" and attributes.get("value")
]


@pytest.mark.parametrize("element", ["script", "style"])
def test_the_policy_allows_exactly_what_the_page_carries(element: str) -> None:
    hashes = [
        f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'"
        for source in PAGE.sources[element]
    ]

    assert len(hashes) == 1
    assert POLICY[f"{element}-src"] == hashes[0]


def test_the_policy_allows_nothing_else_but_requests_to_its_own_server() -> None:
    assert {name: value for name, value in POLICY.items() if name not in ("script-src", "style-src")} == {
        "default-src": "'none'",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }


def test_no_element_carries_script_or_style_that_the_policy_would_block() -> None:
    names = {name for _, attributes in PAGE.elements for name in attributes}

    assert not {name for name in names if name == "style" or name.startswith("on")}


def test_the_page_names_no_address_but_its_own() -> None:
    assert not re.findall(r"(?:\w+:)?//\w|url\(|@import|\bimport\(", page())
    assert not {"src", "href", "action", "srcset", "data"} & {name for _, at in PAGE.elements for name in at}


def test_browsers_neither_guess_its_type_nor_tell_anybody_about_it() -> None:
    assert HEADERS["x-content-type-options"] == "nosniff"
    assert HEADERS["referrer-policy"] == "no-referrer"


def test_every_control_has_a_name_for_those_who_cannot_see_it() -> None:
    labelled = {attributes.get("for") for tag, attributes in PAGE.elements if tag == "label"}
    controls = [attributes for tag, attributes in PAGE.elements if tag in ("textarea", "select")]

    assert len(controls) == 3
    assert all(control.get("id") in labelled or control.get("aria-label") for control in controls)


def test_there_is_an_example_of_every_root_field() -> None:
    assert {"jobLogs", "availableJobs", "triggerJob"} <= set(re.findall(r"\w+", " ".join(map(str, EXAMPLES))))


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_a_valid_document(example: str) -> None:
    assert validate(schema(), parse(example)) == []
