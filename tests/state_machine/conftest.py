"""The template's state machine on ministack's Step Functions, with a scripted cleanup as its function."""

from __future__ import annotations

import io
import itertools
import json
import os
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from console.local_stack.engine import ENGINE_PYTHON
from tests.template.reading import share_out

FOLDER = Path(__file__).parent
FUNCTION = "CleanupSessionsFunction"
_DEADLINE_SECONDS = 90
_numbers = itertools.count(17)


@dataclass(frozen=True)
class Note:
    """One invocation, as the function wrote it down."""

    event: dict[str, Any]
    started: float
    ended: float
    outcome: str


@dataclass(frozen=True)
class Outcome:
    """An execution that has ended: what Step Functions says of it, and what the function saw."""

    status: str
    output: Any
    error: str | None
    history: list[dict[str, Any]]
    parts: dict[int | str, list[Note]]
    closings: list[Note]


Run = Callable[..., Outcome]


@pytest.fixture(scope="session")
def step_functions(tmp_path_factory: pytest.TempPathFactory, _made_up_credentials: None) -> Iterator[Run]:
    """A runner of the template's own state machine: `run(parts, {part: [outcomes], "close": [...]})`."""
    folder = tmp_path_factory.mktemp("invocations")
    with _engine(tmp_path_factory.mktemp("engine")) as endpoint:
        functions = boto3.client("lambda", endpoint_url=endpoint)
        functions.create_function(
            FunctionName=FUNCTION,
            Runtime="provided.al2023",
            Role="arn:aws:iam::000000000000:role/any",
            Handler="bootstrap",
            Code={"ZipFile": _zipped("scripted_cleanup.py")},
            Timeout=30,
            Environment={"Variables": {"FOLDER": str(folder)}},
        )
        machines = boto3.client("stepfunctions", endpoint_url=endpoint)
        machine = machines.create_state_machine(
            name="local-share-out",
            definition=json.dumps(share_out()),
            roleArn="arn:aws:iam::000000000000:role/any",
        )["stateMachineArn"]

        def run(
            parts: Sequence[int | str], script: Mapping[int | str, object] | None = None, concurrency: int = 8
        ) -> Outcome:
            execution_id = str(next(_numbers))
            (folder / execution_id).mkdir()
            (folder / execution_id / "script.json").write_text(json.dumps(script or {}))
            arn = machines.start_execution(
                stateMachineArn=machine,
                name=f"cleanup_expired_sessions-{execution_id}",
                input=json.dumps(
                    {
                        "function": FUNCTION,
                        "executionId": execution_id,
                        "parts": list(parts),
                        "concurrency": concurrency,
                    }
                ),
            )["executionArn"]
            deadline = time.monotonic() + _DEADLINE_SECONDS
            while (described := machines.describe_execution(executionArn=arn))["status"] == "RUNNING":
                assert time.monotonic() < deadline, "the execution did not end"
                time.sleep(0.05)
            history = machines.get_execution_history(executionArn=arn, maxResults=1000)["events"]
            notes = {
                path.stem: [Note(**json.loads(line)) for line in path.read_text().splitlines()]
                for path in (folder / execution_id).glob("*.jsonl")
            }
            closings = notes.pop("close", [])
            by_part = {invocations[0].event["detail"]["part"]: invocations for invocations in notes.values()}
            return Outcome(
                status=described["status"],
                output=json.loads(described.get("output") or "null"),
                error=described.get("error"),
                history=[dict(event) for event in history],
                parts={part: by_part[part] for part in sorted(by_part)},
                closings=closings,
            )

        yield run


@contextmanager
def _engine(folder: Path) -> Iterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        port = listener.getsockname()[1]
        process = subprocess.Popen(
            [ENGINE_PYTHON, "-P", "-s", FOLDER / "engine_process.py", str(listener.fileno())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=[listener.fileno()],
            start_new_session=True,
            env={
                "PATH": os.defpath,
                "TMPDIR": str(folder),
                "LOG_LEVEL": "ERROR",
                "SERVICES": "lambda,stepfunctions",
                "GATEWAY_PORT": str(port),
                "BIND_HOST": "127.0.0.1",
                # The engine knows neither jitter nor MaxDelaySeconds, so that its waits would prove nothing.
                "SFN_WAIT_SCALE": "0",
            },
        )
    with process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == b"ready\n"
        yield f"http://127.0.0.1:{port}"
        process.stdin.close()


def _zipped(name: str) -> bytes:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        bootstrap = zipfile.ZipInfo("bootstrap")
        bootstrap.external_attr = 0o755 << 16
        archive.writestr(bootstrap, f"#!{sys.executable}\n{(FOLDER / name).read_text()}")
    return code.getvalue()
