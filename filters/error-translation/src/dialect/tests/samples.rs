//! What real services write, by service or framework, and how it is meant.

#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    pub(super) of: &'static str,
    pub(super) status: u16,
    pub(super) content_type: &'static str,
    pub(super) body: &'static str,
    pub(super) dialect: &'static str,
    pub(super) code: &'static str,
    pub(super) title: &'static str,
    pub(super) detail: &'static str,
    /// The place, the text and the code.
    pub(super) violations: &'static [(&'static str, &'static str, &'static str)],
}

/// Nothing is said.
const NONE: Sample = Sample {
    of: "",
    status: 400,
    content_type: JSON,
    body: "",
    dialect: "",
    code: "",
    title: "",
    detail: "",
    violations: &[],
};

const JSON: &str = "application/json";
const GO_JSON: &str = "application/json; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";
const PROBLEM: &str = "application/problem+json";
const JSON_API: &str = "application/vnd.api+json";

pub(super) const ALL: &[Sample] = &[
    Sample {
        of: "RFC 9457 section 3",
        status: 403,
        content_type: PROBLEM,
        body: r#"{"type":"https://example.com/probs/out-of-credit","title":"You do not have enough credit.","detail":"Your current balance is 30, but that costs 50.","instance":"/account/12345/msgs/abc","balance":30,"accounts":["/account/12345","/account/67890"]}"#,
        dialect: "problem",
        title: "You do not have enough credit.",
        detail: "Your current balance is 30, but that costs 50.",
        ..NONE
    },
    Sample {
        of: "RFC 9457 section 3, several errors",
        status: 422,
        content_type: PROBLEM,
        body: r##"{"type":"https://example.net/validation-error","title":"Your request is not valid.","errors":[{"detail":"must be a positive integer","pointer":"#/age"},{"detail":"must be 'green', 'red' or 'blue'","pointer":"#/profile/color"}]}"##,
        dialect: "problem",
        title: "Your request is not valid.",
        violations: &[
            ("/age", "must be a positive integer", ""),
            ("/profile/color", "must be 'green', 'red' or 'blue'", ""),
        ],
        ..NONE
    },
    Sample {
        of: "RFC 7807",
        content_type: PROBLEM,
        body: r#"{"type":"https://example.net/validation-error","title":"Your request parameters didn't validate.","invalid-params":[{"name":"age","reason":"must be a positive integer"}]}"#,
        dialect: "problem",
        title: "Your request parameters didn't validate.",
        violations: &[("age", "must be a positive integer", "")],
        ..NONE
    },
    Sample {
        of: "ASP.NET",
        content_type: "application/problem+json; charset=utf-8",
        body: r#"{"type":"https://tools.ietf.org/html/rfc9110#section-15.5.1","title":"One or more validation errors occurred.","status":400,"errors":{"Name":["The Name field is required."],"Age":["Too low.","Not even."]},"traceId":"00-1-2-00"}"#,
        dialect: "problem",
        title: "One or more validation errors occurred.",
        violations: &[
            ("Age", "Too low.", ""),
            ("Age", "Not even.", ""),
            ("Name", "The Name field is required.", ""),
        ],
        ..NONE
    },
    Sample {
        of: "Spring 6",
        status: 404,
        content_type: PROBLEM,
        body: r#"{"type":"about:blank","title":"Not Found","status":404,"detail":"No static resource x.","instance":"/x"}"#,
        dialect: "problem",
        title: "Not Found",
        detail: "No static resource x.",
        ..NONE
    },
    Sample {
        of: "a problem without its media type",
        status: 409,
        body: r#"{"type":"https://errors.example.com/conflict","title":"Conflict","status":409,"detail":"Order 5 is closed."}"#,
        dialect: "problem",
        title: "Conflict",
        detail: "Order 5 is closed.",
        ..NONE
    },
    Sample {
        of: "a problem without its media type and title",
        status: 409,
        body: r#"{"type":"https://errors.example.com/conflict","status":409}"#,
        dialect: "problem",
        ..NONE
    },
    Sample {
        of: "Zalando",
        status: 422,
        content_type: PROBLEM,
        body: r#"{"title":"Constraint Violation","status":422,"violations":[{"field":"email","message":"must not be blank"}]}"#,
        dialect: "problem",
        title: "Constraint Violation",
        violations: &[("email", "must not be blank", "")],
        ..NONE
    },
    Sample {
        of: "a problem with a code",
        status: 402,
        content_type: PROBLEM,
        body: r#"{"title":"Card declined","status":402,"code":"card_declined"}"#,
        dialect: "problem",
        code: "card_declined",
        title: "Card declined",
        ..NONE
    },
    Sample {
        of: "a problem with a byte order mark",
        content_type: PROBLEM,
        body: "\u{FEFF}{\"title\":\"T\",\"status\":400}",
        dialect: "problem",
        title: "T",
        ..NONE
    },
    Sample {
        of: "a problem in XML",
        status: 403,
        content_type: "application/problem+xml",
        body: r#"<?xml version="1.0"?><problem xmlns="urn:ietf:rfc:7807"><title>No credit</title><status>403</status><detail>30 &lt; 50</detail></problem>"#,
        dialect: "problem",
        title: "No credit",
        detail: "30 < 50",
        ..NONE
    },
    Sample {
        of: "a problem in XML under a common name",
        status: 403,
        content_type: "application/xml",
        body: r#"<problem xmlns="urn:ietf:rfc:7807"><title>No credit</title></problem>"#,
        dialect: "problem",
        title: "No credit",
        ..NONE
    },
    Sample {
        of: "JSON:API",
        status: 422,
        content_type: JSON_API,
        body: r#"{"errors":[{"status":"422","source":{"pointer":"/data/attributes/firstName"},"title":"Invalid Attribute","detail":"First name must contain at least two characters."}]}"#,
        dialect: "jsonApi",
        title: "Invalid Attribute",
        detail: "First name must contain at least two characters.",
        violations: &[(
            "/data/attributes/firstName",
            "First name must contain at least two characters.",
            "",
        )],
        ..NONE
    },
    Sample {
        of: "JSON:API, several errors",
        status: 422,
        content_type: JSON_API,
        body: r#"{"jsonapi":{"version":"1.1"},"errors":[{"code":"123","source":{"pointer":"/data/attributes/firstName"},"title":"Value is too short","detail":"First name must contain at least two characters."},{"code":"225","source":{"parameter":"include"},"title":"No such relationship"},{"code":"226","source":{"header":"X-Tenant"},"detail":"Unknown tenant."},{"code":"227","title":"No place"}]}"#,
        dialect: "jsonApi",
        code: "123",
        title: "Value is too short",
        detail: "First name must contain at least two characters.",
        violations: &[
            (
                "/data/attributes/firstName",
                "First name must contain at least two characters.",
                "123",
            ),
            ("include", "No such relationship", "225"),
            ("X-Tenant", "Unknown tenant.", "226"),
        ],
    },
    Sample {
        of: "JSON:API without its media type",
        status: 404,
        body: r#"{"errors":[{"status":"404","title":"Not Found","detail":"No article 5."}]}"#,
        dialect: "jsonApi",
        title: "Not Found",
        detail: "No article 5.",
        ..NONE
    },
    Sample {
        of: "JSON:API with a code alone",
        content_type: JSON_API,
        body: r#"{"errors":[{"code":"E7"}]}"#,
        dialect: "jsonApi",
        code: "E7",
        ..NONE
    },
    Sample {
        of: "GraphQL",
        status: 200,
        content_type: "application/graphql-response+json",
        body: r#"{"errors":[{"message":"Name for character with ID 1002 could not be fetched.","locations":[{"line":6,"column":7}],"path":["hero","heroFriends",1,"name"]}]}"#,
        dialect: "graphQl",
        detail: "Name for character with ID 1002 could not be fetched.",
        violations: &[(
            "hero.heroFriends.1.name",
            "Name for character with ID 1002 could not be fetched.",
            "",
        )],
        ..NONE
    },
    Sample {
        of: "Apollo",
        content_type: GO_JSON,
        body: r#"{"errors":[{"message":"Cannot query field \"x\" on type \"Query\".","locations":[{"line":1,"column":3}],"extensions":{"code":"GRAPHQL_VALIDATION_FAILED"}}]}"#,
        dialect: "graphQl",
        code: "GRAPHQL_VALIDATION_FAILED",
        detail: r#"Cannot query field "x" on type "Query"."#,
        ..NONE
    },
    Sample {
        of: "gqlgen",
        status: 422,
        body: r#"{"errors":[{"message":"must be defined","path":["createOrder"],"extensions":{"code":"BAD"}},{"message":"no"}],"data":null}"#,
        dialect: "graphQl",
        code: "BAD",
        detail: "must be defined",
        violations: &[("createOrder", "must be defined", "BAD")],
        ..NONE
    },
    Sample {
        of: "GraphQL, no more than a message",
        status: 500,
        body: r#"{"errors":[{"message":"internal system error"}]}"#,
        dialect: "graphQl",
        detail: "internal system error",
        ..NONE
    },
    Sample {
        of: "AIP-193",
        status: 429,
        content_type: GO_JSON,
        body: r#"{"error":{"code":429,"message":"Quota exceeded.","status":"RESOURCE_EXHAUSTED","details":[{"@type":"type.googleapis.com/google.rpc.ErrorInfo","reason":"RATE_LIMIT_EXCEEDED","domain":"googleapis.com"}]}}"#,
        dialect: "aip193",
        code: "RATE_LIMIT_EXCEEDED",
        detail: "Quota exceeded.",
        ..NONE
    },
    Sample {
        of: "grpc-gateway",
        status: 404,
        body: r#"{"code":5,"message":"order 7 not found","details":[]}"#,
        dialect: "aip193",
        detail: "order 7 not found",
        ..NONE
    },
    Sample {
        of: "Rocket",
        status: 404,
        body: "{\n  \"error\": {\n    \"code\": 404,\n    \"reason\": \"Not Found\",\n    \"description\": \"The requested resource could not be found.\"\n  }\n}",
        dialect: "rocket",
        title: "Not Found",
        detail: "The requested resource could not be found.",
        ..NONE
    },
    Sample {
        of: "Connect",
        status: 503,
        body: r#"{"code":"unavailable","message":"overloaded: back off and retry"}"#,
        dialect: "connect",
        detail: "overloaded: back off and retry",
        ..NONE
    },
    Sample {
        of: "gin",
        content_type: GO_JSON,
        body: r#"{"error":"Key: 'Login.User' Error:Field validation for 'User' failed on the 'required' tag"}"#,
        dialect: "errorMember",
        detail: "Key: 'Login.User' Error:Field validation for 'User' failed on the 'required' tag",
        ..NONE
    },
    Sample {
        of: "gin, one word",
        status: 401,
        content_type: GO_JSON,
        body: r#"{"error":"unauthorized"}"#,
        dialect: "errorMember",
        code: "unauthorized",
        detail: "unauthorized",
        ..NONE
    },
    Sample {
        of: "gin, the phrase of the status",
        status: 403,
        content_type: GO_JSON,
        body: r#"{"error":"Forbidden"}"#,
        dialect: "errorMember",
        detail: "Forbidden",
        ..NONE
    },
    Sample {
        of: "gin, several errors",
        content_type: GO_JSON,
        body: r#"[{"error":"first"},{"error":"second","meta":1}]"#,
        dialect: "errorMember",
        detail: "first",
        violations: &[("", "first", ""), ("", "second", "")],
        ..NONE
    },
    Sample {
        of: "gin, with a code",
        status: 402,
        content_type: GO_JSON,
        body: r#"{"error":"insufficient funds","code":"insufficient_funds"}"#,
        dialect: "errorMember",
        code: "insufficient_funds",
        detail: "insufficient funds",
        ..NONE
    },
    Sample {
        of: "go-kit shipping example",
        status: 404,
        content_type: GO_JSON,
        body: r#"{"error":"unknown cargo"}"#,
        dialect: "errorMember",
        detail: "unknown cargo",
        ..NONE
    },
    Sample {
        of: "fiber, usual handler",
        status: 404,
        body: r#"{"error":true,"message":"Cannot GET /x"}"#,
        dialect: "messageMember",
        detail: "Cannot GET /x",
        ..NONE
    },
    Sample {
        of: "OAuth 2.0",
        body: r#"{"error":"invalid_grant","error_description":"The code has expired."}"#,
        dialect: "errorMember",
        code: "invalid_grant",
        detail: "The code has expired.",
        ..NONE
    },
    Sample {
        of: "Spring Boot",
        status: 404,
        body: r#"{"timestamp":"2026-01-01T00:00:00.000+00:00","status":404,"error":"Not Found","message":"No message available","path":"/x"}"#,
        dialect: "errorMember",
        title: "Not Found",
        detail: "No message available",
        ..NONE
    },
    Sample {
        of: "NestJS",
        status: 403,
        content_type: GO_JSON,
        body: r#"{"message":"Forbidden resource","error":"Forbidden","statusCode":403}"#,
        dialect: "errorMember",
        title: "Forbidden",
        detail: "Forbidden resource",
        ..NONE
    },
    Sample {
        of: "NestJS validation",
        content_type: GO_JSON,
        body: r#"{"message":["email must be an email","age must be a number"],"error":"Bad Request","statusCode":400}"#,
        dialect: "errorMember",
        title: "Bad Request",
        detail: "email must be an email",
        violations: &[
            ("", "email must be an email", ""),
            ("", "age must be a number", ""),
        ],
        ..NONE
    },
    Sample {
        of: "Fastify",
        content_type: GO_JSON,
        body: r#"{"statusCode":400,"code":"FST_ERR_VALIDATION","error":"Bad Request","message":"body must have required property 'name'"}"#,
        dialect: "errorMember",
        code: "FST_ERR_VALIDATION",
        title: "Bad Request",
        detail: "body must have required property 'name'",
        ..NONE
    },
    Sample {
        of: "error and details",
        body: r#"{"error":"validation failed","details":[{"field":"email","message":"is required"}]}"#,
        dialect: "errorMember",
        detail: "validation failed",
        violations: &[("email", "is required", "")],
        ..NONE
    },
    Sample {
        of: "error and details as text",
        status: 500,
        body: r#"{"error":"payment failed","details":"the bank said no"}"#,
        dialect: "errorMember",
        title: "payment failed",
        detail: "the bank said no",
        ..NONE
    },
    Sample {
        of: "axum, the usual IntoResponse",
        status: 422,
        body: r#"{"error":"User not found"}"#,
        dialect: "errorMember",
        detail: "User not found",
        ..NONE
    },
    Sample {
        of: "serde, a tagged enum",
        status: 409,
        body: r#"{"type":"OutOfStock","error":"no stock left"}"#,
        dialect: "errorMember",
        code: "OutOfStock",
        detail: "no stock left",
        ..NONE
    },
    Sample {
        of: "Stripe",
        status: 402,
        body: r#"{"error":{"code":"card_declined","doc_url":"https://stripe.com/docs/error-codes/card-declined","message":"Your card was declined.","type":"card_error"}}"#,
        dialect: "errorMember",
        code: "card_declined",
        detail: "Your card was declined.",
        ..NONE
    },
    Sample {
        of: "OpenAI",
        status: 401,
        body: r#"{"error":{"message":"Incorrect API key provided.","type":"invalid_request_error","param":null,"code":null}}"#,
        dialect: "errorMember",
        code: "invalid_request_error",
        detail: "Incorrect API key provided.",
        ..NONE
    },
    Sample {
        of: "Elasticsearch",
        status: 404,
        body: r#"{"error":{"root_cause":[],"type":"index_not_found_exception","reason":"no such index [x]"},"status":404}"#,
        dialect: "errorMember",
        code: "index_not_found_exception",
        detail: "no such index [x]",
        ..NONE
    },
    Sample {
        of: "Microsoft",
        body: r#"{"error":{"code":"BadArgument","message":"Previous passwords may not be reused","target":"password","details":[{"code":"PasswordError","target":"password","message":"Too short"}]}}"#,
        dialect: "errorMember",
        code: "BadArgument",
        detail: "Previous passwords may not be reused",
        violations: &[("", "Too short", "PasswordError")],
        ..NONE
    },
    Sample {
        of: "nested, with a number",
        body: r#"{"error":{"code":40012,"message":"bad cursor"}}"#,
        dialect: "errorMember",
        code: "40012",
        detail: "bad cursor",
        ..NONE
    },
    Sample {
        of: "errors as texts",
        status: 422,
        body: r#"{"errors":["name is required","age is too low"]}"#,
        dialect: "errorMember",
        detail: "name is required",
        violations: &[("", "name is required", ""), ("", "age is too low", "")],
        ..NONE
    },
    Sample {
        of: "errors, one text",
        status: 422,
        body: r#"{"errors":["name is required"]}"#,
        dialect: "errorMember",
        detail: "name is required",
        ..NONE
    },
    Sample {
        of: "Rails",
        status: 422,
        body: r#"{"errors":{"email":["is invalid","is taken"]}}"#,
        dialect: "errorMember",
        detail: "is invalid",
        violations: &[("email", "is invalid", ""), ("email", "is taken", "")],
        ..NONE
    },
    Sample {
        of: "X",
        status: 429,
        body: r#"{"errors":[{"code":88,"message":"Rate limit exceeded"}]}"#,
        dialect: "errorMember",
        code: "88",
        detail: "Rate limit exceeded",
        ..NONE
    },
    Sample {
        of: "express-validator",
        content_type: GO_JSON,
        body: r#"{"errors":[{"type":"field","msg":"Invalid value","path":"email","location":"body"}]}"#,
        dialect: "errorMember",
        detail: "Invalid value",
        violations: &[("email", "Invalid value", "field")],
        ..NONE
    },
    Sample {
        of: "Salesforce",
        body: r#"[{"message":"No such column","errorCode":"INVALID_FIELD"}]"#,
        dialect: "errorMember",
        code: "INVALID_FIELD",
        detail: "No such column",
        ..NONE
    },
    Sample {
        of: "echo",
        status: 404,
        body: "{\"message\":\"Not Found\"}\n",
        dialect: "messageMember",
        detail: "Not Found",
        ..NONE
    },
    Sample {
        of: "echo in debug mode",
        body: r#"{"error":"code=400, message=Syntax error: offset=2, internal=invalid character","message":"Syntax error"}"#,
        dialect: "messageMember",
        detail: "Syntax error",
        ..NONE
    },
    Sample {
        of: "echo, an object",
        status: 409,
        body: r#"{"message":{"code":"closed","message":"The order is closed."}}"#,
        dialect: "messageMember",
        code: "closed",
        detail: "The order is closed.",
        ..NONE
    },
    Sample {
        of: "GitHub",
        status: 422,
        content_type: GO_JSON,
        body: r#"{"message":"Validation Failed","errors":[{"resource":"Issue","field":"title","code":"missing_field"}],"documentation_url":"https://docs.github.com"}"#,
        dialect: "messageMember",
        detail: "Validation Failed",
        violations: &[("title", "missing_field", "missing_field")],
        ..NONE
    },
    Sample {
        of: "Laravel",
        status: 422,
        body: r#"{"message":"The email field is required.","errors":{"email":["The email field is required."]}}"#,
        dialect: "messageMember",
        detail: "The email field is required.",
        violations: &[("email", "The email field is required.", "")],
        ..NONE
    },
    Sample {
        of: "AWS API Gateway",
        status: 403,
        body: r#"{"message":"Missing Authentication Token"}"#,
        dialect: "messageMember",
        detail: "Missing Authentication Token",
        ..NONE
    },
    Sample {
        of: "JSend",
        status: 500,
        body: r#"{"status":"error","message":"Unable to communicate with database"}"#,
        dialect: "messageMember",
        detail: "Unable to communicate with database",
        ..NONE
    },
    Sample {
        of: "msg",
        body: r#"{"msg":"bad id"}"#,
        dialect: "messageMember",
        detail: "bad id",
        ..NONE
    },
    Sample {
        of: "Django REST framework",
        status: 404,
        body: r#"{"detail":"Not found."}"#,
        dialect: "messageMember",
        detail: "Not found.",
        ..NONE
    },
    Sample {
        of: "FastAPI",
        status: 422,
        body: r#"{"detail":[{"type":"missing","loc":["body","user","age"],"msg":"Field required","input":{}}]}"#,
        dialect: "messageMember",
        detail: "Field required",
        violations: &[("body.user.age", "Field required", "missing")],
        ..NONE
    },
    Sample {
        of: "thiserror",
        status: 402,
        body: r#"{"code":"insufficient_funds","message":"balance 30 is less than 50"}"#,
        dialect: "codeMessage",
        code: "insufficient_funds",
        detail: "balance 30 is less than 50",
        ..NONE
    },
    Sample {
        of: "thiserror, a variant alone",
        status: 409,
        body: r#"{"code":"already_shipped"}"#,
        dialect: "codeMessage",
        code: "already_shipped",
        ..NONE
    },
    Sample {
        of: "a code of Connect beside members that it has not",
        status: 404,
        body: r#"{"code":"not_found","message":"no order 5","orderId":5}"#,
        dialect: "codeMessage",
        code: "not_found",
        detail: "no order 5",
        ..NONE
    },
    Sample {
        of: "a number and a message",
        body: r#"{"code":20404,"message":"The requested resource was not found","more_info":"https://www.twilio.com/docs/errors/20404","status":404}"#,
        dialect: "codeMessage",
        code: "20404",
        detail: "The requested resource was not found",
        ..NONE
    },
    Sample {
        of: "a code and msg",
        body: r#"{"code":1001,"msg":"invalid token","data":null}"#,
        dialect: "codeMessage",
        code: "1001",
        detail: "invalid token",
        ..NONE
    },
    Sample {
        of: "axum JSON",
        status: 422,
        content_type: TEXT,
        body: r#"Failed to deserialize the JSON body into the target type: age: invalid type: string "x", expected u8 at line 1 column 10"#,
        dialect: "axum",
        detail: r#"Failed to deserialize the JSON body into the target type: age: invalid type: string "x", expected u8 at line 1 column 10"#,
        ..NONE
    },
    Sample {
        of: "axum syntax",
        content_type: TEXT,
        body: "Failed to parse the request body as JSON: key must be a string at line 1 column 2",
        dialect: "axum",
        detail: "Failed to parse the request body as JSON: key must be a string at line 1 column 2",
        ..NONE
    },
    Sample {
        of: "axum media type",
        status: 415,
        content_type: TEXT,
        body: "Expected request with `Content-Type: application/json`",
        dialect: "axum",
        detail: "Expected request with `Content-Type: application/json`",
        ..NONE
    },
    Sample {
        of: "axum path",
        content_type: TEXT,
        body: "Invalid URL: Cannot parse `id` with value `x` to a `u64`",
        dialect: "axum",
        detail: "Invalid URL: Cannot parse `id` with value `x` to a `u64`",
        ..NONE
    },
    Sample {
        of: "axum query",
        content_type: TEXT,
        body: "Failed to deserialize query string: missing field `page`",
        dialect: "axum",
        detail: "Failed to deserialize query string: missing field `page`",
        ..NONE
    },
    Sample {
        of: "axum typed header",
        content_type: TEXT,
        body: "Header of type `authorization` was missing",
        dialect: "axum",
        detail: "Header of type `authorization` was missing",
        ..NONE
    },
    Sample {
        of: "axum extension",
        status: 500,
        content_type: TEXT,
        body: "Missing request extension: Extension of type `app::State` was not found.",
        dialect: "axum",
        detail: "Missing request extension: Extension of type `app::State` was not found.",
        ..NONE
    },
    Sample {
        of: "actix JSON",
        content_type: TEXT,
        body: "Json deserialize error: missing field `name` at line 1 column 2",
        dialect: "actix",
        detail: "Json deserialize error: missing field `name` at line 1 column 2",
        ..NONE
    },
    Sample {
        of: "actix query",
        content_type: TEXT,
        body: "Query deserialize error: invalid digit found in string",
        dialect: "actix",
        detail: "Query deserialize error: invalid digit found in string",
        ..NONE
    },
    Sample {
        of: "actix media type",
        content_type: TEXT,
        body: "Content type error",
        dialect: "actix",
        detail: "Content type error",
        ..NONE
    },
    Sample {
        of: "actix limit",
        status: 413,
        content_type: TEXT,
        body: "JSON payload (3000000 bytes) is larger than allowed (limit: 2097152 bytes).",
        dialect: "actix",
        detail: "JSON payload (3000000 bytes) is larger than allowed (limit: 2097152 bytes).",
        ..NONE
    },
    Sample {
        of: "warp body",
        content_type: TEXT,
        body: "Request body deserialize error: expected value at line 1 column 1",
        dialect: "warp",
        detail: "Request body deserialize error: expected value at line 1 column 1",
        ..NONE
    },
    Sample {
        of: "warp header",
        content_type: TEXT,
        body: r#"Missing request header "authorization""#,
        dialect: "warp",
        detail: r#"Missing request header "authorization""#,
        ..NONE
    },
    Sample {
        of: "warp method",
        status: 405,
        content_type: TEXT,
        body: "HTTP method not allowed",
        dialect: "warp",
        detail: "HTTP method not allowed",
        ..NONE
    },
    Sample {
        of: "warp custom",
        status: 500,
        content_type: TEXT,
        body: r#"Unhandled rejection: DbError { url: "x" }"#,
        dialect: "warp",
        detail: r#"Unhandled rejection: DbError { url: "x" }"#,
        ..NONE
    },
    Sample {
        of: "net/http",
        status: 404,
        content_type: TEXT,
        body: "404 page not found\n",
        dialect: "text",
        detail: "404 page not found",
        ..NONE
    },
    Sample {
        of: "net/http, an error of one's own",
        status: 500,
        content_type: TEXT,
        body: "dial tcp: lookup db: no such host\n",
        dialect: "text",
        detail: "dial tcp: lookup db: no such host",
        ..NONE
    },
    Sample {
        of: "fiber",
        status: 404,
        content_type: TEXT,
        body: "Cannot GET /x",
        dialect: "text",
        detail: "Cannot GET /x",
        ..NONE
    },
    Sample {
        of: "http.Error with JSON",
        content_type: TEXT,
        body: "{\"error\":\"bad id\"}\n",
        dialect: "errorMember",
        detail: "bad id",
        ..NONE
    },
    Sample {
        of: "text that begins as JSON",
        status: 500,
        content_type: TEXT,
        body: "{oops",
        dialect: "text",
        detail: "{oops",
        ..NONE
    },
    Sample {
        of: "Envoy",
        status: 503,
        content_type: "text/plain",
        body: "no healthy upstream",
        dialect: "text",
        detail: "no healthy upstream",
        ..NONE
    },
    Sample {
        of: "text without a media type",
        status: 500,
        content_type: "",
        body: "[error] it broke",
        dialect: "text",
        detail: "[error] it broke",
        ..NONE
    },
    Sample {
        of: "JSON without a media type",
        status: 500,
        content_type: "",
        body: r#" {"message":"it broke"}"#,
        dialect: "messageMember",
        detail: "it broke",
        ..NONE
    },
    Sample {
        of: "a list without a media type",
        status: 500,
        content_type: "",
        body: r#"[{"error":"no id"}]"#,
        dialect: "errorMember",
        detail: "no id",
        ..NONE
    },
    Sample {
        of: "nginx",
        status: 502,
        content_type: "text/html",
        body: "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx/1.25.3</center>\r\n</body>\r\n</html>\r\n",
        dialect: "html",
        title: "502 Bad Gateway",
        ..NONE
    },
    Sample {
        of: "HAProxy",
        status: 503,
        content_type: "text/html",
        body: "<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n</body></html>\n",
        dialect: "html",
        title: "503 Service Unavailable",
        ..NONE
    },
    Sample {
        of: "Rocket in HTML",
        status: 404,
        content_type: HTML,
        body: "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n    <meta charset=\"utf-8\">\n    <title>404 Not Found</title>\n</head>\n<body align=\"center\">\n<h1>404: Not Found</h1>\n</body>\n</html>",
        dialect: "html",
        title: "404 Not Found",
        ..NONE
    },
    Sample {
        of: "Express",
        status: 500,
        content_type: HTML,
        body: "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<title>Error</title>\n</head>\n<body>\n<pre>TypeError: x<br> &nbsp; &nbsp;at /app/server.js:3:9</pre>\n</body>\n</html>",
        dialect: "html",
        title: "Error",
        ..NONE
    },
    Sample {
        of: "a page without a media type",
        status: 500,
        content_type: "",
        body: "<!doctype html><title>Oops</title>",
        dialect: "html",
        title: "Oops",
        ..NONE
    },
    Sample {
        of: "a string",
        body: r#""order is closed""#,
        dialect: "json",
        detail: "order is closed",
        ..NONE
    },
    Sample {
        of: "JSON of another kind",
        status: 500,
        body: r#"{"ok":false,"result":{"a":1}}"#,
        dialect: "json",
        ..NONE
    },
    Sample {
        of: "nothing",
        status: 500,
        body: "",
        dialect: "none",
        ..NONE
    },
    Sample {
        of: "white space",
        status: 500,
        content_type: TEXT,
        body: " \n",
        dialect: "none",
        ..NONE
    },
    Sample {
        of: "other XML",
        status: 500,
        content_type: "text/xml",
        body: "<error><message>x</message></error>",
        dialect: "opaque",
        ..NONE
    },
    Sample {
        of: "gRPC frames",
        status: 500,
        content_type: "application/grpc",
        body: "\0\0\0\0\0",
        dialect: "opaque",
        ..NONE
    },
    Sample {
        of: "cut JSON",
        status: 500,
        body: r#"{"error":"it bro"#,
        dialect: "opaque",
        ..NONE
    },
];
