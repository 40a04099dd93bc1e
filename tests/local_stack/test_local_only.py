"""Who may talk to a server on this machine: no web page from elsewhere."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from console.local_stack.local_only import LocalOnly

OWN = "localhost:8081"
EVIL = "http://evil.example"
# Content types that a page may send across origins without asking first, and none at all.
SIMPLE_TYPES = ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", None]


def status(
    method: str, path: str = "/api/executions/clear", *headers: tuple[str, str], port: int = 8081
) -> int:
    """Return the status of the answer to a request with exactly these headers."""
    reached = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        reached.append(scope["path"])
        await PlainTextResponse("done")(scope, receive, send)

    async def ask() -> int:
        transport = httpx.ASGITransport(LocalOnly(app, port))
        async with httpx.AsyncClient(transport=transport, base_url="http://unused", headers=[]) as client:
            request = httpx.Request(method, f"http://unused{path}", headers=list(headers))
            if not any(name == "host" for name, _ in headers):
                del request.headers["host"]
            return (await client.send(request)).status_code

    answer = asyncio.run(ask())
    assert (answer == 200) == bool(reached)
    return answer


@pytest.mark.parametrize("host", [OWN, "127.0.0.1:8081", "[::1]:8081", "LOCALHOST:8081"])
def test_a_program_on_this_machine_may_read_and_act(host: str) -> None:
    assert status("GET", "/", ("host", host)) == 200
    assert status("POST", "/admin/jobs", ("host", host)) == 200


def test_a_host_needs_no_port_where_it_is_http_s_own() -> None:
    assert status("GET", "/", ("host", "localhost"), port=80) == 200
    assert status("GET", "/", ("host", "localhost")) == 403


@pytest.mark.parametrize(
    "host",
    [
        "evil.example:8081",
        "evil.example",
        "localhost:8082",
        "localhost.evil.example:8081",
        "127.0.0.1",
        "",
        "0",
    ],
)
def test_a_name_that_was_made_to_resolve_to_this_machine_is_refused(host: str) -> None:
    for method in ("GET", "POST", "OPTIONS"):
        assert status(method, "/", ("host", host)) == 403


def test_a_request_for_no_host_or_for_two_is_refused() -> None:
    assert status("GET", "/") == 403
    assert status("GET", "/", ("host", OWN), ("host", "evil.example:8081")) == 403
    assert status("GET", "/", ("host", "evil.example:8081"), ("host", OWN)) == 403


@pytest.mark.parametrize(
    "origin",
    [EVIL, "null", "", "https://localhost:8081", "http://localhost", "http://localhost:3000", f"{EVIL}:8081"],
)
@pytest.mark.parametrize("content_type", SIMPLE_TYPES)
def test_a_form_or_script_of_another_origin_is_refused(origin: str, content_type: str | None) -> None:
    sent = [("host", OWN), ("origin", origin)] + ([("content-type", content_type)] if content_type else [])

    assert status("POST", "/api/executions/clear", *sent) == 403
    assert status("GET", "/admin/jobs", *sent) == 403


def test_one_good_origin_does_not_hide_a_bad_one() -> None:
    assert status("POST", "/", ("host", OWN), ("origin", f"http://{OWN}"), ("origin", EVIL)) == 403
    assert status("POST", "/", ("host", OWN), ("origin", f"http://{OWN}")) == 200


def test_no_other_origin_is_told_that_it_may_ask() -> None:
    asked = ("access-control-request-method", "POST")

    assert status("OPTIONS", "/admin/jobs", ("host", OWN), ("origin", EVIL), asked) == 403


# Another port of this machine is the same site, and another program's.
@pytest.mark.parametrize("site", ["cross-site", "same-site", "", "anything-new"])
def test_a_page_of_another_site_that_sends_no_origin_is_refused(site: str) -> None:
    for method in ("GET", "HEAD", "POST"):
        assert status(method, "/", ("host", OWN), ("sec-fetch-site", site)) == 403


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_our_own_pages_and_what_people_type_are_let_through(site: str) -> None:
    for method in ("GET", "POST"):
        assert status(method, "/", ("host", OWN), ("sec-fetch-site", site)) == 200


def navigation(dest: str) -> list[tuple[str, str]]:
    """What a browser tells of a page that another site has it open."""
    return [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", dest)]


def test_a_link_from_another_site_may_be_followed_but_not_framed_and_not_posted_along() -> None:
    assert status("GET", "/", ("host", OWN), *navigation("document")) == 200
    assert status("GET", "/", ("host", OWN), *navigation("iframe")) == 403
    assert status("POST", "/", ("host", OWN), *navigation("document")) == 403


@pytest.mark.parametrize(
    "referer", [f"{EVIL}/page", "http://localhost:3000/", "https://localhost:8081/", "x", ""]
)
def test_an_old_browser_that_tells_only_the_referring_page_may_not_act_for_it(referer: str) -> None:
    assert status("POST", "/", ("host", OWN), ("referer", referer)) == 403
    assert status("GET", "/", ("host", OWN), ("referer", referer)) == 200


def test_an_old_browser_may_act_for_our_own_page() -> None:
    assert status("POST", "/", ("host", OWN), ("referer", f"http://{OWN}/admin/jobs/playground")) == 200
