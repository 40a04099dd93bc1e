"""The one rule that has four targets."""

from tests.template.reading import CLEANUPS, Json, resources


def rule() -> Json:
    properties: Json = resources("AWS::Events::Rule")["ReconcileRule"]["Properties"]
    return properties


def test_every_cleanup_reconciles_on_the_schedule_of_the_parameter() -> None:
    assert rule()["ScheduleExpression"] == {"Ref": "ReconcileSchedule"}
    assert rule()["State"] == "ENABLED"
    assert {target["Id"]: target["Arn"] for target in rule()["Targets"]} == {
        cleanup.folder: {"Fn::GetAtt": [logical_id(cleanup.folder), "Arn"]} for cleanup in CLEANUPS
    }


def test_the_event_keeps_its_id() -> None:
    # Lambda may deliver an event twice. Its id tells, and Input would have dropped it.
    for target in rule()["Targets"]:
        assert "Input" not in target
        assert target["InputTransformer"]["InputPathsMap"] == {"id": "$.id", "time": "$.time"}


def logical_id(folder: str) -> str:
    return "".join(word.capitalize() for word in folder.split("_")) + "Function"
