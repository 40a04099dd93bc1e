"""What is read from a SAM template."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.checkout import REPOSITORY
from console.local_stack.errors import InvalidTemplate
from console.local_stack.template import InputTransformer, Route, Rule, read_template

SMALL = """
Transform: AWS::Serverless-2016-10-31
Parameters:
  TableName: { Type: String, Default: things }
  Days: { Type: Number, Default: 90 }
  Make: { Type: String, Default: "true" }
  Needed: { Type: String }
Mappings:
  Sizes: { small: { shards: 4 } }
Conditions:
  Makes: !Equals [!Ref Make, "true"]
  MakesNot: !Not [!Condition Makes]
Globals:
  Function:
    Handler: app.handler
    Timeout: 10
    Layers: [!Ref Shared]
    Environment:
      Variables: { DAYS: !Ref Days, WHO: everybody, EMPTY: "" }
Resources:
  Shared:
    Type: AWS::Serverless::LayerVersion
    Properties: { ContentUri: layers/shared/ }
  Things:
    Type: AWS::DynamoDB::Table
    Condition: Makes
    Properties:
      TableName: !Ref TableName
      BillingMode: PAY_PER_REQUEST
      KeySchema: [{ AttributeName: thing, KeyType: HASH }]
      AttributeDefinitions: [{ AttributeName: thing, AttributeType: S }]
      TimeToLiveSpecification: { AttributeName: gone_at, Enabled: true }
      DeletionProtectionEnabled: true
  Others:
    Type: AWS::DynamoDB::Table
    Condition: MakesNot
    Properties: { TableName: !Ref Needed }
  Cleaner:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/cleaner/
      MemorySize: 256
      EventInvokeConfig: { MaximumRetryAttempts: 1 }
      Environment:
        Variables:
          WHO: !Sub "${AWS::StackName}/${TableName}/${!literal}"
          EXPIRING_TABLE: !Ref Things
          EXPIRY_SHARDS: !FindInMap [Sizes, small, shards]
          FLAG: true
          HALF: !If [MakesNot, yes, !Ref AWS::NoValue]
          JOINED: !Join ["-", [a, !Select [1, !Split [",", "b,c"]]]]
      Events:
        Hourly: { Type: Schedule, Properties: { Schedule: "cron(0 * * * ? *)" } }
        Never: { Type: Schedule, Properties: { Schedule: "cron(1 * * * ? *)", Enabled: false } }
        NotNow: { Type: Schedule, Properties: { Schedule: "cron(2 * * * ? *)", State: DISABLED } }
        Named: { Type: Schedule, Properties: { Schedule: "cron(3 * * * ? *)", Name: own-name, Input: '{}' } }
  Api:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: functions/api
      FunctionName: the-api
      Environment:
        Variables: { CLEAN_THINGS_FUNCTION: !GetAtt Cleaner.Arn, QUEUE: !GetAtt Queue.Arn }
      Events:
        Get: { Type: HttpApi, Properties: { Method: get, Path: /things } }
        Everything: { Type: HttpApi }
  ThingsApi:
    Type: AWS::ApiGatewayV2::Integration
    Properties: { ApiId: !Ref Gateway, IntegrationUri: !GetAtt Api.Arn }
  Elsewhere:
    Type: AWS::ApiGatewayV2::Integration
    Properties: { ApiId: !Ref Gateway, IntegrationUri: "https://example.com" }
  Gateway:
    Type: AWS::ApiGatewayV2::Api
  PutThing:
    Type: AWS::ApiGatewayV2::Route
    Properties: { RouteKey: "PUT /things/{id}", Target: !Sub "integrations/${ThingsApi}" }
  AnythingElse:
    Type: AWS::ApiGatewayV2::Route
    Properties: { RouteKey: $default, Target: !Sub "integrations/${ThingsApi}" }
  ToElsewhere:
    Type: AWS::ApiGatewayV2::Route
    Properties: { RouteKey: GET /elsewhere, Target: !Sub "integrations/${Elsewhere}" }
  MadeNot:
    Type: AWS::ApiGatewayV2::Route
    Condition: MakesNot
    Properties: { RouteKey: GET /not, Target: !Sub "integrations/${ThingsApi}" }
  Queue:
    Type: AWS::SQS::Queue
  Nightly:
    Type: AWS::Events::Rule
    Properties:
      ScheduleExpression: cron(4 3 * * ? *)
      Targets:
        - Id: cleaner
          Arn: !GetAtt Cleaner.Arn
          InputTransformer:
            InputPathsMap: { id: $.id }
            InputTemplate: >-
              {"id": <id>, "night": true}
        - { Id: api, Arn: !GetAtt Api.Arn, Input: '{"night": true}' }
        - { Id: queue, Arn: !GetAtt Queue.Arn }
  Seldom:
    Type: AWS::Events::Rule
    Properties:
      ScheduleExpression: cron(5 3 * * ? *)
      State: DISABLED
      Targets: [{ Id: cleaner, Arn: !GetAtt Cleaner.Arn }]
  Reaction:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: { source: [aws.s3] }
      Targets: [{ Id: cleaner, Arn: !GetAtt Cleaner.Arn }]
"""


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "template.yaml"
    path.write_text(SMALL)
    return path


def test_a_table_keeps_what_create_table_takes(written: Path) -> None:
    (table,) = read_template(written).tables

    assert (table.name, table.key, table.ttl_attribute) == ("things", "thing", "gone_at")
    assert set(table.definition) == {"BillingMode", "KeySchema", "AttributeDefinitions"}


def test_a_function_takes_the_globals_where_it_says_nothing_itself(written: Path) -> None:
    cleaner = read_template(written).functions["Cleaner"]

    assert (cleaner.handler, cleaner.timeout_seconds, cleaner.memory_mb, cleaner.retries) == (
        "app.handler",
        10,
        256,
        1,
    )
    assert cleaner.code == written.parent / "functions" / "cleaner"
    assert cleaner.layers == (written.parent / "layers" / "shared",)


def test_the_environment_is_merged_evaluated_and_text(written: Path) -> None:
    assert read_template(written).functions["Cleaner"].environment == {
        "DAYS": "90",
        "WHO": "local/things/${literal}",
        "EMPTY": "",
        "EXPIRING_TABLE": "things",
        "EXPIRY_SHARDS": "4",
        "FLAG": "true",
        "JOINED": "a-c",
    }


def test_a_function_is_known_by_its_own_name_where_it_has_one(written: Path) -> None:
    template = read_template(written)

    assert set(template.functions) == {"Cleaner", "the-api"}
    assert template.functions["the-api"].arn == "arn:aws:lambda:us-east-1:000000000000:function:the-api"


def test_enabled_schedules_become_rules(written: Path) -> None:
    assert read_template(written).rules[:2] == (
        Rule("CleanerHourly", "cron(0 * * * ? *)", "Cleaner"),
        Rule("own-name", "cron(3 * * * ? *)", "Cleaner", payload={}),
    )


def test_an_enabled_rule_with_a_schedule_is_one_for_each_function_among_its_targets(written: Path) -> None:
    transformer = InputTransformer('{"id": <id>, "night": true}', {"id": "$.id"})

    assert read_template(written).rules[2:] == (
        Rule("Nightly", "cron(4 3 * * ? *)", "Cleaner", transformer=transformer),
        Rule("Nightly", "cron(4 3 * * ? *)", "the-api", payload={"night": True}),
    )


def test_http_events_become_routes(written: Path) -> None:
    assert read_template(written).routes[:2] == (
        Route("GET", "/things", "the-api"),
        Route("ANY", "$default", "the-api"),
    )


def test_api_gateways_own_routes_to_functions_are_routes_too(written: Path) -> None:
    assert read_template(written).routes[2:] == (
        Route("PUT", "/things/{id}", "the-api"),
        Route("ANY", "$default", "the-api"),
    )


def test_jobs_are_named_by_the_variables_that_point_to_their_functions(written: Path) -> None:
    assert read_template(written).jobs == {"Cleaner": "clean_things"}


def test_tables_that_are_swept_by_index_are_known_with_their_shards(written: Path) -> None:
    assert read_template(written).expiry_shards == {"things": 4}


@pytest.mark.parametrize(
    ("was", "becomes", "message"),
    [
        (SMALL, "[", "is no valid YAML"),
        (SMALL, "Outputs: {}", "has no Resources"),
        ("!Ref Days", "!Ref Nothing", "neither a parameter nor a resource"),
        ("!Ref Days", "!Ref Needed", "Parameter Needed of template.yaml has no default"),
        ("!Ref Days", "!ImportValue x", "uses Fn::ImportValue, which the local stack does not know"),
        ("!Ref Days", "!Select [9, [a]]", "Fn::Select that cannot be evaluated"),
        ("[!Ref Shared]", "[!Ref Queue]", "uses the layer Queue"),
        ("Condition: Makes\n", "Condition: Absent\n", "no condition 'Absent'"),
        ("Input: '{}'", "Input: '{'", "is no valid SAM template"),
        ("InputTemplate: >-", "InputTemplates: >-", "is no valid SAM template"),
        ("KeyType: HASH", "KeyType: RANGE", "is no valid SAM template"),
        ("CodeUri: functions/api", "Description: no code", "is no valid SAM template"),
    ],
)
def test_a_template_that_cannot_be_stood_up_is_refused(
    written: Path, was: str, becomes: str, message: str
) -> None:
    assert was in SMALL
    written.write_text(SMALL.replace(was, becomes))

    with pytest.raises(InvalidTemplate, match=message) as refusal:
        read_template(written)
    assert "\n" not in str(refusal.value)


def test_a_template_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidTemplate, match=r"template\.yaml cannot be read: No such file"):
        read_template(tmp_path / "template.yaml")


def test_the_product_s_own_template_can_be_stood_up() -> None:
    template = read_template(REPOSITORY / "template.yaml")

    assert {table.name for table in template.tables} >= {"sessions", "refresh_tokens", "job_executions"}
    assert {"cleanup_expired_sessions", "cleanup_expired_challenges"} <= set(template.jobs.values())
    assert set(template.jobs) <= {rule.function for rule in template.rules if rule.transformer is None}
    assert set(template.jobs) == {rule.function for rule in template.rules if rule.transformer is not None}
    assert Route("POST", "/admin/jobs", "HttpApiFunction") in template.routes
    assert all((function.code / "app.py").exists() for function in template.functions.values())
