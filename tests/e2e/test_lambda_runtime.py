"""Each built function in Lambda's own runtime client, under AWS's runtime interface emulator."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from barycenter_jobs.core.expiry import expiry_shard
from barycenter_jobs.core.jobs import JOBS, SESSIONS, Job
from barycenter_jobs.core.timestamps import sortable
from tests.cloud import SAM_PYTHON
from tests.e2e.emulated_runtime import (
    LAYERS,
    TOO_LATE,
    Json,
    Runtime,
    Surroundings,
    emulator,
    running,
    version_of,
    version_wanted,
)
from tests.engine import client, create_table
from tests.functions.loading import sample, samples
from tests.functions.test_sample_events import ANSWERED, folder
from tests.template.reading import FOLDERS

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

TABLES = [*(job.kind.name for job in JOBS), "job_executions"]
SECRETS = [f"secret-of-{job.kind.name}" for job in JOBS]
SCHEDULED = sample("eventbridge_cleanup_sessions")

Run = Callable[..., AbstractContextManager[Runtime]]


@pytest.fixture(scope="module")
def rie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The emulator, in a place from where it may be run."""
    found = emulator()
    if found is None or not SAM_PYTHON.exists():
        pytest.skip("the SAM CLI, which brings the runtime interface emulator, is not set up: run `make e2e`")
    if version_of(SAM_PYTHON) != version_wanted():
        pytest.fail(f".venv/e2e is not of {version_wanted()}: remove it and run `make e2e`")
    copy = tmp_path_factory.mktemp("rie") / found.name
    copy.write_bytes(found.read_bytes())
    copy.chmod(0o755)
    return copy


def put_expired(engine: str, job: Job, secret: str) -> None:
    row = {
        job.kind.key: {"S": secret},
        "expires_at": {"N": "1"},
        "expiry_shard": {"N": str(expiry_shard(secret))},
    }
    client(engine).put_item(TableName=job.kind.name, Item=row)


@pytest.fixture
def tables(engine: str) -> Iterator[None]:
    """The stack's tables, under their own names, with an expired row in each that is cleaned."""
    for name in TABLES:
        create_table(client(engine), name, name)
    for job, secret in zip(JOBS, SECRETS, strict=True):
        put_expired(engine, job, secret)
    yield
    for name in TABLES:
        client(engine).delete_table(TableName=name)


@pytest.fixture
def run(rie: Path, built: Path, tables: None, tmp_path: Path) -> Run:  # noqa: ARG001 - they are to be there
    """A starter of functions, in surroundings of theirs."""

    def started(of: str, variables: dict[str, str], *, seconds: int = 60) -> AbstractContextManager[Runtime]:
        return running(rie, built, of, tmp_path, variables, seconds=seconds)

    return started


def let_the_lease_end(engine: str, execution_id: int = 1) -> None:
    """Do to a run what a minute without a sign of life does."""
    a_minute_ago = sortable(datetime.now(UTC) - timedelta(minutes=1))
    client(engine).update_item(
        TableName="job_executions",
        Key={"log": {"S": "executions"}, "id": {"N": str(execution_id)}},
        UpdateExpression="SET lease_until = :then",
        ExpressionAttributeValues={":then": {"S": a_minute_ago}},
    )


def asked_for_all(resolver: Runtime) -> list[Json]:
    """Return what the built resolver says of all runs, the latest first."""
    runs: list[Json] = resolver({**sample("appsync_job_logs"), "arguments": {}})
    return runs


def samples_of(of: str) -> list[str]:
    # What Step Functions sends is about a run that is under way, and has tests of its own.
    return [name for name in samples() if folder(name) == of and not name.startswith("stepfunctions")]


@pytest.mark.parametrize("of", FOLDERS)
def test_a_built_function_answers_its_sample_events_from_the_bytecode_of_the_layers(
    of: str, run: Run, engine: str
) -> None:
    names = samples_of(of)

    with (
        Surroundings(engine).listening() as variables,
        run(of, {**variables, "PYTHONVERBOSE": "1"}) as invoke,
    ):
        answers = {name: invoke(sample(name)) for name in names}
        said, finished = invoke.log, invoke.logged("invocation finished")

    assert answers
    for name, answer in answers.items():
        assert ANSWERED[name.partition("_")[0]](answer), (name, answer)
    assert len(finished) == (len(names) if of.startswith("cleanup") else 0)
    assert [line for line in finished if not line["executionId"] or not line["function_request_id"]] == []
    assert "Traceback" not in said
    assert [secret for secret in SECRETS if secret in said] == []
    compiled = re.findall(r"^# code object from '?(/[^'\n]+)", said, re.MULTILINE)
    ours = [Path(origin) for origin in compiled if any(f"/{layer}/" in origin for layer in LAYERS)]
    assert {"jobs.cpython-313.pyc", "logger.cpython-313.pyc"} <= {origin.name for origin in ours}
    assert [origin for origin in ours if origin.suffix != ".pyc"] == []  # Lambda would compile it every time


def test_each_built_function_that_lambda_cut_off_answers_the_next_time(run: Run, engine: str) -> None:
    def tried_twice(of: str) -> tuple[str, object, object]:
        # All but the list of jobs reads a table.
        name = next(name for name in samples_of(of) if "available_jobs" not in name)
        around = Surroundings(engine, stall="DynamoDB")
        with around.listening() as variables, run(of, variables, seconds=12) as invoke:
            cut_off = invoke(sample(name))
            around.over.set()
            return name, cut_off, invoke(sample(name))

    with ThreadPoolExecutor(4) as pool:
        tried = list(pool.map(tried_twice, FOLDERS))

    for name, cut_off, answer in tried:
        assert cut_off == f"{TOO_LATE} 12.00 seconds", name
        assert ANSWERED[name.partition("_")[0]](answer), (name, answer)


def test_a_triggered_run_is_followed_by_its_id(run: Run, engine: str) -> None:
    around = Surroundings(engine)

    with around.listening() as variables, run("http_api", variables) as api:
        answered = json.loads(api(sample("httpapi_trigger_job"))["body"])
        ((function, event),) = around.invoked
        with run("cleanup_sessions", variables) as invoke:
            outcome = invoke(event)
        recorded = json.loads(api(sample("httpapi_executions"))["body"])

    assert answered["data"]["triggerJob"]["success"] is True
    assert "CleanupSessionsFunction" in function
    assert (outcome["executionId"], outcome["status"], outcome["deleted"]) == ("1", "success", 1)
    (record,) = recorded["records"]
    assert (record["id"], record["status"], record["records_processed"]) == (1, "success", 1)
    assert record["triggered_by"] == "arn:aws:sts::123456789012:assumed-role/operator/alice"


@pytest.mark.parametrize("name", ["appsync_trigger_job_by_token", "httpapi_trigger_job_by_token"])
def test_who_is_refused_is_logged_with_the_ids_of_the_request(name: str, run: Run, engine: str) -> None:
    event = json.loads(json.dumps(sample(name)).replace("jobs:write", "jobs:read"))

    with Surroundings(engine).listening() as variables, run(folder(name), variables) as invoke:
        answer = json.dumps(invoke(event))
        (line,) = invoke.logged("refused")

    assert "This needs the scope jobs:write; your token has jobs:read" in answer
    assert (line["level"], line["field"], line["caller"]) == ("WARNING", "triggerJob", "248289761001")
    assert line["correlation_id"] in (
        event.get("request", {}).get("headers", {}).get("x-amzn-trace-id"),
        event.get("requestContext", {}).get("requestId"),
    )
    assert line["function_request_id"]


def test_a_trigger_that_lambda_cut_off_leaves_a_run_that_ends_as_a_timeout(run: Run, engine: str) -> None:
    around = Surroundings(engine, stall="invocations")

    with around.listening() as variables, run("graphql_resolver", variables, seconds=10) as invoke:
        cut_off = invoke(sample("appsync_trigger_job"))
        recorded = asked_for_all(invoke)
        let_the_lease_end(engine)
        dead = asked_for_all(invoke)

    assert cut_off == f"{TOO_LATE} 10.00 seconds"
    assert around.invoked == []
    assert [run["status"] for run in recorded] == ["running"]
    assert [run["status"] for run in dead] == ["timeout"]


def test_a_run_that_lambda_cut_off_is_running_then_a_timeout_then_closed_by_the_watchdog(
    run: Run, engine: str
) -> None:
    around = Surroundings(engine, stall="BatchExecuteStatement")
    with around.listening() as variables, run("cleanup_sessions", variables, seconds=10) as invoke:
        cut_off = invoke(SCHEDULED)

    with Surroundings(engine).listening() as variables, run("graphql_resolver", variables) as resolver:
        (at_once,) = asked_for_all(resolver)
        let_the_lease_end(engine)
        (a_minute_later,) = asked_for_all(resolver)
        with run("watchdog", variables) as invoke:
            closing, nothing_left = (invoke(sample("eventbridge_watchdog")) for _ in range(2))
        (closed,) = asked_for_all(resolver)

    assert cut_off == f"{TOO_LATE} 10.00 seconds"
    assert (at_once["status"], at_once["completedAt"], at_once["success"]) == ("running", None, None)
    assert (a_minute_later["status"], a_minute_later["success"]) == ("timeout", False)
    assert closing["deadRunsClosed"] == [{"executionId": "1", "jobName": SESSIONS.name}]
    assert nothing_left["deadRunsClosed"] == []
    assert (closed["status"], closed["success"], closed["counts"]["deleted"]) == ("timeout", False, 0)
    assert closed["completedAt"]
    assert closed["errorMessage"]


def test_the_next_attempt_at_the_event_closes_the_run_that_lambda_cut_off_and_does_its_work(
    run: Run, engine: str
) -> None:
    around = Surroundings(engine, stall="BatchExecuteStatement")

    with around.listening() as variables:
        with run("cleanup_sessions", variables, seconds=10) as invoke:
            cut_off = invoke(SCHEDULED)
            let_the_lease_end(engine)
            around.over.set()
            answer = invoke(SCHEDULED)
        with run("graphql_resolver", variables) as resolver:
            again, dead = asked_for_all(resolver)

    assert cut_off == f"{TOO_LATE} 10.00 seconds"
    assert (answer["success"], answer["deleted"]) == (True, 1)
    assert (again["status"], again["attemptNumber"]) == ("success", 2)
    assert (dead["status"], dead["attemptNumber"]) == ("timeout", 1)


def test_a_part_that_lambda_cut_off_is_done_again_and_the_record_says_so(run: Run, engine: str) -> None:
    """Step Functions invokes a part again that came to no answer, and then closes the record."""
    secret = next(f"part-{number}" for number in itertools.count() if expiry_shard(f"part-{number}") == 3)
    put_expired(engine, SESSIONS, secret)
    around = Surroundings(engine, stall="BatchExecuteStatement")

    with around.listening() as variables:
        with run("graphql_resolver", variables) as resolver:
            resolver(sample("appsync_trigger_job"))
        with run("cleanup_sessions", variables, seconds=10) as invoke:
            cut_off = invoke(sample("stepfunctions_part_due"))
            around.over.set()
            drained = invoke(sample("stepfunctions_part_due"))
            closed = invoke(sample("stepfunctions_parts_done"))

    assert cut_off == f"{TOO_LATE} 10.00 seconds"
    assert (drained["part"], drained["deleted"], drained["stoppedEarly"]) == ("3/16", 1, False)
    assert (closed["status"], closed["deleted"]) == ("success", 1)
    assert closed["warnings"] == [
        "1 of 2 invocations died without an account: what they deleted is not counted here."
    ]
