import json

import pytest
from graphql import GraphQLObjectType, get_named_type, parse, validate

from tests.template.reading import CLEANUPS, ROOT, Json, deployed_schema, resources, routes, share_out

EVENTS = ROOT / "events"
MANUAL = "trigger_cleanup_sessions"
RECONCILE = "eventbridge_reconcile_sessions"
WATCHDOG = "eventbridge_watchdog"
SCHEDULED = [f"eventbridge_{cleanup.folder}" for cleanup in CLEANUPS]


def sample(name: str) -> Json:
    event: Json = json.loads((EVENTS / f"{name}.json").read_text())
    return event


def samples(source: str) -> list[str]:
    return sorted(path.stem for path in EVENTS.glob(f"{source}_*.json"))


def test_every_way_in_has_its_samples() -> None:
    assert samples("eventbridge") == sorted([*SCHEDULED, RECONCILE, WATCHDOG])
    assert samples("stepfunctions") == ["stepfunctions_part_due", "stepfunctions_parts_done"]
    assert samples("trigger") == [MANUAL]
    asked = ["available_jobs", "job_logs", "trigger_job", "trigger_job_by_token"]
    assert samples("appsync") == sorted(f"appsync_{each}" for each in [*asked, "find_many"])
    over_http = [*asked, "clear", "executions", "stats"]
    assert samples("httpapi") == sorted(f"httpapi_{each}" for each in over_http)


@pytest.mark.parametrize("name", [*SCHEDULED, WATCHDOG])
def test_a_scheduled_event_has_eventbridges_shape(name: str) -> None:
    event = sample(name)

    assert event["detail-type"] == "Scheduled Event"
    assert event["source"] == "aws.events"
    assert event["detail"] == {}
    assert len(event["resources"]) == 1


def test_no_two_events_share_an_id() -> None:
    # An event whose id has succeeded never runs again: copies would be invoked for nothing.
    ids = [sample(name)["id"] for name in [*samples("eventbridge"), MANUAL]]

    assert len(set(ids)) == len(ids)


def test_a_reconcile_event_is_what_the_rule_makes_of_its_own() -> None:
    rule = resources("AWS::Events::Rule")["ReconcileRule"]
    event = sample(RECONCILE)
    made = {target["InputTransformer"]["InputTemplate"] for target in rule["Properties"]["Targets"]}

    assert [
        json.loads(
            template.replace("<id>", json.dumps(event["id"])).replace("<time>", json.dumps(event["time"]))
        )
        for template in made
    ] == [event]


def test_the_events_of_a_share_out_are_what_the_state_machine_sends() -> None:
    drain = share_out()["States"]["DrainParts"]["ItemProcessor"]["States"]["DrainPart"]
    close = share_out()["States"]["CloseRecord"]

    for name, state in (("stepfunctions_part_due", drain), ("stepfunctions_parts_done", close)):
        event, sent = sample(name), state["Parameters"]["Payload"]
        assert event.keys() == sent.keys()
        assert (event["source"], event["detail-type"]) == (sent["source"], sent["detail-type"])
        assert event["detail"].keys() == {key.removesuffix(".$") for key in sent["detail"]}


def test_a_manual_event_without_a_record_starts_a_new_run() -> None:
    event = sample(MANUAL)

    assert (event["detail-type"], event["source"]) == ("Job Triggered", "barycenter.jobs")
    assert event["detail"] == {}


@pytest.mark.parametrize("name", samples("appsync"))
def test_an_appsync_event_asks_for_what_the_schema_has(name: str) -> None:
    event = sample(name)
    root = deployed_schema().type_map[event["info"]["parentTypeName"]]
    assert isinstance(root, GraphQLObjectType)
    field = root.fields[event["info"]["fieldName"]]
    answer = get_named_type(field.type)
    assert isinstance(answer, GraphQLObjectType)

    assert set(event["arguments"]) <= set(field.args)
    text, paths = event["info"]["selectionSetGraphQL"], event["info"]["selectionSetList"]
    assert {path.partition("/")[0] for path in paths} <= set(answer.fields)
    assert [word for word in text.split() if word not in "{}"] == [path.rpartition("/")[2] for path in paths]


@pytest.mark.parametrize("name", samples("httpapi"))
def test_an_http_event_carries_a_valid_query_along_a_deployed_route(name: str) -> None:
    event = sample(name)

    assert event["version"] == "2.0"
    assert event["routeKey"] == event["requestContext"]["routeKey"]
    assert event["routeKey"] in routes()
    assert list(event["requestContext"]["authorizer"]) == ["jwt" if name.endswith("_by_token") else "iam"]
    if event["rawPath"].startswith("/admin/"):
        assert validate(deployed_schema(), parse(json.loads(event["body"])["query"])) == []
