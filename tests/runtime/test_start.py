"""What a function reads before its first event: each file too many makes every cold start longer."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import pytest

from barycenter_jobs.core.jobs import JOBS
from console.checkout import REPOSITORY
from tests.permissions.policies import environment

CLEANUPS = tuple(job.function for job in JOBS)
FUNCTIONS = (*CLEANUPS, "watchdog", "account_removals", "graphql_resolver", "http_api")
DEFAULTS: Mapping[str, object] = {}
LAMBDA = {"AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
OPENED = """
import json, sys
opened = []
sys.addaudithook(lambda event, given: opened.append(str(given[0])) if event == "open" else None)
import app
print(json.dumps({"opened": opened, "modules": sorted(sys.modules)}))
"""


@dataclass(frozen=True)
class Started:
    """A function that has started: the files that it has opened, in their order, and its modules."""

    opened: list[str]
    modules: frozenset[str]

    def read(self, ending: str) -> int:
        return sum(name.endswith(ending) for name in self.opened)

    def packages(self) -> set[str]:
        return {name.partition(".")[0] for name in self.modules}

    def rooms(self) -> set[str]:
        ours = (name.split(".") for name in self.modules if name.startswith("barycenter_jobs."))
        return {parts[1] for parts in ours}


@cache
def started(folder: str) -> Started:
    return _started(folder, environment(folder, DEFAULTS))


def _started(folder: str, settings: Mapping[str, str]) -> Started:
    paths = [str(REPOSITORY / "functions" / folder), str(REPOSITORY / "layers" / "jobs")]
    done = subprocess.run(
        [sys.executable, "-c", OPENED],
        env={**settings, **LAMBDA, "AWS_LAMBDA_FUNCTION_NAME": folder, "PYTHONPATH": ":".join(paths)},
        capture_output=True,
        text=True,
        check=True,
    )
    said: Mapping[str, list[str]] = json.loads(done.stdout)
    return Started(said["opened"], frozenset(said["modules"]))


@pytest.mark.parametrize("folder", FUNCTIONS)
def test_the_model_of_dynamodb_is_read_once_and_no_other(folder: str) -> None:
    function = started(folder)

    assert function.read("service-2.json.gz") == function.read("dynamodb/2012-08-10/service-2.json.gz") == 1
    assert function.read("/endpoints.json") == function.read("sdk_data/endpoints.json") == 1


@pytest.mark.parametrize("folder", FUNCTIONS)
def test_boto3_s_own_part_is_left_out(folder: str) -> None:
    assert not started(folder).packages() & {"boto3", "s3transfer"}


@pytest.mark.parametrize("folder", FUNCTIONS)
def test_graphql_is_read_by_the_first_request_for_it(folder: str) -> None:
    assert "graphql" not in started(folder).packages()


@pytest.mark.parametrize("folder", FUNCTIONS)
def test_what_comes_at_the_end_of_a_run_is_read_then(folder: str) -> None:
    assert not started(folder).modules & {"barycenter_jobs.adapters.event_bus"}
    assert not started(folder).packages() & {"aws_xray_sdk", "pydantic"}


@pytest.mark.parametrize("folder", [*CLEANUPS, "watchdog", "account_removals"])
def test_who_serves_nobody_knows_no_way_in(folder: str) -> None:
    assert not started(folder).rooms() & {"graphql", "rest", "web", "http_messages"}
    assert "prometheus_client" not in started(folder).packages()


@pytest.mark.parametrize("folder", ["graphql_resolver", "http_api"])
def test_an_operation_of_the_apis_is_read_when_it_is_asked_for(folder: str) -> None:
    operations = {name for name in started(folder).modules if name.startswith("barycenter_jobs.operations.")}

    assert operations == {"barycenter_jobs.operations.api"}


@pytest.mark.parametrize("folder", CLEANUPS)
def test_a_cleanup_has_what_runs_its_job_and_not_what_is_rare(folder: str) -> None:
    rare = ("close_run", "drain_part", "reconcile", "take_removals", "tell_of_deletes")

    assert "barycenter_jobs.operations.run_job" in started(folder).modules
    assert not started(folder).modules & {f"barycenter_jobs.operations.{name}" for name in rare}


@pytest.mark.parametrize(
    ("folder", "setting"), [("cleanup_sessions", "EXPIRING_TABLE"), ("http_api", "JOB_EXECUTIONS_TABLE")]
)
def test_a_setting_that_is_missing_fails_the_start_and_is_named(folder: str, setting: str) -> None:
    settings = environment(folder, DEFAULTS)
    del settings[setting]

    with pytest.raises(subprocess.CalledProcessError) as failed:
        _started(folder, settings)

    assert failed.value.stderr.endswith(f"InvalidSetting: {setting} is not set\n")
