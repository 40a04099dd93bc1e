"""The environment variables of `make run`."""

from __future__ import annotations

import pytest

from console.local_stack.errors import BadSetting
from console.local_stack.settings import Settings, settings_from


def test_without_variables_it_serves_demo_data_on_the_documented_ports() -> None:
    assert settings_from({}) == Settings(
        port=8081, dynamodb_port=8000, seed=True, engine_endpoint=None, verbose=False
    )


def test_every_variable_is_heeded() -> None:
    given = {
        "PORT": "9000",
        "DYNAMODB_PORT": "9001",
        "SEED": "0",
        "DYNAMODB_ENDPOINT_URL": "https://dynamodb.example/",
        "VERBOSE": "1",
    }

    assert settings_from(given) == Settings(
        port=9000, dynamodb_port=9001, seed=False, engine_endpoint="https://dynamodb.example", verbose=True
    )


def test_a_variable_that_is_set_to_nothing_counts_as_not_set() -> None:
    assert settings_from({"PORT": "", "SEED": " ", "DYNAMODB_ENDPOINT_URL": ""}) == settings_from({})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "-1"),
        ("PORT", "65536"),
        ("PORT", "80.5"),
        ("DYNAMODB_PORT", "٣"),
        ("SEED", "true"),
        ("VERBOSE", "2"),
        ("DYNAMODB_ENDPOINT_URL", "127.0.0.1:8000"),
        ("DYNAMODB_ENDPOINT_URL", "http://"),
        ("DYNAMODB_ENDPOINT_URL", "http://127.0.0.1:port"),
        ("DYNAMODB_ENDPOINT_URL", "ftp://127.0.0.1"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=f"^{name} must be .*{value}"):
        settings_from({name: value})
