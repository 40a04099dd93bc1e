from tests.template.reading import deployed_schema, functions, resources, routes

ROUTES = {
    "POST /admin/jobs",
    "GET /admin/jobs",
    "POST /admin/graphql",
    "GET /admin/graphql",
    "GET /admin/jobs/playground",
    "GET /admin/playground",
    "GET /",
}


def test_every_root_field_has_a_direct_lambda_resolver() -> None:
    schema = deployed_schema()
    roots = [schema.query_type, schema.mutation_type, schema.subscription_type]
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


def test_both_apis_want_requests_signed_with_iam_credentials() -> None:
    (graphql,) = resources("AWS::AppSync::GraphQLApi").values()
    (http,) = resources("AWS::Serverless::HttpApi").values()

    assert graphql["Properties"]["AuthenticationType"] == "AWS_IAM"
    assert http["Properties"]["Auth"] == {"EnableIamAuthorizer": True, "DefaultAuthorizer": "AWS_IAM"}
    assert [one for one in functions()["http_api"]["Events"].values() if "Auth" in one["Properties"]] == []


def test_the_http_api_serves_the_documented_routes() -> None:
    assert routes() == ROUTES


def test_appsync_does_not_log_what_callers_send() -> None:
    (graphql,) = resources("AWS::AppSync::GraphQLApi").values()

    assert graphql["Properties"]["XrayEnabled"] is True
    assert graphql["Properties"]["LogConfig"]["ExcludeVerboseContent"] is True
