"""Signing in at the issuer of a deployed stack: the authorization code flow with a proof key."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from barycenter_jobs.core.sign_in import SignIn
from tests.page import scenes
from tests.page.conftest import Sit
from tests.page.issuer import CLIENT, Issuer, issuing
from tests.page.person import Person
from tests.page.server import Scripted, scripted

DESCRIPTION = "/.well-known/openid-configuration"


@dataclass
class Deployed:
    server: Scripted
    issuer: Issuer
    person: Person


Deploy = Callable[..., Deployed]


@pytest.fixture
def elsewhere(sit: Sit) -> Iterator[Deploy]:
    """What deploys with an issuer as Amazon Cognito is: tokens elsewhere, scopes named after their API."""
    with ExitStack() as stack:

        def deploy(*, told: bool) -> Deployed:
            issuer = stack.enter_context(issuing(elsewhere=True))
            issuer.scope = "openid jobs-api/jobs:read jobs-api/jobs:write"
            origin = issuer.endpoints if told else None
            sign_in = SignIn(issuer.address, CLIENT, origin, "jobs-api/")
            server = stack.enter_context(scripted(scenes.calm(hours=3).operations, sign_in))
            server.authorize = issuer.claims
            return Deployed(server, issuer, sit(server.address))

        yield deploy


@pytest.fixture
def deployed(sit: Sit) -> Iterator[Deployed]:
    with (
        issuing() as issuer,
        scripted(scenes.calm(hours=3).operations, SignIn(issuer.address, CLIENT)) as server,
    ):
        server.authorize = issuer.claims
        yield Deployed(server, issuer, sit(server.address))


def test_a_person_signs_in_and_is_back_at_the_view(deployed: Deployed) -> None:
    person = deployed.person
    person.visit("#/log?status=success")
    person.sees("Sign in to see the jobs")
    assert deployed.server.asked == ["Probe"]
    person.page.complaints.clear()  # that the answer to it is 401, as it should be

    person.clicks("Sign in", "main button")
    person.sees("cleanup_expired_sessions")

    assert person.view() == "#/log?status=success"
    assert "code=" not in person.page.evaluate("location.href")
    asked = deployed.issuer.asked[0]
    assert (asked["client_id"], asked["response_type"]) == (CLIENT, "code")
    assert asked["code_challenge_method"] == "S256"
    assert asked["scope"] == "openid jobs:read jobs:write"
    assert asked["redirect_uri"] == deployed.server.address
    assert person.page.complaints == []


def test_a_person_signs_in_where_the_issuer_gives_its_tokens_elsewhere(elsewhere: Deploy) -> None:
    deployed = elsewhere(told=True)
    person, issuer = deployed.person, deployed.issuer
    assert issuer.endpoints != issuer.address
    issuer.lasts = 20  # so that it is renewed there as well
    person.visit()
    person.sees("Sign in to see the jobs")
    person.page.complaints.clear()  # that the answer to it is 401, as it should be

    person.clicks("Sign in", "main button")
    person.sees("healthy", "h1")
    person.clicks("Pause cleanup_expired_sessions")
    person.clicks("Pause", "dialog button")

    person.sees("Paused by carol")
    assert issuer.asked[0]["scope"] == "openid jobs-api/jobs:read jobs-api/jobs:write"
    grants = {asked.get("grant_type") for asked in issuer.asked[1:]}
    assert grants == {"authorization_code", "refresh_token"}
    assert person.page.complaints == []


def test_where_the_server_was_not_told_of_the_other_origin_a_person_reads_what_to_do(
    elsewhere: Deploy,
) -> None:
    deployed = elsewhere(told=False)
    deployed.person.visit()
    deployed.person.clicks("Sign in", "main button")

    deployed.person.sees(
        f"The issuer gives tokens at {deployed.issuer.endpoints}, which this page may not ask"
    )
    assert deployed.issuer.asked == []


def test_the_policy_lets_the_page_ask_the_issuers_origins_and_no_other(elsewhere: Deploy) -> None:
    deployed = elsewhere(told=True)
    deployed.person.visit()
    deployed.person.sees("Sign in to see the jobs")

    with issuing() as stranger:
        reached = [
            deployed.person.page.evaluate(
                f"fetch({json.dumps(origin + DESCRIPTION)}).then(() => true, () => false)"
            )
            for origin in (deployed.issuer.address, deployed.issuer.endpoints, stranger.address)
        ]

    assert reached == [True, True, False]


def test_behind_a_proxy_that_signs_nobody_has_to_sign_in(deployed: Deployed) -> None:
    deployed.server.authorize = lambda _token: {"sub": "by the proxy", "scope": "jobs:write"}
    deployed.person.visit()

    deployed.person.sees("healthy", "h1")
    assert deployed.issuer.asked == []


def test_a_reload_keeps_the_session_and_signing_out_ends_it(deployed: Deployed) -> None:
    person = deployed.person
    person.visit()
    person.clicks("Sign in", "main button")
    person.sees("healthy", "h1")
    person.visit()
    person.sees("healthy", "h1")

    person.clicks("Sign out")
    person.sees("Sign in to see the jobs")
    person.visit()
    person.sees("Sign in to see the jobs")


def test_acting_is_done_in_the_persons_name(deployed: Deployed) -> None:
    person = deployed.person
    person.visit()
    person.clicks("Sign in", "main button")
    person.clicks("Pause cleanup_expired_sessions")
    person.sees("does not run by itself", "dialog")
    person.clicks("Pause", "dialog button")

    person.sees("Paused by carol")


def test_who_is_denied_reads_why(deployed: Deployed) -> None:
    deployed.issuer.denies = True
    deployed.person.visit()
    deployed.person.clicks("Sign in", "main button")

    deployed.person.sees("You may not operate the jobs.")
    deployed.person.sees("Sign in to see the jobs")


def test_an_answer_to_a_question_that_this_page_did_not_ask_is_refused(deployed: Deployed) -> None:
    deployed.person.visit("?code=stolen&state=forged")

    deployed.person.sees("This answer belongs to no signing in of this tab")
    assert deployed.issuer.asked == []


def test_a_token_is_renewed_before_it_ends(deployed: Deployed) -> None:
    deployed.issuer.lasts = 20  # less than what the page wants to be left
    deployed.person.visit()
    deployed.person.clicks("Sign in", "main button")
    deployed.person.sees("healthy", "h1")

    assert "refresh_token" in {asked.get("grant_type") for asked in deployed.issuer.asked}


def test_when_the_api_takes_the_token_no_more_the_page_says_so(deployed: Deployed) -> None:
    deployed.person.visit()
    deployed.person.clicks("Sign in", "main button")
    deployed.person.sees("healthy", "h1")

    deployed.issuer.tokens.clear()
    deployed.person.clicks("Live")

    deployed.person.sees("Your session is over.")
