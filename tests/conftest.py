"""Fixtures that more than one folder of tests uses."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from moto.core.botocore_stubber import BotocoreStubber

from tests.engine import embedded_engine
from tests.local_stack.processes import StackProcess, quiet_stack

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/dev/null",
    "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
}


@pytest.fixture(scope="session", autouse=True)
def _made_up_credentials() -> Iterator[None]:
    """Keep every test away from anybody's real account."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL"):
            patch.delenv(name, raising=False)
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="session", autouse=True)
def _moto_answers_one_request_at_a_time() -> Iterator[None]:
    """Keep moto whole: its tables are dictionaries, which must not change while another thread reads them."""
    one_at_a_time, process = threading.RLock(), BotocoreStubber.process_request

    def alone(stubber: BotocoreStubber, request: Any) -> Any:  # noqa: ANN401 - moto's own
        with one_at_a_time:
            return process(stubber, request)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BotocoreStubber, "process_request", alone)
        yield


@pytest.fixture(scope="session")
def engine(_made_up_credentials: None) -> Iterator[str]:
    """The address of an embedded DynamoDB engine, one for each process of the test run."""
    with embedded_engine() as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackProcess]:
    """A local stack with demo data, one for each process of the test run. Jobs may have run in it."""
    with quiet_stack(tmp_path_factory.mktemp("stack")) as started:
        yield started


@pytest.fixture(scope="session")
def new_name() -> Callable[[str], str]:
    """A maker of table names that no other test uses."""
    numbers = itertools.count(1)
    return lambda stem: f"{stem}-{next(numbers)}"
