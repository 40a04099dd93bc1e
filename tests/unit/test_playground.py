"""The playground: GraphiQL from our own server, with nothing of anybody else's."""

from __future__ import annotations

import gzip
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from graphql import OperationDefinitionNode, parse, validate

from barycenter_jobs.graphql.schema import schema
from barycenter_jobs.web import playground
from barycenter_jobs.web.playground import HEADERS, assets, page, takes_gzip

FOLDER = Path(playground.__file__).with_name("graphiql")
ONE_MEGABYTE = 1_000_000


class Page(HTMLParser):
    """The elements that a browser would make of a page, with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def addresses(self) -> set[str]:
        """Return what the page loads."""
        named = {attributes.get("src") or attributes.get("href") for _, attributes in self.elements}
        return {address for address in named if address and not address.startswith("data:")}


def examples() -> str:
    """The document with which the editor starts."""
    script = next(asset for asset in assets().values() if asset.file == "start.js").text()
    (document,) = re.findall(r"const EXAMPLES = `(.*?)`;", script, re.DOTALL)
    return str(document)


@pytest.mark.parametrize("here", ["", "../"])
def test_the_page_loads_files_that_there_are_by_relative_addresses(here: str) -> None:
    assert Page(page(here)).addresses() == {f"{here}playground/{name}" for name in assets()}


@pytest.mark.parametrize("here", ["", "../"])
def test_the_page_asks_its_own_server(here: str) -> None:
    ((_, body),) = [element for element in Page(page(here)).elements if element[0] == "body"]

    assert body["data-endpoint"] == f"{here}jobs"
    assert "//" not in page(here)


def test_the_page_says_so_where_introspection_is_off() -> None:
    assert "Introspection is off on this server" in page(introspection=False)
    assert 'data-introspection="off"' in page(introspection=False)
    assert "Introspection is off" not in page()
    assert 'data-introspection="on"' in page()


def test_the_policy_allows_nothing_but_its_own_server_and_no_script_or_style_in_the_page() -> None:
    policy = dict(part.strip().split(" ", 1) for part in HEADERS["content-security-policy"].split(";"))

    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["connect-src"] == "'self'"
    assert re.fullmatch(r"'self' 'sha256-[\w+/=]{44}'", policy["style-src"])
    assert policy["base-uri"] == policy["form-action"] == policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in HEADERS["content-security-policy"]
    names = {name for _, attributes in Page(page()).elements for name in attributes}
    assert not {name for name in names if name == "style" or name.startswith("on")}
    assert "style" not in {tag for tag, _ in Page(page()).elements}


def test_browsers_neither_guess_its_type_nor_tell_anybody_about_it() -> None:
    assert HEADERS["x-content-type-options"] == "nosniff"
    assert HEADERS["referrer-policy"] == "no-referrer"


def test_a_file_may_be_kept_for_ever_because_its_name_changes_with_it() -> None:
    for name, asset in assets().items():
        stem, _, suffix = asset.file.rpartition(".")
        assert re.fullmatch(rf"{stem}-[0-9a-f]{{16}}\.{suffix}", name)
        assert "immutable" in asset.headers(zipped=True)["cache-control"]
        assert asset.headers(zipped=True)["vary"] == "accept-encoding"


def test_a_file_is_the_same_in_gzip_and_without() -> None:
    for asset in assets().values():
        assert gzip.decompress(asset.zipped).decode() == asset.text()
        assert asset.headers(zipped=True)["content-encoding"] == "gzip"
        assert "content-encoding" not in asset.headers(zipped=False)


@pytest.mark.parametrize(
    ("accept_encoding", "taken"),
    [
        ("gzip, deflate, br", True),
        ("GZIP", True),
        ("br;q=1.0, gzip;q=0.5", True),
        ("*", True),
        ("gzip;q=0", False),
        ("*, gzip;q=0.000", False),
        ("gzip;q=0.001", True),
        ("br", False),
        ("identity", False),
        ("", False),
    ],
)
def test_gzip_is_sent_to_those_who_take_it(accept_encoding: str, taken: bool) -> None:
    assert takes_gzip(accept_encoding) is taken


def test_what_is_vendored_is_what_its_readme_says() -> None:
    readme = (FOLDER / "README.md").read_text()
    for name in ("graphiql.js", "graphiql.css"):
        content = gzip.decompress((FOLDER / f"{name}.gz").read_bytes())
        assert f"{len(content):,} bytes" in readme
        assert hashlib.sha256(content).hexdigest() in readme


def test_it_is_light_enough_for_a_layer() -> None:
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < ONE_MEGABYTE / 2


def test_nothing_that_is_vendored_evaluates_text_or_loads_from_elsewhere() -> None:
    for asset in assets().values():
        text = asset.text()
        assert not re.findall(r"\bnew Function\b|\beval\(|\bimportScripts\(|@import|sourceMappingURL", text)
        if asset.file.endswith(".css"):
            assert not re.findall(r"url\((?!data:)", text)


def test_every_example_is_valid_and_has_a_name() -> None:
    document = parse(examples())

    assert validate(schema(), document) == []
    names = [one.name for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    assert len(names) > 3
    assert all(names)


def test_the_mutation_among_the_examples_deletes_nothing() -> None:
    assert re.findall(r"triggerJob\(.*?\)", examples()) == [
        'triggerJob(jobName: "cleanup_expired_sessions", dryRun: true, reason: "to try it")'
    ]
