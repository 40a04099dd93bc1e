from collections.abc import Iterator

import pytest

from tests.template.reading import CLEANUPS, FOLDERS, Cleanup, Json, functions, resources

Permission = tuple[str, str]

TABLE = "arn:${AWS::Partition}:dynamodb:${AWS::Region}:${AWS::AccountId}:table/"
EXECUTIONS = f"{TABLE}${{JobExecutionsTableName}}"
RECORDING = {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:ConditionCheckItem"}
SWEEPING = {"dynamodb:DescribeTable", "dynamodb:Scan", "dynamodb:PartiQLDelete", "dynamodb:DeleteItem"}

# Where AWS leaves no choice: the log group of an AppSync API carries an id that the API gets after its role.
# An index of the one table that is read in every way is the other exception.
WILDCARDS = {
    f"{EXECUTIONS}/index/*",
    "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:/aws/appsync/apis/*",
}


def as_list(value: str | Json | list[str | Json]) -> list[str | Json]:
    return value if isinstance(value, list) else [value]


def arn(resource: str | Json) -> str:
    if isinstance(resource, str):
        return resource
    if "Fn::Sub" in resource:
        return str(resource["Fn::Sub"])
    return ".".join(resource["Fn::GetAtt"])


def permissions(policies: list[Json]) -> Iterator[Permission]:
    for policy in policies:
        for statement in policy["Statement"]:
            assert statement["Effect"] == "Allow"
            for action in as_list(statement["Action"]):
                for resource in as_list(statement["Resource"]):
                    yield str(action), arn(resource)


@pytest.mark.parametrize("cleanup", CLEANUPS, ids=FOLDERS[:4])
def test_a_cleanup_may_touch_its_own_table_and_record_its_runs(cleanup: Cleanup) -> None:
    own_table = f"{TABLE}${{{cleanup.table}}}"
    expected = (
        {(action, own_table) for action in SWEEPING}
        | {("dynamodb:Query", f"{own_table}/index/expiry-index")}
        | {(action, EXECUTIONS) for action in RECORDING}
    )

    assert set(permissions(functions()[cleanup.folder]["Policies"])) == expected


@pytest.mark.parametrize("folder", ["graphql_resolver", "http_api"])
def test_an_api_may_read_the_log_and_start_the_four_jobs(folder: str) -> None:
    expected = (
        {(action, EXECUTIONS) for action in RECORDING | {"dynamodb:Query"}}
        | {("dynamodb:Query", f"{EXECUTIONS}/index/*")}
        | {
            ("lambda:InvokeFunction", f"{name}.Arn")
            for name in resources("AWS::Serverless::Function")
            if name.startswith("Cleanup")
        }
    )

    assert set(permissions(functions()[folder]["Policies"])) == expected


def test_appsync_may_invoke_only_the_resolver() -> None:
    (policy,) = resources("AWS::IAM::Role")["GraphqlDataSourceRole"]["Properties"]["Policies"]

    assert list(permissions([policy["PolicyDocument"]])) == [
        ("lambda:InvokeFunction", "GraphqlResolverFunction.Arn")
    ]


def test_nothing_is_granted_by_wildcard_where_a_name_would_do() -> None:
    policies = [policy for function in functions().values() for policy in function["Policies"]]
    for role in resources("AWS::IAM::Role").values():
        assert "ManagedPolicyArns" not in role["Properties"]
        policies += [policy["PolicyDocument"] for policy in role["Properties"]["Policies"]]
    granted = set(permissions(policies))

    assert {action for action, _ in granted if "*" in action} == set()
    assert {resource for _, resource in granted if "*" in resource} == WILDCARDS


def test_only_this_accounts_appsync_may_take_its_roles() -> None:
    for role in resources("AWS::IAM::Role").values():
        (statement,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]

        assert statement["Principal"] == {"Service": "appsync.amazonaws.com"}
        assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
