"""What no function took, or failed for good, waits where somebody looks."""

from __future__ import annotations

import pytest

from tests.template.reading import CLEANUPS, Cleanup, functions, resources

WAITING = {"Fn::GetAtt": ["DeadLetters", "Arn"]}


@pytest.mark.parametrize("cleanup", CLEANUPS, ids=lambda cleanup: cleanup.folder)
def test_an_event_that_a_cleanup_does_not_take_is_tried_for_an_interval_and_kept(cleanup: Cleanup) -> None:
    (event,) = functions()[cleanup.folder]["Events"].values()

    assert event["Properties"]["DeadLetterConfig"] == {"Arn": WAITING}
    policy = event["Properties"]["RetryPolicy"]
    assert policy["MaximumEventAgeInSeconds"] == cleanup.interval_seconds
    assert 1 <= policy["MaximumRetryAttempts"] <= 185


@pytest.mark.parametrize("cleanup", CLEANUPS, ids=lambda cleanup: cleanup.folder)
def test_an_invocation_that_fails_for_good_is_kept(cleanup: Cleanup) -> None:
    config = functions()[cleanup.folder]["EventInvokeConfig"]

    assert config["DestinationConfig"] == {"OnFailure": {"Type": "SQS", "Destination": WAITING}}
    assert config["MaximumRetryAttempts"] == 2


def test_every_target_of_a_rule_has_dead_letters_and_gives_up_some_time() -> None:
    for rule in resources("AWS::Events::Rule").values():
        for target in rule["Properties"]["Targets"]:
            assert "DeadLetterConfig" in target
            assert target["RetryPolicy"]["MaximumEventAgeInSeconds"] <= 86_400


def test_queues_are_encrypted_kept_for_two_weeks_and_closed_to_others() -> None:
    policies = {
        body["Properties"]["Queues"][0]["Ref"]: body["Properties"]["PolicyDocument"]["Statement"]
        for body in resources("AWS::SQS::QueuePolicy").values()
    }
    for name, queue in resources("AWS::SQS::Queue").items():
        assert queue["Properties"]["SqsManagedSseEnabled"] is True
        assert queue["Properties"]["MessageRetentionPeriod"] == 14 * 86_400
        for each in policies[name]:
            statement = each.get("Fn::If", [None, each])[1]
            assert "Condition" in statement
            if statement["Effect"] == "Allow":
                assert statement["Principal"]["Service"] in {"events.amazonaws.com", "sns.amazonaws.com"}
                assert statement["Action"] == "sqs:SendMessage"


def test_a_page_that_the_pager_does_not_take_waits_too() -> None:
    pager = resources("AWS::SNS::Subscription")["PagerSubscription"]["Properties"]
    policy = resources("AWS::SQS::QueuePolicy")["DeadLettersPolicy"]["Properties"]["PolicyDocument"]
    (made,) = [each["Fn::If"] for each in policy["Statement"] if "Fn::If" in each]

    assert pager["RedrivePolicy"] == {"deadLetterTargetArn": WAITING}
    assert (made[0], made[1]["Resource"]) == ("HasPager", WAITING)
    assert made[1]["Condition"] == {"ArnEquals": {"aws:SourceArn": {"Ref": "PagingTopic"}}}
    assert pager["TopicArn"] == {"Ref": "PagingTopic"}
