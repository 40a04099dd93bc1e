"""What is shipped stays light, and how its start is measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.cold_start import BASELINE, FUNCTIONS, lay_out, missed, started, table, weight
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


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_starts_from_the_layers_alone(name: str, layers: Path) -> None:
    seconds, loaded = started(name, layers)

    assert seconds > 0
    assert {"app", "barycenter_jobs.adapters.sdk"} <= loaded


def test_what_boto3_alone_costs_is_measured_too(layers: Path) -> None:
    seconds, loaded = started(BASELINE, layers)

    assert seconds > 0
    assert "boto3" in loaded
    assert "app" not in loaded


def test_the_table_has_a_line_for_each_with_its_aim() -> None:
    shown = table([Measured(BASELINE, 100, 1), Measured("cleanup_sessions", 123.4, 1.2345)], 14_500_000)

    assert "| `boto3 alone` | 100 | 1.00 | |" in shown
    assert "| `cleanup_sessions` | 123 | 1.23 | 1.25 |" in shown
    assert "14.5 MB" in shown
    assert "missed" not in shown


def test_an_aim_that_is_missed_is_told() -> None:
    starts = [Measured("cleanup_sessions", 126, 1.26), Measured("http_api", 149, 1.49)]

    assert missed(starts, 14_500_000) == ["cleanup_sessions"]
    assert missed(starts, 25_000_001) == ["cleanup_sessions", "weight"]
    assert "missed by cleanup_sessions" in table(starts, 14_500_000)
