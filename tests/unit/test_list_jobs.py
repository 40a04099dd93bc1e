"""Which jobs there are."""

from __future__ import annotations

import pytest

from barycenter_jobs.core.errors import UnknownJob
from barycenter_jobs.core.jobs import CHALLENGES, JOBS, job_named
from barycenter_jobs.core.schedules import parse
from barycenter_jobs.operations.list_jobs import ListJobs, ScheduledJob

EVERY_HOUR, EVERY_DAY = parse("cron(0 * * * ? *)"), parse("cron(0 3 * * ? *)")


def test_jobs_have_their_documented_names_and_descriptions_in_the_documented_order() -> None:
    assert [(job.name, job.description) for job in JOBS] == [
        ("cleanup_expired_sessions", "Clean up expired user sessions"),
        ("cleanup_expired_refresh_tokens", "Clean up expired refresh tokens"),
        ("cleanup_expired_challenges", "Clean up expired WebAuthn challenges"),
        ("cleanup_expired_device_codes", "Clean up expired device authorization codes"),
    ]


def test_each_job_is_listed_with_the_schedule_that_is_deployed_for_it() -> None:
    schedules = {job.name: EVERY_HOUR for job in JOBS} | {CHALLENGES.name: EVERY_DAY}

    listed = ListJobs(schedules)()

    assert listed == [ScheduledJob(job, EVERY_DAY if job is CHALLENGES else EVERY_HOUR) for job in JOBS]


def test_a_job_is_found_by_its_name() -> None:
    assert [job_named(job.name) for job in JOBS] == list(JOBS)


def test_a_job_that_there_is_not_is_named() -> None:
    with pytest.raises(UnknownJob, match=r"^Unknown job: nonexistent_job$"):
        job_named("nonexistent_job")
