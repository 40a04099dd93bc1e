"""The state machine of the share-out, as far as reading can tell; tests/state_machine/ runs it."""

import json
import subprocess
import sys
from functools import reduce
from pathlib import Path

import pytest

from tests.template.reading import CLEANUPS, SHARE_OUT_ARN, Json, functions, resources, share_out


def properties() -> Json:
    found: Json = resources("AWS::Serverless::StateMachine")["ShareOut"]["Properties"]
    return found


def drain_part() -> Json:
    state: Json = share_out()["States"]["DrainParts"]["ItemProcessor"]["States"]["DrainPart"]
    return state


def nexts(state: Json) -> set[str]:
    """Return the states that one may lead to."""
    branches = [state, *state.get("Choices", []), *state.get("Catch", [])]
    named = {branch["Next"] for branch in branches if "Next" in branch}
    return named | ({state["Default"]} if "Default" in state else set())


def test_the_machine_is_called_what_the_functions_call_it() -> None:
    assert properties()["Name"] == {"Fn::Sub": SHARE_OUT_ARN.rpartition(":stateMachine:")[2]}
    assert properties()["Type"] == "STANDARD"


def test_the_definition_has_the_shape_of_a_state_machine(tmp_path: Path) -> None:
    # Neither cfn-lint nor sam looks into the file that DefinitionUri names, nor, after SAM's transform, into
    # an inline Definition. Where the definition stands in a plain resource, cfn-lint does.
    plain = {"RoleArn": "arn:aws:iam::123456789012:role/any", "Definition": share_out()}
    resource = {"Type": "AWS::StepFunctions::StateMachine", "Properties": plain}
    path = tmp_path / "template.json"
    path.write_text(json.dumps({"Resources": {"ShareOut": resource}}))

    cfn_lint = Path(sys.executable).with_name("cfn-lint")
    done = subprocess.run([cfn_lint, path], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("inside", [[], ["States", "DrainParts", "ItemProcessor"]], ids=["machine", "map"])
def test_every_state_is_reached_and_leads_somewhere(inside: list[str]) -> None:
    # What cfn-lint leaves unchecked. The states of a map lead only to one another.
    machine = reduce(lambda part, name: part[name], inside, share_out())
    states = machine["States"]
    reached = {machine["StartAt"]}.union(*(nexts(state) for state in states.values()))

    assert reached == set(states)
    assert [name for name, state in states.items() if not nexts(state) and state.get("End") is not True] == []
    assert [name for name, state in states.items() if nexts(state) and "End" in state] == []


def test_nothing_is_left_to_replace_in_the_definition() -> None:
    assert share_out()["QueryLanguage"] == "JSONPath"
    assert "${" not in json.dumps(share_out())


def test_no_more_parts_are_drained_at_once_than_the_input_says() -> None:
    # The engine of tests/state_machine starts every part at once, whatever this says.
    parts = share_out()["States"]["DrainParts"]

    assert parts["MaxConcurrencyPath"] == "$.concurrency"
    assert "MaxConcurrency" not in parts
    assert parts["ItemProcessor"]["ProcessorConfig"] == {"Mode": "INLINE"}


def test_lambda_ends_a_function_before_the_state_machine_gives_it_up() -> None:
    slowest = max(functions()[cleanup.folder]["Timeout"] for cleanup in CLEANUPS)

    for state in (drain_part(), share_out()["States"]["CloseRecord"]):
        assert slowest < state["TimeoutSeconds"] <= slowest + 60
    assert share_out()["TimeoutSeconds"] == 24 * 60 * 60


def test_parts_that_failed_together_do_not_come_back_together() -> None:
    (retry,) = drain_part()["Retry"]

    assert retry["ErrorEquals"] == ["States.ALL"]
    assert retry["MaxAttempts"] == 3
    assert retry["BackoffRate"] > 1
    assert retry["JitterStrategy"] == "FULL"


def test_the_machine_logs_errors_without_data_and_is_traced() -> None:
    assert properties()["Logging"] == {
        "Level": "ERROR",
        "IncludeExecutionData": False,
        "Destinations": [
            {"CloudWatchLogsLogGroup": {"LogGroupArn": {"Fn::GetAtt": ["ShareOutLogGroup", "Arn"]}}}
        ],
    }
    assert properties()["Tracing"] == {"Enabled": True}
    assert properties()["Role"] == {"Fn::GetAtt": ["ShareOutRole", "Arn"]}
