"""DynamoDB's answers as the JSON that they are."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

import botocore.session
from botocore.parsers import ResponseParser, ResponseParserError, ResponseParserFactory

# DynamoDB's JSON is what the SDK's parser makes of it, but for binary values and points in time: these
# operations answer a sweep with strings and numbers only. Two of them are here for what is no answer at all,
# such as a proxy's page: the SDK's parser would take it for an empty one, and so for a row that is deleted.
_PLAIN = frozenset({"BatchExecuteStatementOutput", "DeleteItemOutput", "QueryOutput", "UpdateItemOutput"})


def leave_answers_plain(session: botocore.session.Session) -> botocore.session.Session:
    """Have a session's clients take what their sweeps are answered as it comes, and return it.

    The SDK's parser looks at each attribute of each row that a delete returns, by the service model: that was
    half of a sweep's client time. Errors, and all other answers, are still the SDK's own to parse.
    """
    session.register_component("response_parser_factory", _PlainParsers())
    return session


class _PlainParsers(ResponseParserFactory):
    def create_parser(self, protocol_name: str) -> Any:  # noqa: ANN401 - a parser by what it does
        return _PlainParser(super().create_parser(protocol_name))


class _PlainParser:
    def __init__(self, parser: ResponseParser) -> None:
        self._parser = parser

    def parse(self, response: Any, shape: Any) -> Any:  # noqa: ANN401 - the SDK's own dictionaries
        if response["status_code"] != HTTPStatus.OK or shape is None or shape.name not in _PLAIN:
            return self._parser.parse(response, shape)
        headers = response["headers"]
        answer = _object(response["body"])
        answer["ResponseMetadata"] = {
            "RequestId": headers.get("x-amzn-requestid", ""),
            "HTTPStatusCode": response["status_code"],
            "HTTPHeaders": dict(headers),
        }
        return answer


def _object(body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except ValueError:  # a JSONDecodeError holds the whole body: it must not become anybody's context
        answer = None
    if not isinstance(answer, dict):
        raise ResponseParserError("The answer is no JSON object")
    return answer
