import re
import tomllib

import pytest

from tests.template.reading import ROOT, template

KINDS = ("Sessions", "RefreshTokens", "Challenges", "DeviceCodes")
DEFAULTS = {
    "Stage": "dev",
    "Architecture": "x86_64",
    "AdoptExistingTables": "false",
    "SessionsTableName": "sessions",
    "RefreshTokensTableName": "refresh_tokens",
    "WebauthnChallengesTableName": "webauthn_challenges",
    "DeviceCodesTableName": "device_codes",
    "JobExecutionsTableName": "job_executions",
    "SessionsSchedule": "cron(0 * * * ? *)",
    "RefreshTokensSchedule": "cron(30 * * * ? *)",
    "ChallengesSchedule": "cron(0/5 * * * ? *)",
    "DeviceCodesSchedule": "cron(45 * * * ? *)",
    "ReconcileSchedule": "cron(20 3 * * ? *)",
    "ExpiryShards": 16,
    "Deleter": "partiql",
    **{f"{kind}{limit}": 0 for kind in KINDS for limit in ("MaxRecordsPerRun", "MaxWriteUnitsPerSecond")},
    **{f"{kind}CleanupMode": "sweep" for kind in KINDS},
    **{f"{kind}StreamLabel": "" for kind in KINDS},
    "TtlPatienceSeconds": 172_800,
    "EmitRemovals": "false",
    "RotatedTokenGraceHours": 0,
    "ShareOutThreshold": 50_000,
    "ShareOutConcurrency": 8,
    "ReconcileReadUnitsPerSecond": 100,
    "MillionWriteUnitsPrice": 0.625,
    "MillionReadUnitsPrice": 0.125,
    "EventBusName": "none",
    "WebhookUrl": "",
    "WebhookHeader": "Authorization",
    "WebhookSecret": "none",
    "WebhookSecretArn": "",
    "WebhookStatuses": "success,error,timeout,skipped,cancelled",
    "JwtIssuer": "",
    "JwtAudience": "",
    "AlarmEmail": "",
    "AlarmHttpsEndpoint": "",
    "FailuresBeforeAlarm": 1,
    "StuckAfterMinutes": 60,
    "MaxQuarantinedRows": 0,
    "JwtScopePrefix": "",
    "PageClientId": "",
    "PageTokenOrigin": "",
    "GraphqlIntrospection": "on",
    "ExecutionRetentionDays": 90,
    "FailureRetentionDays": 400,
    "MaxExecutionRecords": 0,
    "LogRetentionDays": 30,
    "LogLevel": "INFO",
}


def test_a_stack_without_parameters_gets_the_documented_ones() -> None:
    assert {name: body["Default"] for name, body in template()["Parameters"].items()} == DEFAULTS


def test_every_parameter_says_what_it_is_for() -> None:
    assert [name for name, body in template()["Parameters"].items() if not body.get("Description")] == []


def test_a_parameter_that_is_refused_for_its_form_says_which_form_it_must_have() -> None:
    shaped = {name for name, body in template()["Parameters"].items() if "AllowedPattern" in body}
    told = {name for name, body in template()["Parameters"].items() if "ConstraintDescription" in body}

    assert shaped == told


@pytest.mark.parametrize(
    ("statuses", "fit"),
    [("error,timeout", True), ("success", True), ("failed", False), ("error timeout", False)],
)
def test_a_webhook_hears_only_of_statuses_that_there_are(statuses: str, fit: bool) -> None:
    pattern = template()["Parameters"]["WebhookStatuses"]["AllowedPattern"]

    assert all(re.fullmatch(pattern, each) for each in statuses.split(",")) is fit
    assert (re.fullmatch(pattern, statuses) is not None) is fit


def test_every_parameter_stands_in_exactly_one_group() -> None:
    groups = template()["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]

    assert sorted(name for group in groups for name in group["Parameters"]) == sorted(DEFAULTS)


@pytest.mark.parametrize("name", [name for name in DEFAULTS if name.endswith("Schedule")])
def test_a_schedule_is_a_cron_expression(name: str) -> None:
    assert template()["Parameters"][name]["AllowedPattern"] == r"^cron\(.+\)$"


@pytest.mark.parametrize(
    ("name", "limits"),
    [
        ("RotatedTokenGraceHours", (0, 8760)),
        ("TtlPatienceSeconds", (1, 2_592_000)),
        ("ShareOutThreshold", (0, None)),
        ("ShareOutConcurrency", (1, 40)),
        ("ReconcileReadUnitsPerSecond", (1, None)),
        ("FailureRetentionDays", (1, 36_500)),
        ("MaxExecutionRecords", (0, None)),
        ("MillionWriteUnitsPrice", (0, None)),
        ("MillionReadUnitsPrice", (0, None)),
        ("FailuresBeforeAlarm", (1, 25)),
        ("StuckAfterMinutes", (6, None)),
        ("MaxQuarantinedRows", (0, None)),
    ],
)
def test_a_number_that_makes_no_sense_is_refused(name: str, limits: tuple[int, int | None]) -> None:
    parameter = template()["Parameters"][name]

    assert parameter["Type"] == "Number"
    assert (parameter["MinValue"], parameter.get("MaxValue")) == limits


@pytest.mark.parametrize("environment", ["default", "dev", "prod"])
def test_samconfig_overrides_only_parameters_that_exist(environment: str) -> None:
    deploy = tomllib.loads((ROOT / "samconfig.toml").read_text())[environment]["deploy"]["parameters"]

    for override in deploy["parameter_overrides"]:
        name, value = override.split("=")
        allowed = template()["Parameters"][name].get("AllowedValues", [value])
        assert value in map(str, allowed)


def test_samconfig_deploys_dev_unless_told_otherwise() -> None:
    samconfig = tomllib.loads((ROOT / "samconfig.toml").read_text())

    assert samconfig["default"] == samconfig["dev"]
    assert samconfig["prod"]["global"] != samconfig["dev"]["global"]
