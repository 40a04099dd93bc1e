"""The page's files as the API serves them."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from barycenter_jobs.core.sign_in import SignIn
from barycenter_jobs.web import console_files

DASHBOARD = Path(__file__).parents[2] / "dashboard"
CONSOLE = Path(console_files.__file__).with_name("console")
ISSUER = SignIn("https://idp.example/realms/people", "operators-page")


def policy(sign_in: SignIn | None) -> dict[str, str]:
    text = console_files.page_headers(sign_in)["content-security-policy"]
    return dict(directive.strip().split(" ", 1) for directive in text.split(";"))


def test_the_page_may_run_and_load_only_what_its_own_server_has() -> None:
    assert policy(None) == {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "data:",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
        "trusted-types": "'none'",
    }


def test_with_an_issuer_the_page_may_ask_it_too_and_nobody_else() -> None:
    assert policy(ISSUER) == policy(None) | {"connect-src": "'self' https://idp.example"}


@pytest.mark.parametrize(
    ("token_origin", "asked"),
    [
        (None, "'self' https://idp.example"),
        ("https://idp.example", "'self' https://idp.example"),
        ("https://people.example:8443", "'self' https://idp.example https://people.example:8443"),
    ],
)
def test_where_the_issuer_gives_tokens_elsewhere_the_page_may_ask_there_too(
    token_origin: str | None, asked: str
) -> None:
    sign_in = replace(ISSUER, token_origin=token_origin)

    assert policy(sign_in) == policy(None) | {"connect-src": asked}


def test_the_page_carries_no_script_and_no_style_in_itself() -> None:
    page = console_files.page(None)

    assert re.findall(r"<script[^>]*>(.*?)</script>", page, re.DOTALL) == [""]
    assert "<style" not in page
    assert not re.findall(r"\s(on\w+|style)=", page)
    assert not re.findall(r"https?://|\"//", page)


def test_every_file_that_the_page_names_is_there_under_a_name_with_its_digest() -> None:
    named = set(re.findall(r'console/([^"]+)"', console_files.page(None)))

    assert len(named) == 1
    for name in named:
        content = console_files.files()[name].content
        assert hashlib.sha256(content).hexdigest()[:16] in name


def test_what_has_a_digest_in_its_name_is_kept_for_ever_and_all_else_is_asked_for_each_time() -> None:
    for name, file in console_files.files().items():
        kept = "public, max-age=31536000, immutable" if name.startswith("page-") else "no-cache"
        assert file.headers(zipped=True)["cache-control"] == kept
        assert file.headers(zipped=True)["content-encoding"] == "gzip"
        assert "content-encoding" not in file.headers(zipped=False)
        assert file.headers(zipped=False)["vary"] == "accept-encoding"
        assert gzip.decompress(file.zipped) == file.content
    assert console_files.page_headers(None)["cache-control"] == "no-cache"


@pytest.mark.parametrize(
    ("sign_in", "issuer", "client", "token_origin", "scope"),
    [
        (None, None, None, None, "openid jobs:read jobs:write"),
        (ISSUER, ISSUER.issuer, "operators-page", None, "openid jobs:read jobs:write"),
        (
            SignIn("https://a", "page", "https://b", "jobs-api/"),
            *("https://a", "page", "https://b", "openid jobs-api/jobs:read jobs-api/jobs:write"),
        ),
    ],
)
def test_the_page_is_told_where_to_sign_in(
    sign_in: SignIn | None, issuer: str | None, client: str | None, token_origin: str | None, scope: str
) -> None:
    (told,) = re.findall(r'name="sign-in" content="([^"]+)"', console_files.page(sign_in))

    assert json.loads(unescape(told)) == {
        "issuer": issuer,
        "clientId": client,
        "tokenOrigin": token_origin,
        "scope": scope,
    }


def test_the_page_was_built_from_the_sources_that_stand_beside_it() -> None:
    digest = hashlib.sha256()
    sources = DASHBOARD / "src"
    for name in sorted(str(path.relative_to(sources)) for path in sources.rglob("*.*") if path.is_file()):
        digest.update(f"{name}\n".encode())
        digest.update((sources / name).read_bytes())
    for name in ("build.mjs", "package-lock.json"):
        digest.update((DASHBOARD / name).read_bytes())

    assert (CONSOLE / "sources.sha256").read_text().strip() == digest.hexdigest(), "run `make page`"


def test_no_lock_names_a_registry() -> None:
    assert '"resolved"' not in (DASHBOARD / "package-lock.json").read_text()
