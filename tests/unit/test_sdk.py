"""The SDK as we start it, beside the SDK as it comes."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import boto3
import pytest
from botocore.config import Config
from botocore.loaders import Loader

from barycenter_jobs.adapters.sdk import Sdk
from console.checkout import REPOSITORY

GENERATOR = REPOSITORY / "layers" / "dependencies" / "endpoints.py"
SERVICES = ("cloudwatch", "dynamodb", "events", "lambda", "sqs", "stepfunctions", "sts")
REGIONS = ("us-east-1", "eu-central-1", "ap-southeast-5", "cn-north-1", "us-gov-west-1", "xx-nowhere-7")


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("endpoints", GENERATOR)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_endpoints_are_those_of_the_locked_sdk(generator: ModuleType) -> None:
    shipped = json.loads(Path(generator.TARGET).read_text())

    assert shipped == generator.cut(Loader().load_data("endpoints")), (
        f"run python {GENERATOR.relative_to(REPOSITORY)} again: the SDK has changed"
    )
    assert all("dynamodb" in partition["services"] for partition in shipped["partitions"])


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("service", SERVICES)
def test_a_client_goes_where_the_sdk_s_own_goes(
    service: str, region: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    own = boto3.session.Session().client(service)  # type: ignore[call-overload]

    ours = Sdk().client(service, None, Config())

    assert ours.meta.endpoint_url == own.meta.endpoint_url
    assert ours.meta.region_name == own.meta.region_name
    assert ours.meta.partition == own.meta.partition
    assert ours.meta.service_model.signature_version == own.meta.service_model.signature_version


def test_every_service_is_still_known_to_it() -> None:
    known = Sdk().session.get_available_services()

    assert set(known) >= set(boto3.session.Session().get_available_services())
