"""A stack as its user meets it: over HTTP, with an SDK, and in the terminal."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import httpx
import pytest
from botocore.config import Config

from tests.local_stack.processes import StackProcess, wait_for

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient
    from types_boto3_lambda import LambdaClient

DOCUMENTED = re.findall(
    r"```bash\n(.*?)```", Path(__file__).with_name("documented_requests.md").read_text(), re.DOTALL
)
JOBS = [
    "cleanup_expired_sessions",
    "cleanup_expired_refresh_tokens",
    "cleanup_expired_challenges",
    "cleanup_expired_device_codes",
]


@pytest.fixture(scope="module")
def http(stack: StackProcess) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=stack.addresses["Ready"], timeout=60) as client:
        yield client


@pytest.fixture(scope="module")
def functions(stack: StackProcess) -> LambdaClient:
    return boto3.client(
        "lambda",
        endpoint_url=stack.addresses["Lambda endpoint"],
        config=Config(retries={"total_max_attempts": 1}),
    )


def engine_client(stack: StackProcess, access_key: str, region: str = "us-east-1") -> DynamoDBClient:
    return boto3.client(
        "dynamodb",
        endpoint_url=stack.addresses["DynamoDB engine"],
        region_name=region,
        aws_access_key_id=access_key,
        aws_secret_access_key="secret",
    )


def manual_event() -> str:
    """Return an event that asks for a run of a job."""
    event = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Job Triggered",
        "source": "barycenter.jobs",
    }
    return json.dumps(event | {"time": "2026-11-22T02:43:54Z", "detail": {}})


def graphql(http: httpx.Client, query: str) -> Any:  # noqa: ANN401 - JSON
    answer = http.post("/admin/jobs", json={"query": query}).raise_for_status().json()
    assert "errors" not in answer
    return answer["data"]


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("jq")), reason="needs curl and jq")
@pytest.mark.parametrize("block", DOCUMENTED)
def test_a_documented_curl_line_works_unchanged(stack: StackProcess, block: str) -> None:
    port = stack.port("Ready")

    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", block.replace("localhost:8081", f"localhost:{port}")],
        capture_output=True,
        text=True,
        check=True,
        timeout=90,
    )

    assert done.stderr == ""
    if "FAILURES" in block:
        assert done.stdout in ("", "ALERT: Background job failures detected\n")
    else:
        assert list(json.loads(done.stdout)) == ["data"]


def test_all_documented_curl_lines_are_there() -> None:
    assert len(DOCUMENTED) == 8


def test_the_jobs_have_the_schedules_of_the_template(http: httpx.Client) -> None:
    jobs = graphql(http, "{ availableJobs { name schedule } }")["availableJobs"]

    assert [job["name"] for job in jobs] == JOBS
    assert [job["schedule"] for job in jobs] == [
        "0 0 * * * *",
        "0 30 * * * *",
        "0 */5 * * * *",
        "0 45 * * * *",
    ]


def test_a_triggered_job_runs_and_is_told_in_one_line(stack: StackProcess, http: httpx.Client) -> None:
    mutation = 'mutation { triggerJob(jobName: "cleanup_expired_refresh_tokens") { success executionId } }'

    def triggered() -> str | None:
        answer = graphql(http, mutation)["triggerJob"]
        return answer["executionId"] if answer["success"] else None  # the first round may hold the job

    execution_id = wait_for(triggered, "the job to be free")
    line = stack.wait_for_line(f"cleanup_expired_refresh_tokens #{execution_id} ")
    assert re.fullmatch(
        r"\d\d:\d\d:\d\dZ  cleanup_expired_refresh_tokens #\d+  success, \d+ deleted.*, \d+ ms, by trigger",
        line,
    )


def test_a_cleanup_deletes_expired_demo_rows_and_no_others(
    stack: StackProcess, functions: LambdaClient
) -> None:
    def finished() -> bool | None:
        answer = functions.invoke(FunctionName="CleanupDeviceCodesFunction", Payload=manual_event())
        status = json.loads(answer["Payload"].read())["status"]
        return None if status == "skipped" else status == "success"  # the first round may hold the job

    assert wait_for(finished, "the job to be free")
    rows = engine_client(stack, "test").scan(TableName="device_codes")["Items"]
    states = [re.sub(r"^demo-device-code-(.+)-\d+$", r"\1", row["device_code"]["S"]) for row in rows]
    assert states.count("expired") == 0
    assert states.count("live") == 25
    assert states.count("in-milliseconds") == 3
    assert states.count("without-expiry") == 4


def test_the_lambda_endpoint_answers_an_sdk(functions: LambdaClient) -> None:
    answer = functions.invoke(FunctionName="CleanupSessionsFunction", Payload=manual_event())

    assert answer["StatusCode"] == 200
    assert "x-amz-function-error" not in answer["ResponseMetadata"]["HTTPHeaders"]
    assert json.loads(answer["Payload"].read())["jobName"] == "cleanup_expired_sessions"


def test_an_asynchronous_invocation_is_accepted_and_runs_in_the_background(
    stack: StackProcess, functions: LambdaClient
) -> None:
    answer = functions.invoke(
        FunctionName="CleanupChallengesFunction", InvocationType="Event", Payload=manual_event()
    )

    assert answer["StatusCode"] == 202
    stack.wait_for_line("cleanup_expired_challenges #")


def test_a_function_that_raises_answers_with_a_function_error(functions: LambdaClient) -> None:
    answer = functions.invoke(FunctionName="CleanupSessionsFunction", Payload=b'"no event"')

    assert answer["FunctionError"] == "Unhandled"
    assert json.loads(answer["Payload"].read())["errorType"] == "InvalidEvent"


def test_an_unknown_function_is_not_found(functions: LambdaClient) -> None:
    with pytest.raises(functions.exceptions.ResourceNotFoundException):
        functions.invoke(FunctionName="NoSuchFunction")


def test_a_route_that_the_template_does_not_have_is_not_found(http: httpx.Client) -> None:
    answer = http.get("/admin/nothing")

    assert answer.status_code == 404
    assert answer.json() == {"message": "Not Found"}


def test_the_playground_is_served(stack: StackProcess) -> None:
    answer = httpx.get(stack.addresses["Playground"])

    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("access_key", ["123456789012", "test", "AKIAIOSFODNN7EXAMPLE"])
def test_rows_land_in_the_same_tables_whatever_the_credentials(stack: StackProcess, access_key: str) -> None:
    row = {"session_id": {"S": f"written-with-{access_key}"}}

    engine_client(stack, access_key).put_item(TableName="sessions", Item=row)

    assert engine_client(stack, "somebody-else").get_item(TableName="sessions", Key=row)["Item"] == row


def test_a_row_from_any_client_is_deleted_by_the_next_run(
    stack: StackProcess, functions: LambdaClient
) -> None:
    key = {"token": {"S": "expired-written-by-another-program"}}
    row = {**key, "expires_at": {"N": "1700000000"}, "expiry_shard": {"N": "9"}}
    client = engine_client(stack, "210987654321")
    client.put_item(TableName="refresh_tokens", Item=row)

    functions.invoke(FunctionName="CleanupRefreshTokensFunction", Payload=manual_event())

    assert "Item" not in client.get_item(TableName="refresh_tokens", Key=key)


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "[::1]"])
def test_the_stack_answers_to_the_names_of_this_machine(
    stack: StackProcess, http: httpx.Client, name: str
) -> None:
    port = stack.port("Ready")

    answer = http.get("/admin/nothing", headers={"host": f"{name}:{port}", "origin": f"http://{name}:{port}"})

    assert answer.status_code == 404


@pytest.mark.parametrize("place", ["Ready", "Lambda endpoint"])
@pytest.mark.parametrize(
    "header",
    [
        {"host": "rebound.example:8081"},
        {"host": "localhost:1"},
        {"origin": "https://elsewhere.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
        {"referer": "https://elsewhere.example/page"},
    ],
)
def test_a_web_page_from_elsewhere_is_refused(
    stack: StackProcess, place: str, header: dict[str, str]
) -> None:
    answer = httpx.post(
        stack.addresses[place] + "/admin/jobs", headers=header, json={"query": "{ __typename }"}
    )

    assert answer.status_code == 403
    assert answer.json()["message"].startswith("Refused: ")


@pytest.mark.parametrize("method", ["OPTIONS", "POST", "GET"])
@pytest.mark.parametrize(
    "header",
    [
        {"origin": "https://elsewhere.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"host": "rebound.example:8000"},
        {"host": "localhost.rebound.example"},
    ],
)
def test_the_engine_takes_no_requests_from_web_pages(
    stack: StackProcess, method: str, header: dict[str, str]
) -> None:
    answer = httpx.request(
        method,
        stack.addresses["DynamoDB engine"],
        headers=header | {"x-amz-target": "DynamoDB_20120810.ListTables"},
        content=b"{}",
    )

    assert answer.status_code == 403
    assert "access-control-allow-origin" not in answer.headers


def test_the_engine_serves_nothing_but_dynamodb(stack: StackProcess) -> None:
    engine = stack.addresses["DynamoDB engine"]

    assert httpx.get(f"{engine}/_ministack/health").status_code == 404
    assert httpx.post(f"{engine}/_ministack/reset").status_code == 404
    assert (
        httpx.post(engine, headers={"x-amz-target": "AmazonSSM.GetParameter"}, content=b"{}").status_code
        == 404
    )


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads Linux's list of sockets")
def test_every_port_is_on_the_loopback_interface(stack: StackProcess) -> None:
    ports = {stack.port("Ready"), stack.port("DynamoDB engine"), stack.port("Lambda endpoint")}

    listening = [
        socket.split()[1].split(":")
        for table in Path("/proc/net").glob("tcp*")
        for socket in table.read_text().splitlines()
        if " 0A " in socket
    ]

    assert {interface for interface, port in listening if int(port, 16) in ports} == {"0100007F"}


def test_a_trigger_reaches_the_log_with_its_outcome(http: httpx.Client) -> None:
    graphql(http, 'mutation { triggerJob(jobName: "cleanup_expired_challenges") { success } }')

    def finished() -> Any:  # noqa: ANN401 - JSON
        query = '{ jobLogs(jobName: "cleanup_expired_challenges", limit: 1) { success recordsProcessed } }'
        logs = graphql(http, query)["jobLogs"]
        return logs[0] if logs and logs[0]["success"] is not None else None

    assert wait_for(finished, "the execution to be finished")["success"] is True
