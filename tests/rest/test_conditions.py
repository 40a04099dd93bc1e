"""Clients that poll get what has changed and nothing else."""

from __future__ import annotations

import pytest

from tests.rest.asking import Ask

KEPT = [
    *("/api/executions", "/api/executions?format=csv", "/api/executions/stats", "/api/executions/errors"),
    *("/api/executions/42", "/api/executions/clearings", "/openapi.json"),
]


@pytest.mark.parametrize("path", KEPT)
def test_what_has_not_changed_is_not_sent_again(path: str, ask: Ask) -> None:
    first = ask(path)
    tag = first.headers["etag"]

    for known in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        again = ask(path, if_none_match=known)
        assert (again.status, again.body, again.headers["etag"]) == (304, "", tag)
        assert again.headers["cache-control"] == first.headers["cache-control"]


@pytest.mark.parametrize("path", ["/api/executions", "/api/executions/stats", "/api/executions/clearings"])
def test_what_has_changed_is_sent(path: str, ask: Ask) -> None:
    before = ask(path)
    ask("/api/executions/clear", "POST")

    after = ask(path, if_none_match=before.headers["etag"])

    assert after.status == 200
    assert after.headers["etag"] != before.headers["etag"]


def test_each_representation_has_a_tag_of_its_own(ask: Ask) -> None:
    tags = {ask(f"/api/executions?format={form}").headers["etag"] for form in ("json", "csv", "ndjson")}

    assert len(tags) == 3
    assert ask("/api/executions").headers["vary"] == "accept"


@pytest.mark.parametrize(
    ("path", "cache_control"),
    [
        ("/api/executions", "private, no-cache"),
        ("/openapi.json", "private, max-age=300"),
        ("/metrics", "no-store"),
        ("/health", "no-store"),
    ],
)
def test_nothing_is_kept_that_may_be_old(path: str, cache_control: str, ask: Ask) -> None:
    answer = ask(path)

    assert answer.headers["cache-control"] == cache_control
    assert ("etag" in answer.headers) == (cache_control != "no-store")


def test_a_problem_is_never_unchanged(ask: Ask) -> None:
    assert ask("/api/executions?limit=0", if_none_match="*").status == 400
    assert ask("/api/executions/clear", "POST", if_none_match="*").status == 200
