import pytest

from tests.template.reading import Json, resources, template

PROVIDER_TABLES = {
    "SessionsTable": ("SessionsTableName", "session_id"),
    "RefreshTokensTable": ("RefreshTokensTableName", "token"),
    "WebauthnChallengesTable": ("WebauthnChallengesTableName", "challenge"),
    "DeviceCodesTable": ("DeviceCodesTableName", "device_code"),
}
EXECUTION_INDEXES = {
    "by-start": "log",
    "by-job": "jobName",
    "by-status": "status",
    "by-job-and-status": "job_status",
    "failures": "failure_log",
    "failures-by-job": "failed_job",
}
TABLES = [*PROVIDER_TABLES, "JobExecutionsTable"]


def properties(table: str) -> Json:
    found: Json = resources("AWS::DynamoDB::Table")[table]["Properties"]
    return found


def key_of(schema: Json) -> list[tuple[str, str]]:
    return [(part["AttributeName"], part["KeyType"]) for part in schema["KeySchema"]]


def types_of(table: str) -> dict[str, str]:
    return {one["AttributeName"]: one["AttributeType"] for one in properties(table)["AttributeDefinitions"]}


def test_the_stack_holds_the_providers_tables_and_the_execution_log() -> None:
    assert sorted(resources("AWS::DynamoDB::Table")) == sorted(TABLES)


@pytest.mark.parametrize("table", PROVIDER_TABLES)
def test_a_providers_table_has_its_key_and_the_expiry_index(table: str) -> None:
    parameter, key = PROVIDER_TABLES[table]
    index, *others = properties(table)["GlobalSecondaryIndexes"]

    assert properties(table)["TableName"] == {"Ref": parameter}
    assert key_of(properties(table)) == [(key, "HASH")]
    assert index["IndexName"] == "expiry-index"
    assert key_of(index) == [("expiry_shard", "HASH"), ("expires_at", "RANGE")]
    assert index["Projection"] == {"ProjectionType": "KEYS_ONLY"}
    rotated = {"rotated_at": "N"} if others else {}
    assert types_of(table) == {key: "S", "expiry_shard": "N", "expires_at": "N"} | rotated


def test_rotated_refresh_tokens_are_found_by_an_index_of_their_own() -> None:
    others = {table: properties(table)["GlobalSecondaryIndexes"][1:] for table in PROVIDER_TABLES}

    (index,) = others.pop("RefreshTokensTable")
    assert index["IndexName"] == "rotation-index"
    assert key_of(index) == [("expiry_shard", "HASH"), ("rotated_at", "RANGE")]
    assert index["Projection"] == {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["expires_at"]}
    assert set(map(str, others.values())) == {"[]"}


def test_the_execution_log_is_read_by_a_key_in_every_documented_way() -> None:
    table = properties("JobExecutionsTable")

    assert table["TableName"] == {"Ref": "JobExecutionsTableName"}
    assert key_of(table) == [("log", "HASH"), ("id", "RANGE")]
    assert {index["IndexName"]: key_of(index) for index in table["GlobalSecondaryIndexes"]} == {
        name: [(attribute, "HASH"), ("position", "RANGE")] for name, attribute in EXECUTION_INDEXES.items()
    }
    assert {str(index["Projection"]) for index in table["GlobalSecondaryIndexes"]} == {
        str({"ProjectionType": "ALL"})
    }
    assert types_of("JobExecutionsTable") == (
        dict.fromkeys(EXECUTION_INDEXES.values(), "S") | {"id": "N", "position": "S"}
    )


def test_the_execution_log_forgets_by_itself() -> None:
    assert properties("JobExecutionsTable")["TimeToLiveSpecification"] == {
        "AttributeName": "retained_until",
        "Enabled": True,
    }


@pytest.mark.parametrize("table", TABLES)
def test_a_table_outlives_the_stack_and_can_be_restored(table: str) -> None:
    body = resources("AWS::DynamoDB::Table")[table]

    assert body["DeletionPolicy"] == body["UpdateReplacePolicy"] == "Retain"
    assert body["Properties"]["BillingMode"] == "PAY_PER_REQUEST"
    assert body["Properties"]["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert body["Properties"]["DeletionProtectionEnabled"] == {"Fn::If": ["IsProd", True, False]}


def test_only_the_providers_tables_can_be_adopted() -> None:
    conditional = {name: body.get("Condition") for name, body in resources("AWS::DynamoDB::Table").items()}

    assert conditional == dict.fromkeys(PROVIDER_TABLES, "MakesProviderTables") | {"JobExecutionsTable": None}
    assert template()["Conditions"]["MakesProviderTables"] == {
        "Fn::Equals": [{"Ref": "AdoptExistingTables"}, "false"]
    }
