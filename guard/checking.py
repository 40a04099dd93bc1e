"""What CloudFormation Guard says about templates by AWS's rules, less the exceptions."""

from __future__ import annotations

import json
import platform
import re
import subprocess
import tarfile
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol

Json = dict[str, Any]

_PACKED = "lib/python3*/site-packages/cdklabs/cdk_validator_cfnguard/_jsii/*.jsii.tgz"
_SYSTEMS = {"Linux": "ubuntu", "Darwin": "macos"}  # as the package names the folders of its programs
_MACHINES = {"x86_64": "x86_64", "arm64": "aarch64", "aarch64": "aarch64"}
ANY = "any resource"
_RAN = (0, 19)  # Guard's exit statuses: all rules were kept, some were not


class GuardDidNotRun(Exception):
    """There is no CloudFormation Guard for this machine, or it could not do its work."""


class Breach(NamedTuple):
    """A rule, as AWS names it, and a resource that does not keep it, by its logical id."""

    rule: str
    resource: str


class Verdict(NamedTuple):
    """Which rules looked at something, and which of them were not kept."""

    rules: frozenset[str]
    breaches: Mapping[Breach, str]


def unpacked(environment: Path) -> Path:
    """Return the folder with Guard and the rules, unpacked once from what is installed in an environment."""
    into = environment / "cfn-guard"
    if not into.is_dir():
        found = sorted(environment.glob(_PACKED))
        if len(found) != 1:
            raise GuardDidNotRun(f"cdklabs-cdk-validator-cfnguard is not installed in {environment}.")
        with tempfile.TemporaryDirectory(dir=environment) as halfway:
            with tarfile.open(found[0]) as archive:
                archive.extractall(halfway, filter="data")
            (Path(halfway) / "package").rename(into)
    return into


class Template(Protocol):
    """A template to be looked at, and what to call it."""

    @property
    def name(self) -> str: ...

    @property
    def body(self) -> Json: ...


def verdict(package: Path, templates: Iterable[Template], scratch: Path) -> Verdict:
    """Return what the rules of `package` say of the templates. Raises GuardDidNotRun."""
    rules: set[str] = set()
    breaches: dict[Breach, str] = {}
    for number, template in enumerate(templates):
        path = scratch / f"template-{number}.json"
        path.write_text(json.dumps(template.body))
        said = _asked(package, path)
        rules |= {*said["compliant"], *(each["Rule"]["name"] for each in said["not_compliant"])}
        for each in said["not_compliant"]:
            for breach in _breaches(each["Rule"]):
                breaches.setdefault(breach, template.name)
    return Verdict(frozenset(rules), breaches)


def _asked(package: Path, template: Path) -> Json:
    program = package / "bin" / _SYSTEMS.get(platform.system(), "?") / _MACHINES.get(platform.machine(), "?")
    command = [
        str(program / "cfn-guard"),
        "validate",
        "--rules",
        str(package / "rules"),
        "--data",
        str(template),
    ]
    options = ["--structured", "--output-format", "json", "--show-summary", "none"]
    try:
        ran = subprocess.run([*command, *options], capture_output=True, text=True, check=False)  # noqa: S603
    except FileNotFoundError:
        raise GuardDidNotRun(f"There is no cfn-guard for {platform.system()} {platform.machine()}.") from None
    if ran.returncode not in _RAN:
        raise GuardDidNotRun(f"cfn-guard ended with {ran.returncode}: {ran.stderr[-2000:]}")
    (said,) = json.loads(ran.stdout)
    answer: Json = said
    return answer


def _breaches(rule: Json) -> set[Breach]:
    """Return each resource that the rule's findings name; a finding that names none is of the template."""
    named = set(re.findall(r"/Resources/(\w+)", json.dumps(rule)))
    return {Breach(rule["name"], resource) for resource in named or {"-"}}


def unexcused(found: Verdict, exceptions: Mapping[str, Sequence[str]]) -> dict[Breach, str]:
    """Return the breaches that no exception is made for, each with the template that it was first seen in."""
    return {
        breach: name
        for breach, name in found.breaches.items()
        if not {breach.resource, ANY} & set(exceptions.get(breach.rule, ()))
    }


def needless(found: Verdict, exceptions: Mapping[str, Sequence[str]]) -> list[Breach]:
    """Return exceptions that excuse nothing: the rule is kept, or is gone."""
    made = [Breach(rule, resource) for rule, resources in exceptions.items() for resource in resources]
    rules = {Breach(breach.rule, ANY) for breach in found.breaches}
    return [breach for breach in made if breach not in found.breaches.keys() | rules]


def read_exceptions(data: Any) -> dict[str, list[str]]:  # noqa: ANN401 - what YAML says
    """Return resources by rule. Raises GuardDidNotRun for what is no such list."""
    if not isinstance(data, dict) or not all(isinstance(each, list) for each in data.values()):
        raise GuardDidNotRun("guard/exceptions.yaml must name lists of resources by rule.")
    return data
