"""Lambda's own runtime client under AWS's runtime interface emulator, on the Python of the template."""

from __future__ import annotations

import http.client
import json
import os
import platform
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any
from urllib.error import URLError

from tests.cloud import SAM_PYTHON
from tests.e2e.conftest import SAM
from tests.permissions.policies import environment, function_name
from tests.template.reading import template

Json = dict[str, Any]

LAYERS = ("DependenciesLayer", "JobsLayer")
TOO_LATE = "Task timed out after"


def emulator() -> Path | None:
    """Return AWS's emulator of the runtime interface, which the SAM CLI brings, for this processor."""
    kind = {"aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "x86_64")
    found = list(SAM.parents[1].glob(f"lib/python3*/site-packages/samcli/local/rapid/aws-lambda-rie-{kind}"))
    return found[0] if found else None


def version_of(python: Path) -> str:
    """Return which Python this is, as Lambda names its runtimes."""
    said = subprocess.run(
        [python, "-c", "import sys; print('python%d.%d' % sys.version_info[:2])"],
        capture_output=True,
        text=True,
        check=True,
    )
    return said.stdout.strip()


def version_wanted() -> str:
    """Return the runtime of the template's functions."""
    wanted: str = template()["Globals"]["Function"]["Runtime"]
    return wanted


@dataclass(frozen=True)
class Runtime:
    """A function that waits for invocations, and what it has written to its log."""

    address: str
    _log: Path

    def __call__(self, event: object) -> Any:  # noqa: ANN401 - any JSON
        """Return the answer to an event, or the text in its place where Lambda has cut the function off."""
        data = json.dumps(event).encode()
        path = "/2015-03-31/functions/function/invocations"
        with urllib.request.urlopen(f"{self.address}{path}", data, timeout=60) as answer:  # noqa: S310
            said = answer.read().decode()
        return said if said.startswith(TOO_LATE) else json.loads(said)

    @property
    def log(self) -> str:
        return self._log.read_text()

    def logged(self, message: str) -> list[Json]:
        """Return the structured lines of the log that say so."""
        lines = [json.loads(line) for line in self.log.splitlines() if line.startswith("{")]
        return [line for line in lines if line.get("message") == message]


@contextmanager
def running(
    rie: Path, built: Path, of: str, folder: Path, variables: dict[str, str], *, seconds: int = 60
) -> Iterator[Runtime]:
    """Run a built function for as long as the block lasts; it may take so many seconds for an event."""
    ports = [_free_port(), _free_port()]
    code = built / function_name(of)
    given = {
        **environment(of, {}),
        "PATH": os.defpath,
        "PYTHONPATH": os.pathsep.join([str(code), *(str(built / layer / "python") for layer in LAYERS)]),
        "LAMBDA_TASK_ROOT": str(code),
        "AWS_LAMBDA_FUNCTION_NAME": of,
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(seconds),
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        **variables,
    }
    with (folder / f"{of}.log").open("ab") as log:
        process = subprocess.Popen(
            [
                *(rie, "--log-level", "error"),
                *("--runtime-interface-emulator-address", f"127.0.0.1:{ports[0]}"),
                *("--runtime-api-address", f"127.0.0.1:{ports[1]}"),
                *(SAM_PYTHON, "-m", "awslambdaric", "app.handler"),
            ],
            env=given,
            cwd=code,
            stdout=log,
            stderr=log,
            start_new_session=True,  # it has a child, which has to go with it
        )
        try:
            _wait_for(ports[0])
            yield Runtime(f"http://127.0.0.1:{ports[0]}", folder / f"{of}.log")
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _wait_for(port: int) -> None:
    for _ in range(100):
        with socket.socket() as caller:
            if caller.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise URLError("the runtime interface emulator did not start")


@dataclass
class Surroundings:
    """What is around a function: it forwards to the engine, and is Lambda for who invokes another.

    Requests whose action or path has `stall` in it never arrive and get no answer, until that is `over`.
    """

    engine: str
    stall: str = ""
    over: Event = field(default_factory=Event)
    invoked: list[tuple[str, Json]] = field(default_factory=list)

    @contextmanager
    def listening(self) -> Iterator[dict[str, str]]:
        """Yield the variables that lead a function here."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        server.daemon_threads = True
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}"
        try:
            yield {"DYNAMODB_ENDPOINT_URL": address, "LAMBDA_ENDPOINT_URL": address}
        finally:
            self.over.set()
            server.shutdown()
            server.server_close()
            thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        around = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                action = self.headers.get("X-Amz-Target")
                if around.stall and around.stall in (action or self.path) and not around.over.is_set():
                    around.over.wait(30)
                    return
                self._answer(*(around.forwarded(self, body) if action else around.took(self.path, body)))

            def _answer(self, status: int, said: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        return Handler

    def forwarded(self, request: BaseHTTPRequestHandler, body: bytes) -> tuple[int, bytes]:
        engine = http.client.HTTPConnection(self.engine.removeprefix("http://"))
        headers = {name: value for name, value in request.headers.items() if name != "Host"}
        engine.request("POST", "/", body, headers)
        answer = engine.getresponse()
        said = answer.read()
        engine.close()
        return answer.status, said

    def took(self, path: str, body: bytes) -> tuple[int, bytes]:
        self.invoked.append((path.split("/")[3], json.loads(body)))
        return 202, b""
