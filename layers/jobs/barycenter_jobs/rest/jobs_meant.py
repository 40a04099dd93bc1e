"""Which job is meant by `job_id`, its name, and `handler_id`, the folder of its function."""

from __future__ import annotations

from collections.abc import Sequence

from barycenter_jobs.core.jobs import JOBS, Job
from barycenter_jobs.rest.parameters import Given, text
from barycenter_jobs.rest.problems import Unusable, refused_parameters

JOB_ID = text("job_id")
HANDLER_ID = text("handler_id")


def jobs_meant(parameters: Given) -> Sequence[Job]:
    """Return every job where none is named; none where no job has these names, or not both of them."""
    job_id, handler_id = parameters.of(JOB_ID), parameters.of(HANDLER_ID)
    return [
        job
        for job in JOBS
        if (job_id is None or job.name == job_id) and (handler_id is None or job.function == handler_id)
    ]


def job_named_by(parameters: Given) -> str | None:
    """Return the name of the job that is meant, None where none is named.

    Raises Refused where no job is called so: whoever is about to do something must not do it to all of them.
    """
    jobs = jobs_meant(parameters)
    if not jobs:
        names = [each.name for each in (JOB_ID, HANDLER_ID) if parameters.of(each) is not None]
        together = f"{' and '.join(names)} name{'' if len(names) > 1 else 's'} no job"
        raise refused_parameters([Unusable(name, together) for name in names])
    return jobs[0].name if names_a_job(parameters) else None


def names_a_job(parameters: Given) -> bool:
    """Return whether a job is named, be there one or not."""
    return parameters.of(JOB_ID) is not None or parameters.of(HANDLER_ID) is not None
