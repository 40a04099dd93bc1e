"""Whether a request was signed as AWS wants it, by signing it again from what arrived."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.cli.served import Received

SECRET = "local"  # as tests/conftest.py has it
_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=(?P<key>\w+)/\d{8}/(?P<region>[\w-]+)/(?P<service>[\w-]+)/aws4_request, "
    r"SignedHeaders=(?P<headers>[\w;-]+), Signature=(?P<signature>[0-9a-f]{64})"
)


def signed_for(request: Received, secret: str = SECRET, token: str | None = None) -> tuple[str, str]:
    """Return the service and region of a signature that is right; a wrong one fails the test."""
    match = _AUTHORIZATION.fullmatch(request.header("authorization") or "")
    assert match, request.headers
    names = match["headers"].split(";")
    assert {"host", "x-amz-date"} <= set(names)
    headers = {name: request.header(name) or "" for name in names}
    parts = urlsplit(request.target)
    # As AWS does: what was sent is decoded, and encoded by its own rules.
    pairs = sorted(
        (quote(name, safe="-_.~"), quote(value, safe="-_.~"))
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
    )
    query = "&".join(f"{name}={value}" for name, value in pairs)
    again = AWSRequest(
        request.method,
        f"http://{headers['host']}{parts.path}" + (f"?{query}" if query else ""),
        headers,
        request.body,
    )
    again.context["timestamp"] = headers["x-amz-date"]
    auth = SigV4Auth(Credentials(match["key"], secret, token), match["service"], match["region"])
    expected = auth.signature(auth.string_to_sign(again, auth.canonical_request(again)), again)
    assert match["signature"] == expected
    assert request.header("x-amz-security-token") == token
    return match["service"], match["region"]
