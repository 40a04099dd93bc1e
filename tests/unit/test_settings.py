"""What the environment says."""

from __future__ import annotations

from datetime import timedelta

import pytest

from barycenter_jobs.core.errors import InvalidSetting
from barycenter_jobs.core.jobs import JOBS
from barycenter_jobs.core.prices import DOCUMENTED_PRICES, Prices
from barycenter_jobs.core.schedules import parse
from barycenter_jobs.core.sign_in import SignIn
from barycenter_jobs.settings.apis import ApiSettings, scope_prefix, sign_in
from barycenter_jobs.settings.cleanups import CleanupSettings, DeleterKind, ShareOutSettings
from barycenter_jobs.settings.log import EventBusSettings, LogSettings

LOG = {"JOB_EXECUTIONS_TABLE": "job_executions"}
CLEANUP = {"EXPIRING_TABLE": "sessions"}
API = {
    "CLEANUP_EXPIRED_SESSIONS_FUNCTION": "arn:aws:lambda:us-east-1:123456789012:function:sessions",
    "CLEANUP_EXPIRED_SESSIONS_SCHEDULE": "cron(0 * * * ? *)",
    "CLEANUP_EXPIRED_REFRESH_TOKENS_FUNCTION": "refresh-tokens",
    "CLEANUP_EXPIRED_REFRESH_TOKENS_SCHEDULE": "cron(30 * * * ? *)",
    "CLEANUP_EXPIRED_CHALLENGES_FUNCTION": "challenges",
    "CLEANUP_EXPIRED_CHALLENGES_SCHEDULE": "cron(0/5 * * * ? *)",
    "CLEANUP_EXPIRED_DEVICE_CODES_FUNCTION": "device-codes",
    "CLEANUP_EXPIRED_DEVICE_CODES_SCHEDULE": "cron(45 * * * ? *)",
    **{f"{job.name.upper()}_TABLE": f"barycenter-{job.kind.name}" for job in JOBS},
}


def test_the_log_needs_only_its_table() -> None:
    assert LogSettings.of(LOG) == LogSettings("job_executions", timedelta(days=90), None)


def test_the_log_takes_a_retention_and_an_endpoint() -> None:
    given = LOG | {"RETENTION_DAYS": "7", "DYNAMODB_ENDPOINT_URL": "http://127.0.0.1:8000"}

    assert LogSettings.of(given) == LogSettings("job_executions", timedelta(days=7), "http://127.0.0.1:8000")


def test_the_log_takes_a_retention_of_failures_and_a_number_of_records() -> None:
    settings = LogSettings.of(LOG | {"FAILURE_RETENTION_DAYS": "30", "MAX_EXECUTION_RECORDS": "1000"})

    assert (settings.failure_retention, settings.max_records) == (timedelta(days=30), 1000)


def test_failures_are_kept_for_400_days_and_any_number_of_records() -> None:
    settings = LogSettings.of(LOG | {"FAILURE_RETENTION_DAYS": "", "MAX_EXECUTION_RECORDS": "0"})

    assert (settings.failure_retention, settings.max_records) == (timedelta(days=400), None)


def test_a_cleanup_needs_only_its_table() -> None:
    settings = CleanupSettings.of(CLEANUP)

    assert (settings.table, settings.shards, settings.deleter) == ("sessions", 16, DeleterKind.PARTIQL)


@pytest.mark.parametrize("kind", DeleterKind)
def test_a_cleanup_takes_a_number_of_shards_and_a_way_to_delete(kind: DeleterKind) -> None:
    settings = CleanupSettings.of(CLEANUP | {"EXPIRY_SHARDS": "4", "DELETER": kind.value})

    assert (settings.shards, settings.deleter) == (4, kind)


def test_the_api_knows_the_function_the_schedule_and_the_table_of_every_job() -> None:
    settings = ApiSettings.of(API)

    assert settings.lambda_endpoint is None
    assert list(settings.functions) == list(settings.schedules) == [job.name for job in JOBS]
    assert settings.functions["cleanup_expired_sessions"] == API["CLEANUP_EXPIRED_SESSIONS_FUNCTION"]
    assert settings.functions["cleanup_expired_device_codes"] == "device-codes"
    assert settings.tables["cleanup_expired_device_codes"] == "barycenter-device_codes"
    assert settings.shards == 16
    assert settings.schedules["cleanup_expired_challenges"] == parse("cron(0/5 * * * ? *)")


def test_the_api_takes_an_endpoint_for_lambda() -> None:
    given = API | {"LAMBDA_ENDPOINT_URL": "http://127.0.0.1:3001"}

    assert ApiSettings.of(given).lambda_endpoint == "http://127.0.0.1:3001"


def test_an_empty_variable_is_one_that_is_not_set() -> None:
    empty = {"RETENTION_DAYS": "", "DYNAMODB_ENDPOINT_URL": "", "EXPIRY_SHARDS": "", "DELETER": ""}

    assert LogSettings.of(LOG | empty) == LogSettings.of(LOG)
    assert CleanupSettings.of(CLEANUP | empty) == CleanupSettings.of(CLEANUP)
    assert ApiSettings.of(API | {"LAMBDA_ENDPOINT_URL": ""}) == ApiSettings.of(API)


@pytest.mark.parametrize("value", [None, ""])
def test_what_is_needed_and_not_set_is_named(value: str | None) -> None:
    given = {} if value is None else {"JOB_EXECUTIONS_TABLE": value, "EXPIRING_TABLE": value}

    with pytest.raises(InvalidSetting, match=r"^JOB_EXECUTIONS_TABLE is not set$"):
        LogSettings.of(given)
    with pytest.raises(InvalidSetting, match=r"^EXPIRING_TABLE is not set$"):
        CleanupSettings.of(given)


@pytest.mark.parametrize("name", API)
def test_a_job_that_is_half_described_is_refused_by_the_name_of_the_variable(name: str) -> None:
    without = {other: value for other, value in API.items() if other != name}

    with pytest.raises(InvalidSetting) as refusal:
        ApiSettings.of(without)

    assert str(refusal.value) == f"{name} is not set"


@pytest.mark.parametrize(
    "text", ["0", "-1", "1.5", "ten", " 7", "7 ", "1e3", "\N{ARABIC-INDIC DIGIT SEVEN}", "36501", "9" * 5000]
)
def test_a_retention_that_is_no_number_of_days_is_refused(text: str) -> None:
    with pytest.raises(InvalidSetting) as refusal:
        LogSettings.of(LOG | {"RETENTION_DAYS": text})

    assert str(refusal.value) == f"RETENTION_DAYS must be a whole number from 1 to 36500, not {text!r}"


@pytest.mark.parametrize("text", ["0", "-4", "sixteen", "1025"])
def test_a_number_of_shards_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(InvalidSetting) as refusal:
        CleanupSettings.of(CLEANUP | {"EXPIRY_SHARDS": text})

    assert str(refusal.value) == f"EXPIRY_SHARDS must be a whole number from 1 to 1024, not {text!r}"


def test_a_cleanup_has_no_ceilings_and_shares_nothing_out_unless_told() -> None:
    settings = CleanupSettings.of(CLEANUP)

    assert settings.rotation_grace is None
    assert settings.share_out is None
    assert settings.reconcile_read_units_per_second == 100
    assert settings.prices == DOCUMENTED_PRICES


def test_a_cleanup_takes_a_grace_prices_and_a_pace_for_reconciling() -> None:
    settings = CleanupSettings.of(
        CLEANUP
        | {
            "ROTATED_TOKEN_GRACE_HOURS": "48",
            "MILLION_WRITE_UNITS_PRICE": "0.715",
            "MILLION_READ_UNITS_PRICE": "0",
            "RECONCILE_READ_UNITS_PER_SECOND": "25",
        }
    )

    assert settings.rotation_grace == timedelta(hours=48)
    assert settings.prices == Prices(million_write_units=0.715, million_read_units=0.0)
    assert settings.reconcile_read_units_per_second == 25


SHARED = CLEANUP | {
    "SHARE_OUT_STATE_MACHINE": "arn:aws:states:us-east-1:123456789012:stateMachine:jobs-share-out",
    "SHARE_OUT_THRESHOLD": "1000",
    "SHARE_OUT_CONCURRENCY": "4",
    "AWS_LAMBDA_FUNCTION_NAME": "cleanup",
}


def test_a_cleanup_takes_a_state_machine_for_large_backlogs() -> None:
    assert CleanupSettings.of(SHARED).share_out == ShareOutSettings(
        SHARED["SHARE_OUT_STATE_MACHINE"], function="cleanup", threshold=1000, at_once=4, endpoint=None
    )


def test_nothing_is_shared_out_without_a_machine() -> None:
    assert CleanupSettings.of(SHARED | {"SHARE_OUT_STATE_MACHINE": ""}).share_out is None


@pytest.mark.parametrize("text", ["", "0"])
def test_a_threshold_of_zero_means_never(text: str) -> None:
    share_out = CleanupSettings.of(SHARED | {"SHARE_OUT_THRESHOLD": text}).share_out

    assert share_out is not None
    assert share_out.threshold is None


def test_more_hands_than_a_map_state_has_are_refused() -> None:
    with pytest.raises(InvalidSetting, match=r"^SHARE_OUT_CONCURRENCY must be a whole number from 1 to 40"):
        CleanupSettings.of(SHARED | {"SHARE_OUT_CONCURRENCY": "41"})


@pytest.mark.parametrize("text", ["-1", "free", "1,25", "1e3", ".5", "0.1234567890"])
def test_a_price_that_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(InvalidSetting) as refusal:
        CleanupSettings.of(CLEANUP | {"MILLION_READ_UNITS_PRICE": text})

    assert str(refusal.value) == (
        f"MILLION_READ_UNITS_PRICE must be an amount of US dollars, like 0.625, not {text!r}"
    )


@pytest.mark.parametrize("text", ["PARTIQL", "batch", "partiql,delete-item"])
def test_an_unknown_way_to_delete_is_refused(text: str) -> None:
    with pytest.raises(InvalidSetting) as refusal:
        CleanupSettings.of(CLEANUP | {"DELETER": text})

    assert str(refusal.value) == f"DELETER must be partiql or delete-item, not {text!r}"


def test_a_schedule_that_cannot_be_read_is_refused_by_the_name_of_its_variable() -> None:
    with pytest.raises(InvalidSetting) as refusal:
        ApiSettings.of(API | {"CLEANUP_EXPIRED_CHALLENGES_SCHEDULE": "rate(5 minutes)"})

    assert str(refusal.value) == (
        "CLEANUP_EXPIRED_CHALLENGES_SCHEDULE: 'rate(5 minutes)' is not of the form "
        "cron(minutes hours day month weekday year)"
    )


def test_no_bus_hears_of_runs_unless_it_is_named() -> None:
    assert LogSettings.of(LOG | {"EVENT_BUS_NAME": "", "PUBLIC_URL": "https://a.example"}).event_bus is None


def test_a_bus_takes_an_endpoint_and_the_beginning_of_links() -> None:
    given = LOG | {
        "EVENT_BUS_NAME": "runs",
        "EVENTS_ENDPOINT_URL": "http://127.0.0.1:8000",
        "PUBLIC_URL": "https://a.example",
    }

    assert LogSettings.of(LOG | {"EVENT_BUS_NAME": "runs"}).event_bus == EventBusSettings("runs", "", None)
    assert LogSettings.of(given).event_bus == EventBusSettings(
        "runs", "https://a.example", "http://127.0.0.1:8000"
    )


def test_nobody_signs_in_where_there_is_no_issuer() -> None:
    assert sign_in({"OIDC_ISSUER": "", "OIDC_CLIENT_ID": ""}) is None


def test_people_sign_in_at_the_issuer_as_its_client() -> None:
    given = {"OIDC_ISSUER": "https://idp.example:8443/realms/a", "OIDC_CLIENT_ID": "page"}

    assert sign_in(given) == SignIn("https://idp.example:8443/realms/a", "page")


@pytest.mark.parametrize(
    "issuer", ["idp.example", "https://idp.example;script-src *", "https://idp.example/ *", "https://a b"]
)
def test_an_issuer_that_could_say_something_else_in_a_header_is_refused(issuer: str) -> None:
    with pytest.raises(InvalidSetting, match="OIDC_ISSUER must be the URL of an issuer"):
        sign_in({"OIDC_ISSUER": issuer, "OIDC_CLIENT_ID": "page"})


@pytest.mark.parametrize(
    "origin",
    [
        "https://people.auth.eu-west-1.amazoncognito.com",
        "https://id.example:8443",
        "http://127.0.0.1:8000",
        "http://[::1]:8000",
    ],
)
def test_an_issuer_may_give_its_tokens_elsewhere(origin: str) -> None:
    given = {"OIDC_ISSUER": "https://idp.example", "OIDC_CLIENT_ID": "page", "OIDC_TOKEN_ORIGIN": origin}

    assert sign_in(given) == SignIn("https://idp.example", "page", origin)
    assert sign_in(given | {"OIDC_TOKEN_ORIGIN": ""}) == SignIn("https://idp.example", "page")


@pytest.mark.parametrize(
    "origin",
    [
        *("https:", "https://", "people.example", "*", "https://*", "https://*.example", "ftp://a.example"),
        *("https://a.example/", "https://a.example/oauth2/token", "https://a.example;script-src *", "'self'"),
        *("https://a.example https://b.example", "https://a.example\n", "https://a@b.example", "data:"),
    ],
)
def test_what_could_say_something_else_in_a_header_is_no_origin(origin: str) -> None:
    with pytest.raises(InvalidSetting, match="OIDC_TOKEN_ORIGIN must be an origin"):
        sign_in({"OIDC_ISSUER": "https://a", "OIDC_CLIENT_ID": "page", "OIDC_TOKEN_ORIGIN": origin})


def test_an_issuer_may_name_our_scopes_after_their_api() -> None:
    given = {"OIDC_ISSUER": "https://a", "OIDC_CLIENT_ID": "page", "OIDC_SCOPE_PREFIX": "jobs-api/"}

    assert sign_in(given) == SignIn("https://a", "page", scope_prefix="jobs-api/")
    assert scope_prefix(given) == "jobs-api/"
    assert scope_prefix({}) == ""


@pytest.mark.parametrize("prefix", ["a b/", '"', "\\", "ä", "a\n"])
def test_what_no_scope_begins_with_is_refused(prefix: str) -> None:
    with pytest.raises(InvalidSetting, match="OIDC_SCOPE_PREFIX must be the beginning of a scope"):
        scope_prefix({"OIDC_SCOPE_PREFIX": prefix})


def test_an_issuer_needs_a_client() -> None:
    with pytest.raises(InvalidSetting, match="OIDC_CLIENT_ID is not set"):
        sign_in({"OIDC_ISSUER": "https://idp.example"})
