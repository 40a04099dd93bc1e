"""`/health` and `/health/jobs`: probes that restart nothing because a job has failed."""

from __future__ import annotations

import pytest

from barycenter_jobs.adapters.memory import MemoryExecutionLog, MemoryJobControls
from barycenter_jobs.core.executions import Start, Status
from barycenter_jobs.core.jobs import JOBS, SESSIONS
from tests.counted_log import CountedLog
from tests.graphql.service import BY_SCHEDULE, NOON, NOW, SCHEDULES, service
from tests.rest.asking import Ask, asking, problem


def test_the_api_is_well_whatever_the_jobs_are(ask: Ask) -> None:
    assert ask("/health/jobs").status == 503

    answer = ask("/health")

    assert (answer.status, answer.json) == (200, {"status": "ok", "execution_log": "readable"})


def test_a_late_job_is_said_with_how_all_of_them_are_doing(ask: Ask) -> None:
    told = problem(ask("/health/jobs"), 503, "jobs-unhealthy")

    assert told["detail"] == "cleanup_expired_refresh_tokens is failing; cleanup_expired_challenges is late"
    assert {job["handler_id"]: job["state"] for job in told["jobs"]} == {
        "cleanup_sessions": "healthy",
        "cleanup_refresh_tokens": "failing",
        "cleanup_challenges": "late",
        "cleanup_device_codes": "paused",
    }
    assert (told["jobs"][2]["late_seconds"], told["jobs"][1]["consecutive_failures"]) == (600, 1)


@pytest.mark.parametrize(
    ("job", "status"),
    [
        ("cleanup_expired_sessions", 200),
        ("cleanup_expired_refresh_tokens", 503),
        ("cleanup_expired_challenges", 503),
        ("cleanup_expired_device_codes", 200),  # paused: somebody has decided
    ],
)
def test_one_job_may_be_probed(job: str, status: int, ask: Ask) -> None:
    answer = ask(f"/health/jobs?job_id={job}")

    assert answer.status == status
    assert [each["job_id"] for each in answer.json["jobs"]] == [job]


def test_a_probe_of_a_job_that_is_none_does_not_pass(ask: Ask) -> None:
    told = problem(ask("/health/jobs?job_id=dingdong"), 400, "invalid-parameters")

    assert told["errors"] == [{"parameter": "job_id", "detail": "job_id names no job"}]


def test_jobs_that_wait_for_their_first_run_are_well() -> None:
    controls = MemoryJobControls()
    for job in JOBS:
        controls.watch(job, SCHEDULES[job.name], NOW)

    answer = asking(service(MemoryExecutionLog(), controls=controls))("/health/jobs")

    assert (answer.status, answer.json["status"]) == (200, "ok")


@pytest.mark.parametrize(
    ("path", "most"), [("/health", 1), ("/health/jobs", 200), ("/api/executions?limit=10", 11)]
)
def test_a_long_log_costs_no_more_than_a_short_one(path: str, most: int) -> None:
    log = CountedLog()
    for number in range(1_000):
        execution = log.start(Start(SESSIONS, BY_SCHEDULE, f"event {number}"), NOON)
        log.finish(execution.finished(Status.SUCCESS, NOON))

    asking(service(log))(path)

    assert 0 < log.records <= most
