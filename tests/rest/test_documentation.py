"""What docs/rest.md says, done; and nothing left out of it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from barycenter_jobs.rest.problems import Kind
from barycenter_jobs.rest.routes import RestApi, Route
from tests.graphql.service import NOW, service
from tests.local_stack.processes import StackProcess
from tests.rest.asking import Ask

PAGE = (Path(__file__).parents[2] / "docs" / "rest.md").read_text()
EXAMPLES = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def used(stack: StackProcess) -> StackProcess:
    """A local stack in which a job has been triggered."""
    mutation = '{"query": "mutation { triggerJob(jobName: \\"cleanup_expired_sessions\\") { success } }"}'
    address = f"http://localhost:{stack.port('Ready')}/admin/jobs"
    sent = ["-H", "Content-Type: application/json", "-d", mutation]
    subprocess.run(["curl", "-sf", address, *sent], capture_output=True, check=True)
    return stack


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("jq")), reason="needs curl and jq on PATH")
@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_works_as_printed(example: str, used: StackProcess, tmp_path: Path) -> None:
    here = example.replace("localhost:8081", f"localhost:{used.port('Ready')}")

    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", here], capture_output=True, text=True, check=True, cwd=tmp_path
    )

    if "executions.csv" in example:
        assert (tmp_path / "executions.csv").read_text().startswith('"id","job_id"')
        assert (tmp_path / "executions.csv").read_text().count('"id","job_id"') == 1
    elif "/metrics" in example:
        assert len(done.stdout.splitlines()) == 4
    else:
        answer = json.loads(done.stdout)
        assert answer is not None
        assert not isinstance(answer, dict) or answer.get("type", "x")[:3] != "urn"


def test_the_record_is_as_the_page_shows(ask: Ask) -> None:
    (shown,) = re.findall(r"^```json\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)

    assert list(json.loads(shown).items()) == list(ask("/api/executions/34").json.items())


@pytest.mark.parametrize("route", RestApi(service(), lambda: NOW).routes, ids=lambda route: str(route.path))
def test_the_page_names_every_path_and_parameter(route: Route) -> None:
    assert f"{route.path}`" in PAGE
    assert [each.name for each in route.parameters if f"`{each.name}`" not in PAGE] == []


@pytest.mark.parametrize("path", ["/api/executions", "/api/executions/stats"])
def test_the_page_names_every_field_of_an_answer(path: str, ask: Ask) -> None:
    answer = ask(path).json
    ours = {name for name in answer if name not in ("count", "limit", "records")}

    assert [name for name in sorted(ours) if f"`{name}`" not in PAGE] == []


def test_the_page_lists_every_problem_with_its_status() -> None:
    section = PAGE[PAGE.index("\n## Problems\n") :]
    listed = re.findall(r"^\| `([\w-]+)` \| (\d{3}) \|", section, re.MULTILINE)

    assert [(kind.uri.rpartition(":")[2], str(kind.status)) for kind in Kind] == listed


def test_the_page_lists_every_metric_and_no_other(ask: Ask) -> None:
    listed = set(re.findall(r"^\| `(barycenter_jobs_\w+)", PAGE, re.MULTILINE))
    families = text_string_to_metric_families(ask("/metrics", accept="application/openmetrics-text").body)

    assert listed == {f"{each.name}_total" if each.type == "counter" else each.name for each in families}
