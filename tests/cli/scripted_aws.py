"""As much of CloudFormation, STS, EventBridge and AppSync as the command line asks, as a test wants it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from tests.cli.served import Answer, Received, served

_XML = {"content-type": "text/xml"}


@dataclass
class Aws:
    """An account with one stack. `refuses` names the actions that its policy does not allow."""

    url: str
    outputs: dict[str, str] = field(default_factory=dict)
    stack: str = "prod"
    status: str = "UPDATE_COMPLETE"
    rules: dict[str, str] = field(default_factory=lambda: {"prod-Hourly": "ENABLED", "prod-Daily": "ENABLED"})
    refuses: set[str] = field(default_factory=set)
    refusal: str = "AccessDenied"
    appsync: Answer = field(
        default_factory=lambda: Answer(
            200, {"data": {"availableJobs": [{"name": "cleanup_expired_sessions"}]}}
        )
    )
    asked: list[Received] = field(default_factory=list)

    @property
    def environment(self) -> Mapping[str, str]:
        """What makes the SDK ask here."""
        services = ("CLOUDFORMATION", "STS", "EVENTBRIDGE")
        return {f"AWS_ENDPOINT_URL_{service}": self.url for service in services}

    def answer(self, request: Received) -> Answer:
        self.asked.append(request)
        if request.target == "/graphql":
            return self.appsync
        if target := request.header("x-amz-target"):
            return self._events(target, json.loads(request.body))
        return self._query({name: values[0] for name, values in parse_qs(request.body.decode()).items()})

    def _query(self, form: Mapping[str, str]) -> Answer:
        action = form["Action"]
        if action in self.refuses:
            return self._error(403, self.refusal, f"not authorized to perform {action}")
        if action == "GetCallerIdentity":
            return self._xml(
                action, "<Arn>arn:aws:iam::123456789012:user/alice</Arn><Account>123456789012</Account>"
            )
        if form.get("StackName") != self.stack:
            return self._error(400, "ValidationError", "Stack with that id does not exist")
        if action == "DescribeStacks":
            return self._xml(action, f"<Stacks><member>{self._described()}</member></Stacks>")
        assert action == "ListStackResources"
        return self._xml(action, f"<StackResourceSummaries>{self._resources()}</StackResourceSummaries>")

    def _described(self) -> str:
        outputs = "".join(
            f"<member><OutputKey>{name}</OutputKey><OutputValue>{escape(value)}</OutputValue></member>"
            for name, value in self.outputs.items()
        )
        return (
            f"<StackName>{self.stack}</StackName><StackStatus>{self.status}</StackStatus>"
            f"<CreationTime>2026-02-14T12:00:00Z</CreationTime><Outputs>{outputs}</Outputs>"
        )

    def _resources(self) -> str:
        kinds = [("AWS::Events::Rule", name) for name in self.rules] + [
            ("AWS::Lambda::Function", "prod-Cleanup")
        ]
        return "".join(
            f"<member><ResourceType>{kind}</ResourceType><PhysicalResourceId>{name}</PhysicalResourceId></member>"
            for kind, name in kinds
        )

    def _events(self, target: str, body: dict[str, str]) -> Answer:
        assert target == "AWSEvents.DescribeRule"
        if "DescribeRule" in self.refuses:
            return Answer(
                400, {"__type": "AccessDeniedException"}, {"content-type": "application/x-amz-json-1.1"}
            )
        return Answer(
            200,
            {"Name": body["Name"], "State": self.rules[body["Name"]]},
            {"content-type": "application/x-amz-json-1.1"},
        )

    @staticmethod
    def _xml(action: str, content: str) -> Answer:
        body = f"<{action}Response><{action}Result>{content}</{action}Result></{action}Response>"
        return Answer(200, body, _XML)

    @staticmethod
    def _error(status: int, code: str, message: str) -> Answer:
        body = (
            f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
        )
        return Answer(status, body, _XML)


@contextmanager
def scripted_aws(**outputs: str) -> Iterator[Aws]:
    """Serve an account whose stack has these outputs."""
    with served() as server:
        aws = Aws(server.url, outputs)
        server.answer = aws.answer  # type: ignore[method-assign]
        yield aws
