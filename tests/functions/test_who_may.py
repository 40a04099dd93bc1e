"""Reading and acting are apart, whichever way somebody comes in."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from barycenter_jobs.bootstrap import apis
from barycenter_jobs.core.errors import NotAllowed
from barycenter_jobs.core.sign_in import SignIn
from tests.functions.conftest import Load, Stack
from tests.functions.loading import Json, sample
from tests.graphql.service import ALICE

SUBJECT = "248289761001"
READ = {"scope": "openid jobs:read"}
NONE = {"scope": "openid profile"}
# As RFC 9068 has it, as other issuers have it, and as API Gateway writes a list.
WRITE = [
    {"scope": "openid jobs:write"},
    {"scp": "jobs:read jobs:write"},
    {"scope": "[jobs:read jobs:write]"},
    {"scp": "[jobs:write]"},
    {"scope": "openid", "scp": "jobs:write"},
]
LOOK_ALIKES: list[Json] = [
    {},
    {"scope": ""},
    {"scope": "jobs:writer jobs"},
    {"scope": "JOBS:WRITE"},
    {"scope": "jobs:read,jobs:write"},
    {"permissions": "jobs:write"},
    {"scope": None, "scp": 7},
]


def over_http(name: str, claims: Json) -> Json:
    """A sample event behind the JWT authorizer."""
    event = sample(name)
    event["requestContext"]["authorizer"] = {"jwt": {"claims": {"sub": SUBJECT, **claims}, "scopes": None}}
    return event


def over_appsync(name: str, claims: Json) -> Json:
    """A sample event behind OpenID Connect."""
    claims = {"sub": SUBJECT, **claims}
    identity = {"claims": claims, "issuer": "https://id.example.com", "sub": SUBJECT}
    return sample(name) | {"identity": identity}


def refusals(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    """Who was refused what, as the log has it."""
    refused = [record for record in caplog.records if record.getMessage() == "refused"]
    return [(record.__dict__["field"], record.__dict__["caller"]) for record in refused]


def answered(response: Json) -> Json:
    body: Json = json.loads(response["body"])
    return body


def test_a_reader_who_tries_to_act_over_http_is_refused_and_logged(
    function: Load, stack: Stack, caplog: pytest.LogCaptureFixture
) -> None:
    answer = answered(function("http_api")(over_http("httpapi_trigger_job", READ)))

    (error,) = answer["errors"]
    assert error["message"] == "This needs the scope jobs:write; your token has jobs:read"
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert stack.invoker.invocations == []
    assert stack.log.get(1) is None
    assert refusals(caplog) == [("triggerJob", SUBJECT)]


def test_a_reader_who_tries_to_act_over_appsync_is_refused_and_logged(
    function: Load, stack: Stack, caplog: pytest.LogCaptureFixture
) -> None:
    resolver = function("graphql_resolver")

    with pytest.raises(NotAllowed, match=r"^This needs the scope jobs:write; your token has jobs:read$"):
        resolver(over_appsync("appsync_trigger_job", READ))
    assert stack.invoker.invocations == []
    assert stack.log.get(1) is None
    assert refusals(caplog) == [("triggerJob", SUBJECT)]


@pytest.mark.usefixtures("stack")
def test_a_reader_may_look(function: Load, caplog: pytest.LogCaptureFixture) -> None:
    answer = answered(function("http_api")(over_http("httpapi_available_jobs", READ)))
    jobs = function("graphql_resolver")(over_appsync("appsync_available_jobs", READ))

    assert [job["name"] for job in answer["data"]["availableJobs"]] == [job["name"] for job in jobs]
    assert refusals(caplog) == []


@pytest.mark.usefixtures("stack")
@pytest.mark.parametrize("claims", [NONE, *LOOK_ALIKES], ids=str)
def test_a_token_without_our_scopes_may_not_even_look(
    claims: Json, function: Load, caplog: pytest.LogCaptureFixture
) -> None:
    answer = answered(function("http_api")(over_http("httpapi_available_jobs", claims)))

    assert answer["data"] is None
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]
    with pytest.raises(NotAllowed):
        function("graphql_resolver")(over_appsync("appsync_available_jobs", claims))
    assert refusals(caplog) == [("availableJobs", SUBJECT)] * 2


@pytest.mark.parametrize("claims", WRITE, ids=str)
@pytest.mark.parametrize(
    ("folder", "event"),
    [
        ("http_api", lambda claims: over_http("httpapi_trigger_job", claims)),
        ("graphql_resolver", lambda claims: over_appsync("appsync_trigger_job", claims)),
    ],
    ids=["over http", "over appsync"],
)
def test_a_writer_may_act_and_is_recorded(
    claims: Json, folder: str, event: Callable[[Json], Json], function: Load, stack: Stack
) -> None:
    function(folder)(event(claims))

    assert [execution.trigger.by for _, execution in stack.invoker.invocations] == [SUBJECT]


def test_appsync_hands_a_list_of_scopes_over_as_it_is(function: Load, stack: Stack) -> None:
    function("graphql_resolver")(over_appsync("appsync_trigger_job", {"scp": ["openid", "jobs:write"]}))

    assert len(stack.invoker.invocations) == 1


# As an access token of Amazon Cognito's has it: no audience, and scopes with their resource server's name.
COGNITO = {"token_use": "access", "client_id": "7ol4page", "username": "carol", "version": 2}


@pytest.fixture
def named_after_the_api(monkeypatch: pytest.MonkeyPatch) -> None:
    """An issuer that puts the name of the API before our scopes."""
    monkeypatch.setattr(apis, "token_scope_prefix", lambda: "jobs-api/")
    sign_in = SignIn("https://id.example.com", "console", scope_prefix="jobs-api/")
    monkeypatch.setattr(apis, "page_sign_in", lambda: sign_in)


@pytest.mark.usefixtures("named_after_the_api")
@pytest.mark.parametrize(
    ("folder", "event"),
    [
        ("http_api", lambda claims: over_http("httpapi_trigger_job", claims)),
        ("graphql_resolver", lambda claims: over_appsync("appsync_trigger_job", claims)),
    ],
    ids=["over http", "over appsync"],
)
def test_scopes_that_are_named_after_their_api_say_the_same(
    folder: str, event: Callable[[Json], Json], function: Load, stack: Stack
) -> None:
    function(folder)(event(COGNITO | {"scope": "openid jobs-api/jobs:read jobs-api/jobs:write"}))

    assert [execution.trigger.by for _, execution in stack.invoker.invocations] == [SUBJECT]


@pytest.mark.usefixtures("named_after_the_api", "stack")
@pytest.mark.parametrize(
    ("scope", "has"),
    [
        ("jobs-api/jobs:read", "jobs:read"),
        ("jobs:write", "neither jobs:read nor jobs:write"),
        ("other-api/jobs:write", "neither jobs:read nor jobs:write"),
        ("not-jobs-api/jobs:write jobs-api/jobs:writer", "neither jobs:read nor jobs:write"),
        ("jobs-api/ jobs:write", "neither jobs:read nor jobs:write"),
    ],
)
def test_a_scope_of_another_api_lets_nobody_act(scope: str, has: str, function: Load) -> None:
    answer = answered(function("http_api")(over_http("httpapi_trigger_job", {"scope": scope})))

    assert answer["errors"][0]["message"] == f"This needs the scope jobs:write; your token has {has}"
    with pytest.raises(NotAllowed):
        function("graphql_resolver")(over_appsync("appsync_trigger_job", {"scope": scope}))


def test_a_token_for_no_user_names_its_client(function: Load, stack: Stack) -> None:
    claims: Any = {"sub": None, "client_id": "nightly-report", "scope": "jobs:write"}

    function("http_api")(over_http("httpapi_trigger_job", claims))

    assert [execution.trigger.by for _, execution in stack.invoker.invocations] == ["nightly-report"]


@pytest.mark.parametrize(
    ("folder", "name"),
    [("http_api", "httpapi_trigger_job"), ("graphql_resolver", "appsync_trigger_job")],
)
def test_whom_iam_let_in_may_act(folder: str, name: str, function: Load, stack: Stack) -> None:
    function(folder)(sample(name))

    assert [execution.trigger.by for _, execution in stack.invoker.invocations] == [ALICE]


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("http_api", "httpapi_trigger_job_by_token"),
        ("graphql_resolver", "appsync_trigger_job_by_token"),
    ],
)
def test_the_samples_with_a_token_act(folder: str, name: str, function: Load, stack: Stack) -> None:
    function(folder)(sample(name))

    assert [execution.trigger.by for _, execution in stack.invoker.invocations] == [SUBJECT]


# Where people sign in with a token, the page's own routes are open. One that leads further by mistake, or a
# route that somebody leaves open, must not be a way around the token.
@pytest.mark.parametrize("authorizer", [None, {}, {"lambda": {}}, {"iam": {"userArn": ALICE}}])
@pytest.mark.parametrize("name", ["httpapi_trigger_job", "httpapi_available_jobs"])
def test_where_people_sign_in_with_a_token_nobody_does_anything_without(
    name: str, authorizer: object, function: Load, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apis, "page_sign_in", lambda: SignIn("https://id.example.com", "console"))
    event = sample(name)
    event["requestContext"]["authorizer"] = authorizer

    answer = answered(function("http_api")(event))

    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]
    assert stack.invoker.invocations == []


def clearing(claims: Json | None) -> Json:
    """A request to clear the history over REST: with a token, or signed where there are no claims."""
    event = sample("httpapi_trigger_job") if claims is None else over_http("httpapi_trigger_job", claims)
    event["rawPath"] = event["requestContext"]["http"]["path"] = "/api/executions/clear"
    event["routeKey"] = event["requestContext"]["routeKey"] = "POST /api/executions/clear"
    del event["body"]
    return event


@pytest.mark.usefixtures("stack")
def test_a_reader_who_tries_to_clear_the_history_over_rest_is_refused_and_logged(
    function: Load, caplog: pytest.LogCaptureFixture
) -> None:
    answer = function("http_api")(clearing(READ))

    assert answer["statusCode"] == 403
    assert answered(answer)["detail"] == "This needs the scope jobs:write; your token has jobs:read"
    assert [record.__dict__["caller"] for record in caplog.records if record.getMessage() == "refused"] == [
        SUBJECT
    ]


@pytest.mark.usefixtures("stack")
@pytest.mark.parametrize("claims", [WRITE[0], None], ids=["a writer", "whom IAM let in"])
def test_others_may_clear_it(claims: Json | None, function: Load) -> None:
    assert function("http_api")(clearing(claims))["statusCode"] == 200
