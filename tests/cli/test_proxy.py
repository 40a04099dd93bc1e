"""`barycenter-jobs proxy` as a process: what goes on, what comes back, and who may use it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from console.checkout import REPOSITORY
from tests.cli.operator import NOBODY, Operator
from tests.cli.served import Answer, Served, served
from tests.cli.signatures import signed_for
from tests.graphql.service import service

_SOCKETS = Path("/proc/net/tcp")
QUERY = {"query": "{ availableJobs { name } }"}


@dataclass
class RunningProxy:
    """A proxy that is ready."""

    process: subprocess.Popen[str]
    url: str
    errors: Path

    @property
    def port(self) -> int:
        return httpx.URL(self.url).port or 0


@contextmanager
def running(folder: Path, *options: str, **more: str) -> Iterator[RunningProxy]:
    kept = {name: value for name, value in os.environ.items() if name not in NOBODY}
    with (
        (folder / "errors").open("w") as errors,
        subprocess.Popen(
            [sys.executable, "-m", "console.cli", "proxy", "--port", "0", "--json", *options],
            cwd=REPOSITORY,
            env=kept | more,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        assert process.stdout is not None
        try:
            yield RunningProxy(process, json.loads(process.stdout.readline())["url"], folder / "errors")
        finally:
            process.kill()


@pytest.fixture(scope="module")
def upstream() -> Iterator[Served]:
    """What is behind the proxy."""
    with served() as server:
        yield server


@pytest.fixture(scope="module")
def proxy(upstream: Served, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProxy]:
    """A proxy that signs."""
    with running(tmp_path_factory.mktemp("proxy"), "--endpoint", upstream.url, "--sign") as started:
        yield started
        started.process.send_signal(signal.SIGINT)
        assert started.process.wait(60) == 0
        assert "Traceback" not in started.errors.read_text()


@pytest.fixture(autouse=True)
def _fresh(upstream: Served) -> None:
    upstream.requests.clear()
    upstream.answers.clear()
    upstream.always = None
    upstream.operations = service()


def test_a_documented_request_works_unchanged_and_is_signed(proxy: RunningProxy, upstream: Served) -> None:
    response = httpx.post(f"{proxy.url}/admin/jobs", json=QUERY)

    assert response.status_code == 200
    assert len(response.json()["data"]["availableJobs"]) == 4
    assert signed_for(upstream.requests[-1]) == ("execute-api", "us-east-1")


@pytest.mark.parametrize(
    "target",
    [
        "/api/executions?limit=3&since=2026-02-14T00:00:00%2B01:00",
        "/admin/jobs?query={jobLogs(limit:1){id+status}}",
        "/admin/jobs?query=%7B+availableJobs+%7B+name+%7D+%7D&variables=%7B%7D",
        "/api/executions?job_id=&flag",
        "/api/executions/42",
    ],
)
def test_whatever_is_asked_is_signed_as_amazon_computes_it(
    proxy: RunningProxy, upstream: Served, target: str
) -> None:
    with socket.create_connection(("127.0.0.1", proxy.port)) as connection:
        connection.sendall(
            f"GET {target} HTTP/1.1\r\nHost: localhost:{proxy.port}\r\nConnection: close\r\n\r\n".encode()
        )
        answered = b"".join(iter(lambda: connection.recv(4096), b""))

    received = upstream.requests[-1]
    assert signed_for(received) == ("execute-api", "us-east-1")
    query = target.partition("?")[2]
    assert dict(httpx.QueryParams(received.target.partition("?")[2])) == dict(httpx.QueryParams(query))
    assert answered.startswith((b"HTTP/1.1 200", b"HTTP/1.1 400"))


def test_a_body_and_its_type_go_on_as_they_are(proxy: RunningProxy, upstream: Served) -> None:
    upstream.always = Answer(201, b"\x00\xff\r\n", {"content-type": "application/x-thing", "x-own": "yes"})
    body = bytes(range(256)) * 40

    response = httpx.put(f"{proxy.url}/api/x", content=body, headers={"content-type": "text/weird"})

    received = upstream.requests[-1]
    assert (received.method, received.body, received.header("content-type")) == ("PUT", body, "text/weird")
    signed_for(received)
    assert (response.status_code, response.content) == (201, b"\x00\xff\r\n")
    assert (response.headers["content-type"], response.headers["x-own"]) == ("application/x-thing", "yes")


def test_a_packed_answer_stays_packed(proxy: RunningProxy, upstream: Served) -> None:
    upstream.always = Answer(200, b"\x1f\x8bnot really", {"content-encoding": "gzip"})

    with httpx.stream("GET", f"{proxy.url}/x") as response:
        raw = b"".join(response.iter_raw())

    assert raw == b"\x1f\x8bnot really"
    assert response.headers["content-encoding"] == "gzip"


@pytest.mark.parametrize("status", [204, 304, 400, 404, 405, 429, 500, 503])
def test_the_status_of_the_api_comes_back(proxy: RunningProxy, upstream: Served, status: int) -> None:
    upstream.always = Answer(status, b"" if status in (204, 304) else b"why", {"retry-after": "9"})

    response = httpx.get(f"{proxy.url}/x")

    assert response.status_code == status
    assert response.headers["retry-after"] == "9"
    assert response.headers.get_list("date") != []
    assert len(response.headers.get_list("date")) == 1


def test_headers_of_a_connection_end_with_it(proxy: RunningProxy, upstream: Served) -> None:
    upstream.always = Answer(200, b"", {"connection": "x-hop", "x-hop": "1", "proxy-authenticate": "Basic"})
    headers = {
        "connection": "keep-alive, x-mine",
        "x-mine": "1",
        "te": "trailers",
        "keep-alive": "timeout=5",
        "proxy-authorization": "Basic eA==",
        "x-kept": "2",
        "authorization": "Bearer somebody-else",
        "cookie": "a=b",
        "origin": proxy.url,
        "referer": f"{proxy.url}/",
    }

    response = httpx.get(f"{proxy.url}/x", headers=headers)

    sent = {name.lower() for name, _ in upstream.requests[-1].headers}
    assert not sent & {"x-mine", "te", "keep-alive", "proxy-authorization", "origin", "referer"}
    assert {"x-kept", "cookie"} <= sent
    assert (upstream.requests[-1].header("authorization") or "").startswith("AWS4-HMAC-SHA256 ")
    assert upstream.requests[-1].header("host") == httpx.URL(upstream.url).netloc.decode()
    assert not {"x-hop", "proxy-authenticate"} & set(response.headers)


def test_a_way_to_the_api_itself_leads_through_the_proxy(proxy: RunningProxy, upstream: Served) -> None:
    for there, here in [
        (f"{upstream.url}/admin/jobs/playground", "/admin/jobs/playground"),
        ("/relative", "/relative"),
        ("https://issuer.example.com/login", "https://issuer.example.com/login"),
        (f"{upstream.url}1/other", f"{upstream.url}1/other"),
    ]:
        upstream.always = Answer(302, b"", {"location": there})
        assert httpx.get(f"{proxy.url}/").headers["location"] == here


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example.com"},
        {"host": "localhost:1"},
        {"origin": "https://evil.example.com"},
        {"origin": "null"},
    ],
)
def test_pages_from_elsewhere_are_refused_and_nothing_goes_on(
    proxy: RunningProxy, upstream: Served, headers: dict[str, str]
) -> None:
    response = httpx.post(f"{proxy.url}/admin/jobs", json=QUERY, headers=headers)

    assert response.status_code == 403
    assert "Refused: this server" in response.json()["message"]
    assert upstream.requests == []


@pytest.mark.skipif(not _SOCKETS.exists(), reason="the system does not list its sockets there")
def test_it_listens_on_this_machine_only(proxy: RunningProxy) -> None:
    listening = _SOCKETS.read_text()
    own = [
        line.split()[1] for line in listening.splitlines() if line.split()[1].endswith(f":{proxy.port:04X}")
    ]

    assert "0100007F" in {address.split(":")[0] for address in own}
    assert "00000000" not in {address.split(":")[0] for address in own}


def test_a_request_that_is_too_large_is_refused(proxy: RunningProxy, upstream: Served) -> None:
    response = httpx.post(f"{proxy.url}/x", content=b"x" * (10 * 1024 * 1024 + 1))

    assert response.status_code == 413
    assert upstream.requests == []


def test_a_cut_connection_is_said_to_be_one(proxy: RunningProxy, upstream: Served) -> None:
    upstream.always = Answer(cut=True)

    response = httpx.get(f"{proxy.url}/x")

    assert response.status_code == 502
    assert response.json() == {"message": f"The proxy: {upstream.url} cut the connection"}
    assert f"GET /x: {upstream.url} cut the connection\n" in proxy.errors.read_text()


def test_an_api_that_is_not_there_is_said_not_to_be(tmp_path: Path) -> None:
    with running(tmp_path, "--endpoint", "http://127.0.0.1:1") as started:
        response = httpx.get(f"{started.url}/x")

    assert response.status_code == 502
    assert response.json() == {"message": "The proxy: http://127.0.0.1:1 cannot be reached"}
    assert "Warning: Nothing answers at http://127.0.0.1:1." in started.errors.read_text()


def test_a_refusal_is_told_at_once_and_where_to_look(tmp_path: Path, upstream: Served) -> None:
    upstream.always = Answer(403, {"message": "Forbidden"})

    with running(tmp_path, "--endpoint", upstream.url, "--token", "t0k3n") as started:
        response = httpx.post(f"{started.url}/admin/jobs", json=QUERY)

    assert (response.status_code, response.json()) == (403, {"message": "Forbidden"})
    assert upstream.requests[-1].header("authorization") == "Bearer t0k3n"
    errors = started.errors.read_text()
    assert "answered 403 (Forbidden). Get a new token" in errors
    assert "`barycenter-jobs doctor` looks for the reason" in errors
    assert "t0k3n" not in errors


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--host", "0.0.0.0", "--stack", "prod"], "listens on 127.0.0.1 and not on 0.0.0.0."),  # noqa: S104 - refused
        (["--host", "192.168.1.4", "--stack", "prod"], "listens on 127.0.0.1"),
        (["--host", "::", "--stack", "prod"], "listens on 127.0.0.1"),
        ([], "Name what to put here: --stack NAME or --endpoint URL."),
        (["--endpoint", "http://127.0.0.1:8081"], "is where the proxy itself would be. Name another --port."),
        (["--port", "70000", "--stack", "prod"], "70000 is not in the range"),
    ],
)
def test_it_refuses_to_be_put_elsewhere(arguments: list[str], message: str) -> None:
    result = Operator("").run("proxy", *arguments, BARYCENTER_JOBS_ENDPOINT=None)

    assert result.exit_code == 2
    assert message in result.stderr


def test_a_port_that_is_taken_is_told(proxy: RunningProxy, upstream: Served) -> None:
    result = Operator("").run(
        "proxy", "--port", str(proxy.port), "--endpoint", upstream.url, BARYCENTER_JOBS_ENDPOINT=None
    )

    assert result.exit_code == 1
    assert result.stderr == (
        f"Error: Port {proxy.port} on 127.0.0.1 is in use. Choose another one with --port.\n"
    )
