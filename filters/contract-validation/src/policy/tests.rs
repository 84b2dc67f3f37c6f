use std::io::Write;
use std::path::Path;
use std::rc::Rc;

use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::*;
use crate::openapi::{Direction, Hidden};
use crate::plan::{
    Contract, DirectionTerms, Plan, PortabilityTerms, Share, Terms, Treatment, Unread, Verdict,
};
use crate::portability::Kind;
use crate::schema::Tape;

/// An `OpenAPI` document with two operations.
fn orders() -> Value {
    json!({
        "openapi": "3.1.1",
        "info": {"title": "orders", "version": "1"},
        "servers": [{"url": "https://orders.example.com/v1"}, {"url": "/v1/beta/"}],
        "paths": {
            "/orders": {
                "post": {
                    "operationId": "createOrder",
                    "requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}},
                    "responses": {"201": {"description": "The new order."}}
                }
            },
            "/orders/{id}": {
                "parameters": [
                    {"name": "id", "in": "path", "required": true, "schema": {"type": "integer"}}
                ],
                "get": {"responses": {"200": {"description": "The order."}}}
            }
        }
    })
}

/// A document of these members, with a contract and a rule where they have none.
fn document(members: &Value) -> Document {
    let mut document = json!({
        "version": 1,
        "mode": "enforce",
        "contracts": [{"name": "orders", "openapi": orders()}],
        "rules": [{"name": "all"}]
    });
    for (name, value) in members.as_object().unwrap() {
        document[name] = value.clone();
    }
    Document::from_value(document)
}

fn policy(members: &Value) -> Policy {
    load(&document(members)).unwrap_or_else(|findings| panic!("{findings}"))
}

/// What is said of a policy of these members.
fn found(members: &Value) -> Vec<String> {
    match load(&document(members)) {
        Ok(_) => Vec::new(),
        Err(findings) => findings.0.iter().map(ToString::to_string).collect(),
    }
}

/// The plan of the one rule of a policy with these settings.
fn plan(settings: &Value) -> Rc<Plan> {
    Rc::clone(&policy(&json!({"defaults": settings})).rules[0].plan)
}

/// The plan of the one rule of a policy with this contract.
fn plan_of(contract: &Value) -> Rc<Plan> {
    Rc::clone(&policy(&json!({"contracts": [contract]})).rules[0].plan)
}

fn gzip(octets: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(octets).unwrap();
    encoder.finish().unwrap()
}

fn standard_request() -> DirectionTerms {
    DirectionTerms {
        mode: Mode::Enforce,
        sample: Share::ALL,
        max_body: 262_144,
        over_cap: Unread::Reject,
        coded: Unread::Skip,
        max_depth: 64,
        max_violations: 16,
        undeclared: Verdict::Allow,
        unknown_fields: Verdict::Allow,
        hidden: Hidden::Allowed,
        portability: PortabilityTerms::default(),
    }
}

fn standard_response() -> DirectionTerms {
    DirectionTerms {
        mode: Mode::Report,
        sample: Share(100_000),
        over_cap: Unread::Skip,
        undeclared: Verdict::Report,
        ..standard_request()
    }
}

#[test]
fn a_policy_says_no_more_than_its_contract() {
    let policy = policy(&json!({}));
    let [rule] = policy.rules.as_slice() else {
        panic!("{}", policy.rules.len());
    };
    let plan = &rule.plan;
    assert_eq!(rule.mode, Mode::Enforce);
    assert_eq!(policy.form, Some(Form::Held));
    assert_eq!(plan.contract.name, "orders");
    assert!(matches!(plan.contract.contract, Contract::OpenApi(_)));
    assert_eq!(plan.base_paths, ["/v1/beta", "/v1"]);
    let terms = Terms {
        request: standard_request(),
        response: standard_response(),
    };
    assert_eq!(plan.terms, terms);
    assert!(plan.operations.is_empty());
    assert_eq!(plan.unknown_path, Verdict::Report);
    assert_eq!(plan.unknown_method, Verdict::Report);
    assert_eq!(plan.report_field, None);
    assert_eq!(plan.problem_base, None);
}

#[test]
fn every_setting_reaches_the_plan() {
    let members = json!({
        "form": "held",
        "problemBase": "https://errors.example.com",
        "defaults": {
            "contract": "orders",
            "basePaths": ["", "/a", "/a/b"],
            "request": {
                "mode": "report", "sample": 0.0001, "maxBody": "1KiB", "overCap": "skip",
                "coded": "reject", "maxDepth": 128, "maxViolations": 1, "undeclared": "reject",
                "hidden": "reject",
                "portability": {
                    "all": "report", "depth": "off", "overflow": "reject",
                    "nullForArray": "repair", "secondDigits": 3
                }
            },
            "response": {
                "mode": "enforce", "sample": 33.3333, "maxBody": "1MiB", "overCap": "reject",
                "maxDepth": 1, "maxViolations": 64, "undeclared": "allow"
            },
            "unknownPath": "reject",
            "unknownMethod": "allow",
            "reportHeader": true
        }
    });
    let policy = policy(&members);
    let plan = &policy.rules[0].plan;
    assert_eq!(plan.base_paths, ["/a/b", "/a", ""]);
    let mut treatments: Vec<(Kind, Treatment)> = Kind::ALL
        .into_iter()
        .filter(|kind| *kind != Kind::Depth)
        .map(|kind| (kind, Treatment::Report))
        .collect();
    for (kind, treatment) in &mut treatments {
        match kind {
            Kind::Overflow => *treatment = Treatment::Reject,
            Kind::NullForArray => *treatment = Treatment::Repair,
            _ => {}
        }
    }
    let terms = Terms {
        request: DirectionTerms {
            mode: Mode::Report,
            sample: Share(1),
            max_body: 1_024,
            over_cap: Unread::Skip,
            coded: Unread::Reject,
            max_depth: 128,
            max_violations: 1,
            undeclared: Verdict::Reject,
            hidden: Hidden::Refused,
            portability: PortabilityTerms {
                treatments,
                second_digits: 3,
            },
            ..standard_request()
        },
        response: DirectionTerms {
            mode: Mode::Enforce,
            sample: Share(333_333),
            max_body: 1_048_576,
            over_cap: Unread::Reject,
            max_depth: 1,
            max_violations: 64,
            undeclared: Verdict::Allow,
            ..standard_response()
        },
    };
    assert_eq!(plan.terms, terms);
    assert_eq!(plan.unknown_path, Verdict::Reject);
    assert_eq!(plan.unknown_method, Verdict::Allow);
    let field = plan.report_field.as_deref();
    assert_eq!(field, Some("x-treaty-contract-violations"));
    let base = plan.problem_base.as_deref();
    assert_eq!(base, Some("https://errors.example.com"));
}

#[test]
fn layers_override_each_other_field_by_field_in_both_directions() {
    let policy = policy(&json!({
        "services": [
            {"name": "orders", "runtime": "go", "hosts": ["orders.example.com"]},
            {"name": "payments", "runtime": "go", "hosts": ["payments.example.com"]}
        ],
        "defaults": {
            "request": {"maxDepth": 1, "maxViolations": 1, "maxBody": "1B"},
            "response": {"maxDepth": 11}
        },
        "runtimes": {"go": {"request": {"maxDepth": 2, "maxViolations": 2}}},
        "serviceSettings": {
            "orders": {"request": {"maxDepth": 3}, "response": {"mode": "off"}}
        },
        "rules": [
            {"name": "a", "service": "orders", "settings": {"request": {"maxDepth": 4}}},
            {"name": "b", "service": "payments"},
            {"name": "c", "settings": {"response": {"maxDepth": 12}}}
        ]
    }));
    let rules = policy.rules.iter();
    let seen: Vec<_> = rules
        .map(|rule| {
            let Terms { request, response } = &rule.plan.terms;
            assert_eq!(request.max_body, 1);
            (
                request.max_depth,
                request.max_violations,
                response.max_depth,
                response.mode,
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            (4, 2, 11, Mode::Off),
            (2, 2, 11, Mode::Report),
            (1, 1, 12, Mode::Report),
        ]
    );
}

#[test]
fn a_direction_goes_no_further_than_its_rule() {
    let modes = ["off", "report", "enforce"];
    for (depth, rule) in modes.into_iter().enumerate() {
        for (own_depth, own) in modes.into_iter().enumerate() {
            let settings = json!({"request": {"mode": own}, "response": {"mode": own}});
            let members = json!({"rules": [{"name": "a", "mode": rule, "settings": settings}]});
            let policy = policy(&members);
            let terms = &policy.rules[0].plan.terms;
            let expected = modes[depth.min(own_depth)];
            assert_eq!(terms.request.mode.name(), expected, "{rule} {own}");
            assert_eq!(terms.response.mode.name(), expected, "{rule} {own}");
        }
    }
}

#[test]
fn requests_go_as_far_as_their_rule_and_responses_report_unless_more_is_said() {
    for (rule, request, response) in [
        ("off", Mode::Off, Mode::Off),
        ("report", Mode::Report, Mode::Report),
        ("enforce", Mode::Enforce, Mode::Report),
    ] {
        let policy = policy(&json!({"rules": [{"name": "a", "mode": rule}]}));
        let terms = &policy.rules[0].plan.terms;
        assert_eq!(
            (terms.request.mode, terms.response.mode),
            (request, response)
        );
    }
}

#[test]
fn an_operation_overrides_its_rule_field_by_field() {
    let plan = plan(&json!({
        "request": {"maxDepth": 10, "maxViolations": 10, "mode": "enforce"},
        "response": {"sample": 50},
        "operations": [
            {"operation": "createOrder", "mode": "report", "request": {"maxDepth": 20}},
            {
                "operation": "GET /orders/{id}", "mode": "off", "request": {"mode": "enforce"},
                "response": {"sample": 100}
            }
        ]
    }));
    let names: Vec<&str> = plan.operations.keys().map(String::as_str).collect();
    assert_eq!(names, ["GET /orders/{id}", "createOrder"]);
    let create = plan.terms("createOrder");
    assert_eq!(
        (create.request.mode, create.response.mode),
        (Mode::Report, Mode::Report)
    );
    assert_eq!(
        (create.request.max_depth, create.request.max_violations),
        (20, 10)
    );
    assert_eq!(create.response.sample, Share(500_000));
    let get = plan.terms("GET /orders/{id}");
    assert_eq!(
        (get.request.mode, get.response.mode),
        (Mode::Enforce, Mode::Off)
    );
    assert_eq!(
        (get.request.max_depth, get.response.sample),
        (10, Share::ALL)
    );
    assert_eq!(plan.terms("another"), &plan.terms);
    assert_eq!(
        (plan.terms.request.mode, plan.terms.request.max_depth),
        (Mode::Enforce, 10)
    );
}

#[test]
fn an_operation_is_known_by_its_id_and_by_its_method_and_template() {
    for name in ["createOrder", "POST /orders"] {
        let plan = plan(&json!({"operations": [{"operation": name, "mode": "off"}]}));
        let mode = plan.terms("createOrder").request.mode;
        assert_eq!(mode, Mode::Off, "{name}");
    }
}

#[test]
fn the_strongest_layer_with_operations_counts_as_a_whole() {
    let policy = policy(&json!({
        "defaults": {"operations": [{"operation": "createOrder", "mode": "off"}]},
        "rules": [
            {
                "name": "a",
                "match": {"paths": ["/a"]},
                "settings": {"operations": [{"operation": "GET /orders/{id}", "mode": "off"}]}
            },
            {"name": "b"}
        ]
    }));
    let names = policy.rules.iter().map(|rule| {
        let names = rule.plan.operations.keys();
        names.map(String::as_str).collect::<Vec<_>>()
    });
    let names: Vec<_> = names.collect();
    assert_eq!(names, [["GET /orders/{id}"], ["createOrder"]]);
}

#[test]
fn a_contract_that_rules_share_is_read_once() {
    let policy = policy(&json!({
        "rules": [{"name": "a", "match": {"paths": ["/a"]}}, {"name": "b"}]
    }));
    let [a, b] = [0, 1].map(|index| &policy.rules[index].plan.contract);
    assert!(Rc::ptr_eq(a, b));
}

#[test]
fn each_rule_has_the_contract_that_it_names() {
    let policy = policy(&json!({
        "contracts": [
            {"name": "orders", "openapi": orders()},
            {"name": "payments", "jsonSchema": {"request": true}}
        ],
        "defaults": {"contract": "orders"},
        "rules": [
            {"name": "a", "match": {"paths": ["/a"]}, "settings": {"contract": "payments"}},
            {"name": "b"}
        ]
    }));
    let names = policy.rules.iter().map(|rule| &rule.plan.contract.name);
    let names: Vec<&String> = names.collect();
    assert_eq!(names, ["payments", "orders"]);
}

#[test]
fn a_contract_may_be_packed_with_padding_or_without_and_zipped_or_not() {
    let text = orders().to_string().into_bytes();
    // One more space changes the length, and with it the padding.
    let longer = [&text[..], b" "].concat();
    for octets in [text.clone(), longer, gzip(&text)] {
        for packed in [
            BASE64_STANDARD.encode(&octets),
            BASE64_STANDARD_NO_PAD.encode(&octets),
        ] {
            let plan = plan_of(&json!({"name": "orders", "openapi": packed}));
            assert_eq!(plan.base_paths, ["/v1/beta", "/v1"]);
        }
    }
}

#[test]
fn a_zipped_contract_may_have_several_members() {
    let text = orders().to_string().into_bytes();
    let (begin, end) = text.split_at(100);
    let packed = BASE64_STANDARD.encode([gzip(begin), gzip(end)].concat());
    let plan = plan_of(&json!({"name": "orders", "openapi": packed}));
    assert_eq!(plan.base_paths, ["/v1/beta", "/v1"]);
}

#[test]
fn what_is_unpacked_has_at_most_thirty_two_mebibytes() {
    let most = 32 * 1024 * 1024;
    let schema = |octets: usize| {
        let mut text = json!({"request": true}).to_string().into_bytes();
        text.resize(octets, b' ');
        json!({"contracts": [{"name": "a", "jsonSchema": BASE64_STANDARD.encode(gzip(&text))}]})
    };
    assert_eq!(found(&schema(most)), Vec::<String>::new());
    let expected = "/contracts/0/jsonSchema: is larger than 32 MiB when it is unpacked; expected a \
                    smaller contract, such as `treaty bundle` makes";
    assert_eq!(found(&schema(most + 1)), [expected]);
}

#[test]
fn what_is_found_in_a_packed_contract_says_where_it_stands_there() {
    let mut broken = orders();
    broken["paths"]["/orders"]["post"]["responses"] = json!(7);
    let plain = found(&json!({"contracts": [{"name": "orders", "openapi": broken}]}));
    let packed = BASE64_STANDARD.encode(gzip(broken.to_string().as_bytes()));
    let packed = found(&json!({"contracts": [{"name": "orders", "openapi": packed}]}));
    let [plain] = plain.as_slice() else {
        panic!("{plain:?}");
    };
    let place = "/contracts/0/openapi/paths/~1orders/post/responses: ";
    let message = plain.strip_prefix(place).unwrap();
    let expected = format!(
        "/contracts/0/openapi: {message} (in the document at `/paths/~1orders/post/responses`)"
    );
    assert_eq!(packed, [expected]);
}

#[test]
fn schemas_alone_have_no_base_path_and_no_operations() {
    let plan = plan_of(&json!({"name": "a", "jsonSchema": {"response": {"type": "object"}}}));
    let Contract::JsonSchema(schemas) = &plan.contract.contract else {
        panic!("{}", plan.contract.name);
    };
    assert!(schemas.request.is_none() && schemas.response.is_some());
    assert_eq!(plan.base_paths, [""]);
}

#[test]
fn a_part_without_meaning_passes_where_the_contract_says_so() {
    let mut strange = orders();
    // The style is defined for arrays and objects only (OAS 3.1.1 section 4.8.12.4).
    strange["paths"]["/orders"]["post"]["parameters"] = json!([
        {"name": "filter", "in": "query", "style": "spaceDelimited", "schema": {"type": "string"}}
    ]);
    let of = |undefined: &str| {
        found(&json!({"contracts": [
            {"name": "orders", "openapi": strange, "undefined": undefined}
        ]}))
    };
    assert_eq!(of("skip"), Vec::<String>::new());
    let refused = of("reject");
    let [only] = refused.as_slice() else {
        panic!("{refused:?}");
    };
    assert!(only.starts_with("/contracts/0/openapi/paths/~1orders/post/parameters/0"));
}

#[test]
fn null_is_admitted_without_a_type_where_the_contract_says_so() {
    let mut old = orders();
    old["openapi"] = json!("3.0.4");
    let content = json!({"application/json": {"schema": {"nullable": true, "enum": ["a"]}}});
    old["paths"]["/orders"]["post"]["requestBody"]["content"] = content;
    let admits_null = |contract: Value| {
        let plan = plan_of(&contract);
        let Contract::OpenApi(contract) = &plan.contract.contract else {
            panic!("{}", plan.contract.name);
        };
        let operation = contract.items()[0].operation("POST").unwrap();
        let body = operation.body.as_ref().unwrap();
        let place = body.content.0[0].schema.as_ref().unwrap();
        let compiled = contract.schema(place, Direction::Request, Hidden::Allowed);
        let null = Tape::read(b"null", 1).unwrap();
        compiled.unwrap().schema.is_met(&null)
    };
    assert!(!admits_null(json!({"name": "a", "openapi": old})));
    assert!(!admits_null(
        json!({"name": "a", "openapi": old, "nullable": "strict"})
    ));
    assert!(admits_null(
        json!({"name": "a", "openapi": old, "nullable": "lenient"})
    ));
    let packed = BASE64_STANDARD.encode(old.to_string());
    assert!(admits_null(
        json!({"name": "a", "openapi": packed, "nullable": "lenient"})
    ));
}

#[test]
fn a_setting_may_stand_in_a_layer_that_rules_with_other_contracts_share() {
    let members = |matches: Value, contract: &str| {
        json!({
            "contracts": [
                {"name": "orders", "openapi": orders()},
                {"name": "plain", "jsonSchema": {"request": true}}
            ],
            "defaults": {"request": {"hidden": "reject"}},
            "rules": [
                {"name": "a", "match": matches, "settings": {"contract": "plain"}},
                {"name": "b", "settings": {"contract": contract}}
            ]
        })
    };
    let matches = json!({"paths": ["/a"]});
    assert_eq!(
        found(&members(matches.clone(), "orders")),
        Vec::<String>::new()
    );
    assert_eq!(
        found(&members(matches, "plain")),
        [
            "/defaults/request/hidden: has no meaning for the contract; it is for `openapi`",
            "/contracts/0: is used by no rule; name it in a `contract`, or take it out",
        ]
    );
}

#[test]
fn a_policy_that_is_off_has_no_rules() {
    let policy = policy(&json!({"mode": "off"}));
    assert!(policy.rules.is_empty());
    assert_eq!(policy.form, None);
}

#[test]
fn contents_are_waited_for_only_where_a_rule_in_force_reads_them() {
    let off = json!({"request": {"mode": "off"}, "response": {"mode": "off"}});
    let form = |form: &str, mode: &str, settings: &Value| {
        let rules = json!([{"name": "a", "mode": mode, "settings": settings}]);
        policy(&json!({"form": form, "rules": rules})).form
    };
    assert_eq!(form("held", "report", &json!({})), Some(Form::Held));
    assert_eq!(
        form("streamed", "enforce", &json!({})),
        Some(Form::Streamed)
    );
    assert_eq!(form("held", "off", &json!({})), None);
    assert_eq!(form("held", "enforce", &off), None);
    let mut one = off;
    one["operations"] = json!([{"operation": "createOrder", "mode": "report"}]);
    assert_eq!(form("held", "enforce", &one), Some(Form::Held));
}

#[test]
fn the_streamed_form_bears_enforced_answers_where_the_rule_only_reports() {
    let enforced = json!({"response": {"mode": "enforce"}});
    let of = |mode: &str| {
        found(&json!({
            "form": "streamed",
            "defaults": enforced,
            "rules": [{"name": "a", "mode": mode}]
        }))
    };
    assert_eq!(of("report"), Vec::<String>::new());
    assert_eq!(of("enforce").len(), 1);
}

#[test]
fn every_example_loads_and_starts_in_report() {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/contract-validation/examples");
    let mut count = 0;
    for file in folder.read_dir().unwrap() {
        let path = file.unwrap().path();
        let document = Document::parse(&std::fs::read(&path).unwrap()).unwrap();
        let policy = load(&document).unwrap_or_else(|findings| panic!("{path:?}: {findings}"));
        assert!(!policy.rules.is_empty());
        for rule in &policy.rules {
            assert_eq!(rule.mode, Mode::Report, "{path:?}");
        }
        count += 1;
    }
    assert_eq!(count, 8);
}
