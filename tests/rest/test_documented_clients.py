"""The clients that the specification documents, run unchanged against a local stack but for the port."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest

from tests.local_stack.processes import StackProcess, quiet_stack

PAGE = Path(__file__).with_name("documented_clients.md").read_text()
# What a web page gives a script, as far as the documented one asks for it: it is run once, as by a timer.
BROWSER = """
const elements = {}, shown = {};
globalThis.document = { getElementById: (id) => (elements[id] ??= {}) };
const ask = globalThis.fetch;
globalThis.fetch = (path) => ask(new URL(path, process.argv[2]));
globalThis.updateHandlerChart = (handlers) => { shown.handlers = handlers; };
globalThis.updateErrorList = (errors) => { shown.errors = errors; };
const timers = [];
globalThis.setInterval = (work, every) => timers.push([every, work]);
%s
Promise.all(timers.map(([, work]) => work())).then(() => {
  const texts = Object.fromEntries(Object.entries(elements).map(([id, each]) => [id, each.textContent]));
  console.log(JSON.stringify({ every: timers.map(([every]) => every), texts, ...shown }));
});
"""


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


# What each command answers first, in the order of the page; None where its names find nothing here.
EXPECTED: list[Callable[[Any], bool] | None] = [
    lambda page: (page["limit"], page["records"]) == (50, []),
    lambda page: {record["handler_id"] for record in page["records"]} == {"cleanup_device_codes"},
    lambda page: page["records"] == [],
    lambda stats: stats["total_executions"] >= 2,
    lambda page: page["limit"] == 20 and page["count"] == len(page["errors"]) > 0,
    lambda cleared: cleared["status"] == "success" and cleared["records_cleared"] > 0,
    lambda rate: 0 < rate < 100,
    lambda handlers: [each["key"] for each in handlers] == ["cleanup_device_codes"],
    None,
    lambda page: page["count"] == 0,
    lambda slowest: len(slowest) > 0,
    lambda handlers: {each["handler"] for each in handlers} >= {"cleanup_sessions"},
    lambda page: (page["limit"], page["count"]) == (1000, 0),
    lambda record: record["handler_id"] in ("cleanup_sessions", "cleanup_device_codes"),
]
COMMANDS = [command for block in blocks("bash") for command in re.split(r"\n\n", block.strip())]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackProcess]:
    """A stack in which device codes cannot be cleaned up, since their table is gone."""
    with quiet_stack(tmp_path_factory.mktemp("stack")) as stack:
        tables = boto3.client("dynamodb", endpoint_url=stack.addresses["DynamoDB engine"])
        tables.delete_table(TableName="device_codes")
        yield stack


@pytest.fixture
def address(stack: StackProcess) -> str:
    """The address of that stack, in which a run has succeeded lately and another has failed."""
    address = f"http://localhost:{stack.port('Ready')}"
    with httpx.Client(base_url=address, timeout=60) as http:
        run(http, "cleanup_expired_sessions")
        run(http, "cleanup_expired_device_codes")
    return address


def run(http: httpx.Client, job: str) -> None:
    """Run a job and wait until its record is final."""
    mutation = f'mutation {{ triggerJob(jobName: "{job}") {{ executionId }} }}'
    answer = http.post("/admin/jobs", json={"query": mutation}).raise_for_status().json()
    path = f"/api/executions/{answer['data']['triggerJob']['executionId']}"
    deadline = time.monotonic() + 90
    while http.get(path).raise_for_status().json()["status"] == "running":
        assert time.monotonic() < deadline
        time.sleep(0.05)


def values(text: str) -> list[Any]:
    """Return the JSON values in a text, one after the other."""
    found = []
    while text := text.strip():
        value, end = json.JSONDecoder().raw_decode(text)
        found.append(value)
        text = text[end:]
    return found


def here(text: str, address: str) -> str:
    return text.replace("http://localhost:8888", address)


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("jq")), reason="needs curl and jq on PATH")
@pytest.mark.parametrize("command", COMMANDS)
def test_a_documented_command_works(command: str, address: str) -> None:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", here(command, address)], capture_output=True, text=True, check=True
    )

    found, expected = values(done.stdout), EXPECTED[COMMANDS.index(command)]
    assert found == [] if expected is None else expected(found[0])


def test_the_python_client_works(address: str) -> None:
    (client,) = blocks("python")
    more = """
print(sorted(client.get_executions()))
mine = client.get_executions(handler_id="cleanup_sessions", limit=5)["records"]
print({record["handler_id"] for record in mine})
print(sorted(client.clear_history()))
"""

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", here(client, address) + more],
        capture_output=True,
        text=True,
        check=True,
    )

    lines = done.stdout.splitlines()
    assert re.fullmatch(r"Success rate: \d+\.\d\d%", lines[0])
    assert re.fullmatch(r"Warning: \d+ recent errors!", lines[1])
    assert lines[2].startswith("  - cleanup_device_codes.run_job: Cannot describe device_codes")
    assert lines[-3:] == [
        "['complete', 'count', 'examined', 'limit', 'next_cursor', 'records']",
        "{'cleanup_sessions'}",
        "['message', 'records_cleared', 'status']",
    ]


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node on PATH")
def test_the_dashboard_script_works(address: str, tmp_path: Path) -> None:
    (script,) = blocks("javascript")
    program = tmp_path / "dashboard.js"
    program.write_text(BROWSER % script)

    done = subprocess.run(["node", program, address], capture_output=True, text=True, check=True)

    seen = json.loads(done.stdout)
    assert seen["every"] == [30000, 10000]
    assert re.fullmatch(r"\d+\.\d\d%", seen["texts"]["success-rate"])
    assert re.fullmatch(r"\d+ms", seen["texts"]["avg-duration"])
    assert set(seen["handlers"]) >= {"cleanup_sessions"}
    assert isinstance(seen["errors"], list)
