"""Each built function in Lambda's own runtime client, under AWS's runtime interface emulator."""

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
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from urllib.error import URLError

import pytest

from barycenter_jobs.adapters.dynamodb.execution_log import DynamoDBExecutionLog
from barycenter_jobs.core.executions import Start, Status, Trigger, TriggerKind
from barycenter_jobs.core.expiry import expiry_shard
from barycenter_jobs.core.jobs import JOBS, SESSIONS
from barycenter_jobs.core.pacing import Backoff
from barycenter_jobs.operations.close_dead_runs import CloseDeadRuns
from tests.cloud import SAM_PYTHON
from tests.e2e.conftest import SAM
from tests.engine import client, create_table
from tests.functions.loading import sample, samples
from tests.functions.test_sample_events import ANSWERED, folder
from tests.permissions.policies import environment, function_name

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

TABLES = [*(job.kind.name for job in JOBS), "job_executions"]


def emulator() -> Path | None:
    """Return AWS's emulator of the runtime interface, which the SAM CLI brings, for this processor."""
    kind = {"aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "x86_64")
    found = list(SAM.parents[1].glob(f"lib/python3*/site-packages/samcli/local/rapid/aws-lambda-rie-{kind}"))
    return found[0] if found else None


@dataclass(frozen=True)
class Runtime:
    """A function that waits for invocations."""

    address: str

    def __call__(self, event: object) -> str:
        data = json.dumps(event).encode()
        path = "/2015-03-31/functions/function/invocations"
        with urllib.request.urlopen(f"{self.address}{path}", data, timeout=60) as answer:  # noqa: S310
            body: bytes = answer.read()
            return body.decode()


@pytest.fixture(scope="module")
def rie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The emulator, in a place from where it may be run."""
    found = emulator()
    if found is None or not SAM_PYTHON.exists():
        pytest.skip("the SAM CLI, which brings the runtime interface emulator, is not set up: run `make e2e`")
    copy = tmp_path_factory.mktemp("rie") / found.name
    copy.write_bytes(found.read_bytes())
    copy.chmod(0o755)
    return copy


@pytest.fixture
def tables(engine: str) -> Iterator[None]:
    """The stack's tables, under their own names, empty."""
    for name in TABLES:
        create_table(client(engine), name, name)
    yield
    for name in TABLES:
        client(engine).delete_table(TableName=name)


@contextmanager
def running(rie: Path, built: Path, of: str, endpoint: str, *, seconds: int = 60) -> Iterator[Runtime]:
    """Run a built function for as long as the block lasts; it may take so many seconds for an event."""
    ports = [_free_port(), _free_port()]
    code = built / function_name(of)
    layers = [built / name / "python" for name in ("DependenciesLayer", "JobsLayer")]
    variables = {
        **environment(of),
        "PATH": os.defpath,
        "PYTHONPATH": os.pathsep.join(map(str, [code, *layers])),
        "LAMBDA_TASK_ROOT": str(code),
        "AWS_LAMBDA_FUNCTION_NAME": of,
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(seconds),
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "DYNAMODB_ENDPOINT_URL": endpoint,
        "LAMBDA_ENDPOINT_URL": endpoint,
        "EVENT_BUS_NAME": "",
    }
    process = subprocess.Popen(
        [
            *(rie, "--log-level", "error"),
            *("--runtime-interface-emulator-address", f"127.0.0.1:{ports[0]}"),
            *("--runtime-api-address", f"127.0.0.1:{ports[1]}"),
            *(SAM_PYTHON, "-m", "awslambdaric", "app.handler"),
        ],
        env=variables,
        cwd=code,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # it has a child, which has to go with it
    )
    try:
        _wait_for(ports[0])
        yield Runtime(f"http://127.0.0.1:{ports[0]}")
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


def log_in(endpoint: str) -> DynamoDBExecutionLog:
    backoff = Backoff(sleep=lambda _seconds: None, random=lambda: 0.5)
    return DynamoDBExecutionLog(
        "job_executions", retention=timedelta(days=90), backoff=backoff, endpoint_url=endpoint
    )


EVENTS = {folder(name): name for name in samples() if not name.startswith(("trigger", "stepfunctions"))}
# The embedded engine invokes nothing, so of the APIs a question is asked.
EVENTS |= {"graphql_resolver": "appsync_job_logs", "http_api": "httpapi_job_logs"}


@pytest.mark.parametrize("of", sorted(EVENTS))
@pytest.mark.usefixtures("tables")
def test_a_built_function_answers_its_sample_event(of: str, rie: Path, built: Path, engine: str) -> None:
    with running(rie, built, of, engine) as invoke:
        answer = json.loads(invoke(sample(EVENTS[of])))

    assert ANSWERED[EVENTS[of].partition("_")[0]](answer), answer


@dataclass
class Stalling:
    """A way to the engine that forwards requests, and leaves deletes without an answer."""

    engine: str
    over: Event = field(default_factory=Event)

    @contextmanager
    def listening(self) -> Iterator[str]:
        way = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if "DeleteItem" in self.headers["X-Amz-Target"]:
                    way.over.wait(30)
                    return
                engine = http.client.HTTPConnection(way.engine.removeprefix("http://"))
                headers = {name: value for name, value in self.headers.items() if name != "Host"}
                engine.request("POST", "/", body, headers)
                answer = engine.getresponse()
                said = answer.read()
                self.send_response(answer.status)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)
                engine.close()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        thread = Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            self.over.set()
            server.shutdown()
            server.server_close()
            thread.join()


@pytest.mark.usefixtures("tables")
def test_a_run_that_lambda_cuts_off_leaves_a_record_that_the_watchdog_closes(
    rie: Path, built: Path, engine: str
) -> None:
    item = {
        "session_id": {"S": "expired"},
        "expires_at": {"N": "1"},
        "expiry_shard": {"N": str(expiry_shard("expired"))},
    }
    client(engine).put_item(TableName="sessions", Item=item)

    with (
        Stalling(engine).listening() as stalling,
        running(rie, built, "cleanup_sessions", stalling, seconds=8) as invoke,
    ):
        answer = invoke(sample("eventbridge_cleanup_sessions"))

    assert "Task timed out after 8.00 seconds" in answer
    log = log_in(engine)
    (left,) = log.running()
    assert left.job_name == SESSIONS.name
    later = datetime.now(UTC) + timedelta(minutes=2)
    CloseDeadRuns(log, lambda: later)()
    closed = log.get(left.id)
    assert closed is not None
    assert closed.status is Status.TIMEOUT
    again = Start(SESSIONS, Trigger(TriggerKind.SCHEDULE), left.delivery_id, worker="worker-2")
    assert log.start(again, later).attempt_number == 2
