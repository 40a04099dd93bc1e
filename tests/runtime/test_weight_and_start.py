"""What is shipped stays light, and no function imports what it does not need."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.cold_start import BASELINE, FUNCTIONS, lay_out, started, table, weight
from benchmarks.cold_start import Start as Measured


@pytest.fixture(scope="module")
def layers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both layers as they are unzipped in Lambda, for the Python of these tests."""
    return lay_out(tmp_path_factory.mktemp("layers"))


def test_the_layers_weigh_less_than_25_mb(layers: Path) -> None:
    assert 1_000_000 < weight(layers) < 25_000_000


def test_the_layers_have_bytecode_and_licences_and_nothing_of_the_sdk(layers: Path) -> None:
    sources = {path for path in layers.rglob("*.py") if "__pycache__" not in path.parts}
    compiled = set(layers.rglob("*.pyc"))

    assert len(compiled) == len(sources) > 400
    assert list(layers.glob("*.dist-info/**/LICENSE*"))
    assert not {"boto3", "botocore", "urllib3", "s3transfer"} & {path.name for path in layers.iterdir()}


NEVER = {
    "cleanup_sessions": {
        "graphql",
        "prometheus_client",
        "barycenter_jobs.operations.api",
        "barycenter_jobs.web",
    },
    "watchdog": {"graphql", "prometheus_client", "barycenter_jobs.operations.api", "barycenter_jobs.web"},
    "graphql_resolver": {"graphql", "prometheus_client", "barycenter_jobs.web", "barycenter_jobs.rest"},
    "http_api": {"aws_lambda_powertools.metrics.provider.datadog", "pydantic"},
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_leaves_alone_what_it_does_not_need(name: str, layers: Path) -> None:
    _, loaded = started(name, layers)

    assert loaded & NEVER[name] == set()
    # Made on first use only: their service models cost more than all that is imported.
    assert loaded & {"barycenter_jobs.adapters.event_bus", "aws_xray_sdk"} == set()


def test_what_boto3_alone_costs_is_measured_too(layers: Path) -> None:
    seconds, loaded = started(BASELINE, layers)

    assert seconds > 0
    assert "boto3" in loaded
    assert "app" not in loaded


def test_the_table_has_a_line_for_each() -> None:
    shown = table([Measured("cleanup_sessions", 123.4, 1.2345)], 14_500_000)

    assert "| `cleanup_sessions` | 123 | 1.23 |" in shown
    assert "14.5 MB" in shown
