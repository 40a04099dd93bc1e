"""The stack's templates as CloudFormation would create them: transformed by SAM, conditions settled.

Guard reads a template as data. Of `!If [A, NONE, AWS_IAM]` it only sees that there is no text, so the
parameters are settled first, in all the ways that change what is made.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

from console.local_stack.intrinsics import ACCOUNT, REGION, Evaluator

Json = dict[str, Any]

_KINDS = ("Sessions", "RefreshTokens", "Challenges", "DeviceCodes")
SETTINGS: dict[str, Json] = {
    "as it is by default": {},
    "with all that it can have": {
        "Stage": "prod",
        "JwtIssuer": "https://issuer.example.com",
        "JwtAudience": "operators",
        "AlarmEmail": "operators@example.com",
        "AlarmHttpsEndpoint": "https://pager.example.com/integration",
        "WebhookUrl": "https://webhook.example.com/runs",
        "WebhookSecretArn": "webhook",
        "EmitRemovals": "true",
        **{f"{kind}CleanupMode": "ttl-first" for kind in _KINDS},
    },
    "beside tables that exist": {
        "AdoptExistingTables": "true",
        **{f"{kind}CleanupMode": "ttl-first" for kind in _KINDS},
        **{f"{kind}StreamLabel": "2026-11-20T08:00:00.000" for kind in _KINDS},
    },
}
# What `sam package` would have uploaded. Nothing looks there.
_UPLOADED = {
    "AWS::Serverless::Function": "CodeUri",
    "AWS::Serverless::LayerVersion": "ContentUri",
    "AWS::Serverless::StateMachine": "DefinitionUri",
}


class Settled(NamedTuple):
    """A template of which nothing is open any more, and how it came to be."""

    name: str
    body: Json


class _NoManagedPolicies:
    """SAM would ask IAM for the names of managed policies. The stack's functions name none."""

    def load(self) -> dict[str, str]:
        return {}


def settled_templates(root: Path) -> list[Settled]:
    """Return template.yaml in each of the SETTINGS, and the nested stacks' templates as they are."""
    transformed = _transformed((root / "template.yaml").read_text())
    nested = sorted((root / "monitoring").glob("*.yaml"))
    return [
        *(
            Settled(f"template.yaml, {name}", _settled(transformed, given))
            for name, given in SETTINGS.items()
        ),
        *(Settled(f"monitoring/{path.name}", yaml_parse(path.read_text())) for path in nested),
    ]


def _transformed(text: str) -> Json:
    template = yaml_parse(text)
    for body in template["Resources"].values():
        if body["Type"] in _UPLOADED:
            body["Properties"][_UPLOADED[body["Type"]]] = "s3://uploaded/by-sam-package"
    made: Json = transform(template, {}, _NoManagedPolicies())
    return made


def _settled(template: Json, given: Json) -> Json:
    evaluator = Evaluator(
        template,
        lambda name: f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:{name}",
        lambda name, attribute: f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:{name}/{attribute}",
        given,
    )
    resources = {
        name: evaluator.value({key: value for key, value in body.items() if key != "Condition"})
        for name, body in template["Resources"].items()
        if "Condition" not in body or evaluator.holds(body["Condition"])
    }
    return {"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources}
