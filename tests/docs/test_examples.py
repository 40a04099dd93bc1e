"""Every example in the README and in docs/ works as printed, and every link leads somewhere."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from graphql import GraphQLObjectType

from barycenter_jobs.core.expiry import expiry_shard
from barycenter_jobs.graphql.schema import schema
from console.local_stack.template import Rule, read_template
from tests.local_stack.processes import StackProcess

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def blocks(language: str) -> list[pytest.ParameterSet]:
    """Return the code blocks in one language, named by their page and order."""
    return [
        pytest.param(code, id=f"{page.relative_to(ROOT)} {number}")
        for page in PAGES
        for number, code in enumerate(
            re.findall(rf"^```{language}\n(.*?)^```$", page.read_text(), re.MULTILINE | re.DOTALL), 1
        )
    ]


@pytest.mark.skipif(shutil.which("curl") is None, reason="the examples are for curl, which is not here")
@pytest.mark.parametrize("example", blocks("bash"))
def test_a_command_answers_with_data_and_without_errors(stack: StackProcess, example: str) -> None:
    here = example.replace("localhost:8081", f"localhost:{stack.port('Ready')}")

    done = subprocess.run(["bash", "-euc", here], capture_output=True, text=True, check=True)

    answer = json.loads(done.stdout)
    assert answer.get("data")
    assert "errors" not in answer


@pytest.mark.parametrize("example", blocks("python"))
def test_a_piece_of_python_runs(example: str) -> None:
    exec(example, {})  # noqa: S102 - our own documentation


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_and_headings_that_exist(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        if target.startswith(("http://", "https://")):
            continue
        name, _, heading = target.partition("#")
        file = (page.parent / name) if name else page
        assert file.exists(), target
        if heading:
            headings = re.findall(r"^#+ (.*)$", file.read_text(), re.MULTILINE)
            assert heading in {
                re.sub(r"[^\w -]", "", text).strip().lower().replace(" ", "-") for text in headings
            }


def test_every_test_that_the_readme_names_exists() -> None:
    named = re.findall(r"`(tests/[\w/.]+)`", (ROOT / "README.md").read_text())

    assert named
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize(
    "type_name",
    [
        *("JobLog", "JobCounts", "JobUsage", "JobBacklog", "JobHealth", "JobPause", "Query", "Mutation"),
        *("JobTriggerResult", "JobControlResult", "JobCancelResult"),
        *("JobExecutionQueries", "JobExecution", "JobExecutionConnection", "JobExecutionEdge", "PageInfo"),
        *("PaginationInfo", "KindBacklog", "RowCount", "ExpiredRows", "ExpiringRows"),
    ],
)
def test_the_api_page_names_every_field_and_argument(type_name: str) -> None:
    page = (ROOT / "docs" / "api.md").read_text()
    described = schema().type_map[type_name]
    assert isinstance(described, GraphQLObjectType)

    names = set(described.fields) | {name for field in described.fields.values() for name in field.args}

    assert [name for name in sorted(names) if name not in page] == []


def test_the_deployment_page_names_every_parameter_with_its_default() -> None:
    page = (ROOT / "docs" / "deploy.md").read_text()
    template = (ROOT / "template.yaml").read_text()
    section = template[template.index("\nParameters:") : template.index("\nRules:")]
    parameters = re.findall(r"^  (\w+):$", section, re.MULTILINE)

    assert len(parameters) > 10
    assert [name for name in parameters if f"`{name}`" not in page] == []


@pytest.mark.parametrize("rule", read_template(ROOT / "template.yaml").rules, ids=lambda rule: rule.function)
def test_the_deployment_page_tells_the_schedules(rule: Rule) -> None:
    assert f"`{rule.schedule}`" in (ROOT / "docs" / "deploy.md").read_text()


def test_the_table_of_shards_is_right() -> None:
    page = (ROOT / "docs" / "tables.md").read_text()
    rows = re.findall(r"^\| (?:`(.*?)`|\(empty\)) \| (\d+) \| (\d+) \|$", page, re.MULTILINE)

    assert len(rows) == 5
    assert [(key, expiry_shard(key, 2**32), expiry_shard(key)) for key, _, _ in rows] == [
        (key, int(crc), int(shard)) for key, crc, shard in rows
    ]
