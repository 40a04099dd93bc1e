import json
import re

import pytest
from graphql import GraphQLObjectType

from barycenter_jobs.core.callers import Permission
from barycenter_jobs.graphql.limits import Limits
from tests.template.reading import Json, deployed_schema, functions, resources, routes, template

ROUTES = {
    "POST /admin/jobs",
    "GET /admin/jobs",
    "POST /admin/graphql",
    "GET /admin/graphql",
    "GET /admin/jobs/playground",
    "GET /admin/playground",
    "GET /admin/playground/{name}",
    "GET /",
    "GET /console/{name}",
    "GET /api/executions",
    "GET /api/executions/stats",
    "GET /api/executions/errors",
    "GET /api/executions/clearings",
    "GET /api/executions/{id}",
    "POST /api/executions/clear",
    "ANY /api/{proxy+}",
    "GET /metrics",
    "GET /health",
    "GET /health/jobs",
    "GET /openapi.json",
}


def test_every_root_field_and_every_query_of_an_entity_has_a_direct_lambda_resolver() -> None:
    schema = deployed_schema()
    entity = schema.type_map["JobExecutionQueries"]
    assert isinstance(entity, GraphQLObjectType)
    roots = [schema.query_type, schema.mutation_type, schema.subscription_type, entity]
    fields = {(root.name, field) for root in roots if root is not None for field in root.fields}
    resolvers = [body["Properties"] for body in resources("AWS::AppSync::Resolver").values()]

    assert {(one["TypeName"], one["FieldName"]) for one in resolvers} == fields
    # Templates or code beside these four would make AppSync send something other than its context.
    assert {key for one in resolvers for key in one} == {"ApiId", "TypeName", "FieldName", "DataSourceName"}


def test_resolvers_wait_for_the_schema_that_holds_their_fields() -> None:
    assert {body["DependsOn"] for body in resources("AWS::AppSync::Resolver").values()} == {"GraphqlSchema"}


def test_appsync_asks_the_resolver_function() -> None:
    (source,) = resources("AWS::AppSync::DataSource").values()

    assert source["Properties"]["Type"] == "AWS_LAMBDA"
    assert source["Properties"]["LambdaConfig"] == {
        "LambdaFunctionArn": {"Fn::GetAtt": ["GraphqlResolverFunction", "Arn"]}
    }


def with_issuer(then: Json | str | list[Json], otherwise: Json | str) -> Json:
    return {"Fn::If": ["HasIssuer", then, otherwise]}


NOTHING = {"Ref": "AWS::NoValue"}


# The page's files, which hold nothing secret: who has yet to sign in has no token.
PAGE = {"GET /", "GET /console/{name}"}


def test_every_route_wants_aws_credentials_or_a_token_of_the_issuer() -> None:
    for body in resources("AWS::ApiGatewayV2::Route").values():
        if body["Properties"]["RouteKey"] in PAGE:
            continue
        assert body["Properties"]["AuthorizationType"] == with_issuer("JWT", "AWS_IAM")
        assert body["Properties"]["AuthorizerId"] == with_issuer({"Ref": "HttpApiAuthorizer"}, NOTHING)
        scopes = body["Properties"]["AuthorizationScopes"]
        names = [{"Fn::Sub": f"${{JwtScopePrefix}}{permission}"} for permission in Permission]
        assert scopes == with_issuer(names, NOTHING)


@pytest.mark.parametrize(
    ("origin", "fits"),
    [
        ("", True),
        ("https://people.auth.eu-west-1.amazoncognito.com", True),
        ("https://id.example:8443", True),
        ("http://id.example", False),
        ("https://*.amazoncognito.com", False),
        ("https://id.example/", False),
        ("https://id.example/oauth2/token", False),
        ("https://id.example https://other.example", False),
        ("https://id.example;script-src *", False),
    ],
)
def test_the_page_may_be_given_one_more_origin_to_ask(origin: str, fits: bool) -> None:
    pattern = template()["Parameters"]["PageTokenOrigin"]["AllowedPattern"]

    assert bool(re.match(pattern, origin)) is fits


@pytest.mark.parametrize(
    ("prefix", "fits"),
    [
        ("", True),
        ("barycenter-jobs/", True),
        ("https://jobs.example.com/", True),
        ("api://b1f0/", True),
        ("two words/", False),
        ('"', False),
        ("back\\slash", False),
    ],
)
def test_a_prefix_of_scopes_has_what_a_scope_may_have(prefix: str, fits: bool) -> None:
    pattern = template()["Parameters"]["JwtScopePrefix"]["AllowedPattern"]

    assert bool(re.match(pattern, prefix)) is fits


def test_the_files_of_the_page_are_open_only_where_people_sign_in_with_a_token() -> None:
    routes_of_page = [
        body["Properties"]
        for body in resources("AWS::ApiGatewayV2::Route").values()
        if body["Properties"]["RouteKey"] in PAGE
    ]

    assert len(routes_of_page) == len(PAGE)
    for properties in routes_of_page:
        assert properties["AuthorizationType"] == with_issuer("NONE", "AWS_IAM")
        assert not {"AuthorizerId", "AuthorizationScopes"} & properties.keys()


def test_the_http_api_has_no_routes_but_these() -> None:
    # SAM's events would make routes of their own, and SAM's API would decide who may use them.
    assert resources("AWS::Serverless::HttpApi") == resources("AWS::Serverless::Api") == {}
    assert resources("AWS::Lambda::Url") == {}
    for function in functions().values():
        assert "FunctionUrlConfig" not in function
        assert [one for one in function.get("Events", {}).values() if one["Type"] != "Schedule"] == []


def test_a_token_is_checked_against_issuer_and_audience() -> None:
    (body,) = resources("AWS::ApiGatewayV2::Authorizer").values()

    assert body["Condition"] == "HasIssuer"
    assert body["Properties"]["AuthorizerType"] == "JWT"
    assert body["Properties"]["IdentitySource"] == ["$request.header.Authorization"]
    assert body["Properties"]["JwtConfiguration"] == {
        "Issuer": {"Ref": "JwtIssuer"},
        "Audience": [{"Ref": "JwtAudience"}],
    }


def test_appsync_wants_aws_credentials_or_a_token_of_the_issuer() -> None:
    (graphql,) = resources("AWS::AppSync::GraphQLApi").values()

    assert graphql["Properties"]["AuthenticationType"] == with_issuer("OPENID_CONNECT", "AWS_IAM")
    assert graphql["Properties"]["OpenIDConnectConfig"] == with_issuer(
        {"Issuer": {"Ref": "JwtIssuer"}, "ClientId": {"Fn::Sub": "^${JwtAudience}$"}}, NOTHING
    )
    assert "AdditionalAuthenticationProviders" not in graphql["Properties"]
    assert resources("AWS::AppSync::ApiKey") == {}


def test_an_issuer_without_an_audience_is_refused_and_would_not_be_used() -> None:
    issuer, audience = ({"Fn::Equals": [{"Ref": name}, ""]} for name in ("JwtIssuer", "JwtAudience"))
    both = {"Fn::And": [{"Fn::Not": [issuer]}, {"Fn::Not": [audience]}]}
    (assertion,) = template()["Rules"]["IssuerAndAudienceComeTogether"]["Assertions"]

    assert assertion["Assert"] == {"Fn::Or": [{"Fn::And": [issuer, audience]}, both]}
    assert template()["Conditions"]["HasIssuer"] == both


def test_the_http_api_may_invoke_its_function_and_nobody_elses_api_may() -> None:
    (one,) = [
        body["Properties"]
        for body in resources("AWS::Lambda::Permission").values()
        if body["Properties"]["FunctionName"] == {"Ref": "HttpApiFunction"}
    ]

    assert one["Principal"] == "apigateway.amazonaws.com"
    assert one["SourceArn"]["Fn::Sub"].endswith(":${AWS::AccountId}:${HttpApi}/*")


def test_the_access_log_says_who_was_refused_and_never_what_they_sent() -> None:
    (stage,) = resources("AWS::ApiGatewayV2::Stage").values()
    line = json.loads(stage["Properties"]["AccessLogSettings"]["Format"])

    assert line["caller"] == "$context.identity.userArn"
    assert line["subject"] == "$context.authorizer.claims.sub"
    assert line["refused"] == "$context.authorizer.error"
    assert line["status"] == "$context.status"
    assert [each for each in line.values() if "header" in each or "path" in each] == []


def test_one_caller_cannot_use_up_what_the_account_may_ask_of_api_gateway() -> None:
    (stage,) = resources("AWS::ApiGatewayV2::Stage").values()

    assert stage["Properties"]["DefaultRouteSettings"] == {
        "ThrottlingRateLimit": 50,
        "ThrottlingBurstLimit": 100,
    }


def granted(policy: str) -> set[tuple[str, str]]:
    body = resources("AWS::IAM::ManagedPolicy")[policy]["Properties"]
    assert body.keys() == {
        "Description",
        "PolicyDocument",
    }  # a name of its own would need CAPABILITY_NAMED_IAM
    found = set()
    for statement in body["PolicyDocument"]["Statement"]:
        resource = statement["Resource"]
        for each in resource if isinstance(resource, list) else [resource]:
            path = each["Fn::Sub"].rpartition("${HttpApi}/")[2].removeprefix("${GraphqlApi.Arn}/")
            found.add((statement["Action"], path))
    return found


READER = {
    ("execute-api:Invoke", "$default/GET/*"),
    ("execute-api:Invoke", "$default/HEAD/*"),
    ("appsync:GraphQL", "types/Query/fields/*"),
    ("appsync:GraphQL", "types/JobExecutionQueries/fields/*"),
}


def test_a_reader_may_get_and_query() -> None:
    assert granted("ReaderPolicy") == READER


def test_an_operator_may_post_and_mutate_as_well() -> None:
    assert granted("OperatorPolicy") == READER | {
        ("execute-api:Invoke", "$default/POST/*"),
        ("appsync:GraphQL", "types/Mutation/fields/*"),
    }


def test_the_http_api_serves_the_documented_routes() -> None:
    assert routes() == ROUTES


def test_appsync_limits_what_a_query_may_ask_for_as_the_http_api_does() -> None:
    (graphql,) = resources("AWS::AppSync::GraphQLApi").values()
    limits = Limits()

    assert graphql["Properties"]["ResolverCountLimit"] == limits.root_fields
    assert graphql["Properties"]["QueryDepthLimit"] == limits.introspection_depth


def test_introspection_is_switched_off_for_both_apis_at_once() -> None:
    (graphql,) = resources("AWS::AppSync::GraphQLApi").values()
    variables = functions()["http_api"]["Environment"]["Variables"]

    assert graphql["Properties"]["IntrospectionConfig"] == {
        "Fn::If": ["HasIntrospection", "ENABLED", "DISABLED"]
    }
    assert variables["GRAPHQL_INTROSPECTION"] == {"Ref": "GraphqlIntrospection"}


def test_appsync_does_not_log_what_callers_send() -> None:
    (graphql,) = resources("AWS::AppSync::GraphQLApi").values()

    assert graphql["Properties"]["XrayEnabled"] is True
    assert graphql["Properties"]["LogConfig"]["ExcludeVerboseContent"] is True
