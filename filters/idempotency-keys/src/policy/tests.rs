use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, SystemTime};

use kit::call::CallRequest;
use kit::policy::Environment;
use kit::policy::value::FieldName;
use serde_json::{Value, json};

use super::*;
use crate::fingerprint::{ContentPart, Fingerprinter, Parts, QueryPart};
use crate::idempotency_key::{Alphabet, KeyTerms, Syntax};
use crate::machine::{Ending, Endings, OnClaimExpired, StoreTrouble, Terms, Tries, WaitForFirst};
use crate::plan::{KeySource, NamedStore, Plan};
use crate::record::NotKept;
use crate::rpc::{Methods, Streams};
use crate::scope::{Caller, Identity, PathScope};
use crate::store::{
    Ask, Command, Etcd, EtcdSettings, Fence, Front, HttpFront, Local, LocalSettings, Next, Redis,
    RedisSettings, Secret, Store, StoreKey, Token, Tunnel, User, WhenFull,
};

/// 32 octets.
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// A document of these members, with one rule where they have none.
fn document(members: &Value) -> Document {
    let mut document = json!({
        "version": 1,
        "mode": "enforce",
        "defaults": {"scope": {"shared": true}},
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

/// The plan of the one rule of a policy with these settings.
fn plan(settings: &Value) -> Rc<Plan> {
    let mut settings = settings.clone();
    if settings.get("scope").is_none() {
        settings["scope"] = json!({"shared": true});
    }
    Rc::clone(&policy(&json!({"defaults": settings})).rules[0].plan)
}

fn stores(stores: &Value) -> Vec<Rc<NamedStore>> {
    let rules: Vec<Value> = stores
        .as_array()
        .unwrap()
        .iter()
        .enumerate()
        .map(|(index, store)| {
            let name = &store["name"];
            let matches = json!({"paths": [format!("/{index}")]});
            json!({"name": name, "match": matches, "settings": {"store": name}})
        })
        .collect();
    let defaults = json!({"scope": {"shared": true}, "sealing": "none"});
    let members = json!({"stores": stores, "defaults": defaults, "rules": rules});
    policy(&members).stores
}

fn shown(store: &Store) -> String {
    format!("{store:?}")
}

#[test]
fn a_policy_says_no_more_than_whose_its_keys_are() {
    let policy = policy(&json!({}));
    let [rule] = policy.rules.as_slice() else {
        panic!("{}", policy.rules.len());
    };
    let plan = &rule.plan;
    assert_eq!(rule.mode, Mode::Enforce);
    assert_eq!(plan.label, "all");
    assert_eq!(plan.methods, ["POST", "PATCH"]);
    let standard = FieldName("idempotency-key".to_owned());
    assert_eq!(plan.source, KeySource::Field(standard));
    let key = KeyTerms {
        syntax: Syntax::Lenient,
        alphabet: Alphabet::Visible,
        length: 1..=255,
    };
    assert_eq!(plan.key, key);
    let fingerprinter = Fingerprinter::new(Parts {
        method: true,
        path: true,
        query: QueryPart::AsSent,
        fields: Vec::new(),
        content: ContentPart::Octets,
    });
    assert_eq!(
        format!("{:?}", plan.fingerprinter),
        format!("{fingerprinter:?}")
    );
    assert_eq!(plan.max_request_body, 262_144);
    let terms = Terms {
        mode: Mode::Enforce,
        revision: plan.terms.revision,
        claim_ttl: Duration::from_mins(1),
        retention: Duration::from_hours(24),
        unknown_for: Duration::from_hours(24),
        on_claim_expired: OnClaimExpired::Unknown,
        store_trouble: StoreTrouble::Closed,
        wait_for_first: None,
        endings: Endings {
            success: Ending::Kept,
            redirection: Ending::Kept,
            client_error: Ending::Kept,
            server_error: Ending::Unknown,
            statuses: Vec::new(),
        },
        tries: Tries {
            background: 6,
            rest: Duration::from_millis(250),
        },
    };
    assert_eq!(plan.terms, terms);
    assert_eq!(plan.capture.max_octets, 65_536);
    assert!(plan.capture.body);
    assert!(plan.capture.dropped.is_empty());
    assert!(plan.sealing.is_none());
    assert_eq!(plan.retry_after, 1);
    assert_eq!(
        format!("{:?}", plan.rpc),
        format!("{:?}", Methods::default())
    );
    assert_eq!(plan.retries, None);
    assert_eq!(plan.mirror_field, None);
    assert_eq!(plan.documentation, None);
    assert_eq!(plan.problem_base, None);
}

#[test]
fn without_stores_there_is_a_local_one() {
    let policy = policy(&json!({}));
    let [store] = policy.stores.as_slice() else {
        panic!("{}", policy.stores.len());
    };
    assert_eq!(store.name, "local");
    assert_eq!(store.timeout, Duration::ZERO);
    let expected = Store::Local(Local::new(LocalSettings {
        name: "local".to_owned(),
        keys: 4_000,
        octets: 67_108_864,
        when_full: WhenFull::Refuse,
        tenant_percent: 100,
    }));
    assert_eq!(shown(&store.store), shown(&expected));
}

#[test]
fn a_local_store_is_as_large_as_it_says() {
    let stores = stores(&json!([{
        "type": "local", "name": "here", "keys": 40, "size": "2MiB", "whenFull": "evict",
        "tenantShare": 50
    }]));
    let expected = Store::Local(Local::new(LocalSettings {
        name: "here".to_owned(),
        keys: 40,
        octets: 2_097_152,
        when_full: WhenFull::Evict,
        tenant_percent: 50,
    }));
    assert_eq!(shown(&stores[0].store), shown(&expected));
}

/// The settings of a store without its secrets, which `Debug` hides.
fn etcd(authority: &str, prefix: &str, user: Option<&str>) -> String {
    let user = user.map(|name| User {
        name: name.to_owned(),
        password: Secret::new(String::new()),
    });
    shown(&Store::Etcd(Etcd::new(EtcdSettings {
        cluster: "etcd".to_owned(),
        authority: authority.to_owned(),
        prefix: prefix.to_owned(),
        user,
    })))
}

#[test]
fn etcd_is_reached_as_the_policy_says() {
    let stores = stores(&json!([
        {"type": "etcd", "name": "a", "cluster": "etcd"},
        {
            "type": "etcd", "name": "b", "cluster": "etcd", "authority": "[::1]:2379",
            "prefix": "keys/", "timeout": "1s",
            "user": {"name": "treaty", "password": {"env": "PASSWORD"}}
        }
    ]));
    assert_eq!(stores[0].timeout, Duration::from_millis(250));
    assert_eq!(stores[1].timeout, Duration::from_secs(1));
    assert_eq!(
        shown(&stores[0].store),
        etcd("", "treaty/idempotency/", None)
    );
    assert_eq!(
        shown(&stores[1].store),
        etcd("[::1]:2379", "keys/", Some("treaty"))
    );
}

fn redis(authority: &str, front: Front) -> String {
    shown(&Store::Redis(Redis::new(RedisSettings {
        cluster: "redis".to_owned(),
        authority: authority.to_owned(),
        prefix: "treaty/idempotency/".to_owned(),
        front,
    })))
}

#[test]
fn redis_is_reached_by_each_front() {
    let store = |front: Value| {
        let store = json!({"type": "redis", "name": "a", "cluster": "redis", "front": front});
        shown(&stores(&json!([store]))[0].store)
    };
    let tunnel = |user: Option<&str>, password: Option<&str>, database| {
        Front::Tunnel(Tunnel {
            path: "/".to_owned(),
            user: user.map(str::to_owned),
            password: password.map(|secret| Secret::new(secret.to_owned())),
            database,
        })
    };
    let http = |path: &str| HttpFront {
        path: path.to_owned(),
        authorization: None,
    };
    assert_eq!(
        store(json!({"type": "tunnel"})),
        redis("redis", tunnel(None, None, 0))
    );
    let password = json!({"env": "PASSWORD"});
    assert_eq!(
        store(json!({"type": "tunnel", "user": "treaty", "password": password, "database": 3})),
        redis("redis", tunnel(Some("treaty"), Some(""), 3))
    );
    assert_eq!(
        store(json!({"type": "webdis", "path": "/front"})),
        redis("redis", Front::Webdis(http("/front")))
    );
    assert_eq!(
        store(json!({"type": "rest"})),
        redis("redis", Front::Rest(http("/")))
    );
}

#[test]
fn a_token_is_sent_as_a_bearer_and_an_authorization_as_it_is() {
    let variables = [("TOKEN", "t"), ("AUTHORIZATION", "Basic dXNlcjpwYXNz")];
    let variables = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let authorization = |front: Value| {
        let store = json!({"type": "redis", "name": "a", "cluster": "redis", "front": front});
        let settings = json!({"scope": {"shared": true}, "sealing": "none"});
        let document = document(&json!({"stores": [store], "defaults": settings}))
            .with_environment(Environment::from_iter(variables.clone()));
        let policy = load(&document).unwrap();
        assert!(policy.warnings.take().is_empty());
        let release = Command::Release {
            key: StoreKey::new([0; 32]),
            fence: Fence::Token(Token(1)),
        };
        let next = policy.stores[0]
            .store
            .begin(release, SystemTime::UNIX_EPOCH);
        let Next::Ask(_, Ask::Call(CallRequest::Http(call))) = next else {
            panic!("{next:?}");
        };
        let mut headers = call.headers.into_iter();
        headers.find(|(name, _)| name == "authorization").unwrap().1
    };
    let token = json!({"type": "rest", "token": {"env": "TOKEN"}});
    assert_eq!(authorization(token), "Bearer t");
    let basic = json!({"type": "webdis", "authorization": {"env": "AUTHORIZATION"}});
    assert_eq!(authorization(basic), "Basic dXNlcjpwYXNz");
}

#[test]
fn only_stores_that_rules_use_are_kept() {
    let local = |name: &str| json!({"type": "local", "name": name});
    let policy = policy(&json!({
        "stores": [local("a"), local("b")],
        "defaults": {"scope": {"shared": true}, "store": "b"}
    }));
    let names: Vec<&str> = policy.stores.iter().map(|own| own.name.as_str()).collect();
    assert_eq!(names, ["b"]);
    assert!(Rc::ptr_eq(&policy.stores[0], &policy.rules[0].plan.store));
}

#[test]
fn a_policy_that_is_off_has_no_rules_and_no_stores() {
    let policy = policy(&json!({"mode": "off"}));
    assert!(policy.rules.is_empty() && policy.stores.is_empty());
    assert_eq!(policy.form, None);
}

#[test]
fn layers_override_each_other_field_by_field() {
    let policy = policy(&json!({
        "services": [
            {"name": "orders", "runtime": "go", "hosts": ["orders.example.com"]},
            {"name": "payments", "runtime": "go", "hosts": ["payments.example.com"]}
        ],
        "defaults": {"scope": {"shared": true}, "retention": "1h", "claimTtl": "10s", "retries": 1},
        "runtimes": {"go": {"claimTtl": "20s", "retries": 2, "required": true}},
        "serviceSettings": {"orders": {"claimTtl": "30s", "retries": 3}},
        "rules": [
            {"name": "a", "service": "orders", "settings": {"claimTtl": "40s"}},
            {"name": "b", "service": "payments", "mode": "report"},
            {"name": "c", "settings": {"retention": "2h"}}
        ]
    }));
    let seen: Vec<_> = policy
        .rules
        .iter()
        .map(|rule| {
            let terms = &rule.plan.terms;
            (
                terms.claim_ttl.as_secs(),
                terms.retention.as_secs(),
                rule.plan.retries,
                rule.plan.key_required,
                terms.mode,
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            (40, 3_600, Some(3), true, Mode::Enforce),
            (20, 3_600, Some(2), true, Mode::Report),
            (10, 7_200, Some(1), false, Mode::Enforce),
        ]
    );
    assert_eq!(policy.rules[1].mode, Mode::Report);
    let labels: Vec<&str> = policy
        .rules
        .iter()
        .map(|rule| rule.plan.label.as_str())
        .collect();
    assert_eq!(labels, ["orders", "payments", "c"]);
}

#[test]
fn every_setting_reaches_the_plan() {
    let plan = plan(&json!({
        "methods": ["PUT", "DELETE"],
        "key": {
            "from": "header", "name": "X-Key", "syntax": "strict", "alphabet": "token",
            "minLength": 8, "maxLength": 64
        },
        "required": true,
        "documentation": "https://example.com/keys",
        "fingerprint": {
            "method": false, "path": false, "query": "sorted", "headers": ["Content-Type"],
            "content": {"members": ["/amount", "/currency"]}
        },
        "maxRequestBody": "1KiB",
        "inFlight": {"do": "wait", "limit": "5s", "every": "50ms"},
        "retryAfter": "1500ms",
        "keep": {
            "success": "doNotKeep", "redirection": "unknown", "clientError": "release",
            "serverError": "keep", "statuses": {"409": "keep", "503": "release"}
        },
        "onClaimExpired": "reexecute",
        "storeTrouble": "open",
        "storeBody": false,
        "maxAnswer": "2KiB",
        "dropHeaders": ["X-Cost"],
        "rpc": {"unary": ["a.B/C", "a.D/*"], "streams": "pass"},
        "retries": 10,
        "mirrorHeader": "X-Mirror"
    }));
    let field = |name: &str| FieldName(name.to_owned());
    assert_eq!(plan.methods, ["PUT", "DELETE"]);
    assert_eq!(plan.source, KeySource::Field(field("x-key")));
    let key = KeyTerms {
        syntax: Syntax::Strict,
        alphabet: Alphabet::Token,
        length: 8..=64,
    };
    assert_eq!(plan.key, key);
    assert!(plan.key_required);
    assert_eq!(
        plan.documentation.as_deref(),
        Some("https://example.com/keys")
    );
    let members = ["/amount", "/currency"].map(|place| place.parse().unwrap());
    let fingerprinter = Fingerprinter::new(Parts {
        method: false,
        path: false,
        query: QueryPart::Sorted,
        fields: vec![field("content-type")],
        content: ContentPart::Members(members.to_vec()),
    });
    assert_eq!(
        format!("{:?}", plan.fingerprinter),
        format!("{fingerprinter:?}")
    );
    assert_eq!(plan.max_request_body, 1_024);
    let wait = WaitForFirst {
        limit: Duration::from_secs(5),
        every: Duration::from_millis(50),
    };
    assert_eq!(plan.terms.wait_for_first, Some(wait));
    assert_eq!(plan.retry_after, 2);
    let endings = Endings {
        success: Ending::NotKept(NotKept::Status),
        redirection: Ending::Unknown,
        client_error: Ending::Released,
        server_error: Ending::Kept,
        statuses: vec![(409, Ending::Kept), (503, Ending::Released)],
    };
    assert_eq!(plan.terms.endings, endings);
    assert_eq!(plan.terms.on_claim_expired, OnClaimExpired::Reexecute);
    assert_eq!(plan.terms.store_trouble, StoreTrouble::Open);
    assert!(!plan.capture.body);
    assert_eq!(plan.capture.max_octets, 2_048);
    assert_eq!(plan.capture.dropped, [field("x-cost")]);
    assert_eq!(plan.rpc.unary, ["/a.B/C"]);
    assert_eq!(plan.rpc.unary_services, ["/a.D/"]);
    assert_eq!(plan.rpc.streams, Streams::Pass);
    assert_eq!(plan.retries, Some(10));
    assert_eq!(plan.mirror_field, Some(field("x-mirror")));
}

#[test]
fn a_key_may_stand_in_the_content_or_be_that_of_an_event() {
    let place = json!({"from": "content", "pointer": "/request_id", "alphabet": "uuid4"});
    let content = plan(&json!({"key": place}));
    let pointer = "/request_id".parse().unwrap();
    assert_eq!(content.source, KeySource::Content(pointer));
    assert_eq!(content.key.alphabet, Alphabet::Uuid4);
    let event = plan(&json!({"key": {"from": "cloudEvent", "maxLength": 1024}}));
    assert_eq!(event.source, KeySource::CloudEvent);
    assert_eq!(event.key.length, 1..=1024);
}

#[test]
fn a_scope_is_apart_by_all_that_it_does_not_join() {
    let scope = &plan(&json!({"scope": {"shared": true}})).scope;
    assert!(matches!(scope.caller, Caller::Shared));
    assert_eq!(scope.namespace, "");
    assert!(scope.tenant.is_none() && scope.host && scope.method);
    assert_eq!(scope.path, PathScope::Template);
}

#[test]
fn a_caller_is_told_by_each_kind_of_identity() {
    let plan = plan(&json!({"scope": {
        "namespace": "edge",
        "caller": [
            {"from": "header", "name": "X-Customer"},
            {"from": "jwtClaim", "claim": "/realm~1x/sub", "payload": "token"},
            {"from": "certificate"},
            {"from": "property", "path": ["source", "address"]}
        ],
        "tenant": {"from": "jwtClaim", "claim": "/tenant"},
        "host": false, "method": false, "path": "any"
    }}));
    let scope = &plan.scope;
    let Caller::Apart(caller) = &scope.caller else {
        panic!("{:?}", scope.caller);
    };
    let property = |path: &[&str]| {
        let path = path.iter().map(|part| (*part).to_owned());
        Identity::Property(path.collect())
    };
    let claims = [
        "metadata",
        "filter_metadata",
        "envoy.filters.http.jwt_authn",
    ];
    let claim = |rest: &[&str]| property(&[&claims[..], rest].concat());
    let expected = [
        Identity::Field(FieldName("x-customer".to_owned())),
        claim(&["token", "realm/x", "sub"]),
        Identity::uri_san(),
        property(&["source", "address"]),
    ];
    assert_eq!(format!("{caller:?}"), format!("{expected:?}"));
    let tenant = Some(claim(&["jwt_payload", "tenant"]));
    assert_eq!(format!("{:?}", scope.tenant), format!("{tenant:?}"));
    assert_eq!(scope.namespace, "edge");
    assert!(!scope.host && !scope.method);
    assert_eq!(scope.path, PathScope::Any);
}

#[test]
fn templates_are_those_of_the_match() {
    let policy = policy(&json!({
        "rules": [{"name": "a", "match": {"paths": ["/orders/{id}"]}}]
    }));
    let templates = &policy.rules[0].plan.templates;
    assert_eq!(*templates, ["/orders/{id}".parse().unwrap()]);
}

#[test]
fn a_content_is_waited_for_only_where_a_rule_in_force_needs_it() {
    let form = |form: &str, content: &str, mode: &str| {
        let fingerprint = json!({"content": content});
        let settings = json!({"scope": {"shared": true}, "fingerprint": fingerprint});
        let rules = json!([{"name": "a", "mode": mode}]);
        policy(&json!({"form": form, "defaults": settings, "rules": rules})).form
    };
    assert_eq!(form("held", "octets", "report"), Some(Form::Held));
    assert_eq!(form("held", "ignored", "enforce"), None);
    assert_eq!(form("held", "octets", "off"), None);
    assert_eq!(form("streamed", "ignored", "enforce"), None);
}

#[test]
fn a_claim_may_last_as_long_as_the_route_and_three_calls_and_more() {
    let at_most = |claim_ttl: &str| {
        let settings = json!({
            "scope": {"shared": true}, "sealing": "none", "claimTtl": claim_ttl,
            "routeTimeout": "15s"
        });
        let store = json!({"type": "etcd", "name": "a", "cluster": "etcd"});
        load(&document(&json!({"stores": [store], "defaults": settings})))
    };
    assert!(at_most("15s 750ms").is_err());
    assert!(at_most("15s 751ms").is_ok());
}

#[test]
fn an_answer_may_be_kept_and_waited_for_as_long_as_the_claim_lasts() {
    let plan = plan(&json!({
        "claimTtl": "10s", "retention": "10s", "inFlight": {"do": "wait", "limit": "10s"}
    }));
    assert_eq!(plan.terms.retention, plan.terms.claim_ttl);
    let limit = plan.terms.wait_for_first.map(|wait| wait.limit);
    assert_eq!(limit, Some(plan.terms.claim_ttl));
}

#[test]
fn a_cluster_of_etcd_is_no_longer_than_the_proxy_takes() {
    let loads = |cluster: usize, authority: usize| {
        let mut store = json!({"type": "etcd", "name": "a", "cluster": "c".repeat(cluster)});
        if authority > 0 {
            store["authority"] = "a".repeat(authority).into();
        }
        let settings = json!({"scope": {"shared": true}, "sealing": "none"});
        load(&document(&json!({"stores": [store], "defaults": settings}))).is_ok()
    };
    assert!(loads(125, 0) && !loads(126, 0));
    assert!(loads(100, 23) && !loads(100, 24));
}

#[test]
fn the_time_out_of_a_route_counts_before_the_deadline_of_its_service() {
    let with = |settings: Value| {
        let services = json!([{"name": "orders", "deadline": "10m"}]);
        let rules = json!([{"name": "a", "service": "orders", "settings": settings}]);
        load(&document(&json!({"services": services, "rules": rules})))
    };
    assert!(with(json!({})).is_err());
    assert!(with(json!({"claimTtl": "11m"})).is_ok());
    assert!(with(json!({"routeTimeout": "10s"})).is_ok());
}

#[test]
fn answers_are_sealed_under_the_key_that_a_rule_names() {
    let load_with = |sealing: &str, environment: &[(&str, &str)]| {
        let key = json!({
            "name": "answers",
            "current": {"id": "k2", "env": "NEW"},
            "previous": {"id": "k1", "env": "OLD"}
        });
        let settings = json!({"scope": {"shared": true}, "sealing": sealing});
        let variables = environment.iter();
        let variables = variables.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let document = document(&json!({"sealingKeys": [key], "defaults": settings}));
        load(&document.with_environment(variables.collect())).unwrap()
    };
    let set = load_with("answers", &[("NEW", KEY), ("OLD", KEY)]);
    assert!(set.warnings.take().is_empty());
    let sealing = set.rules[0].plan.sealing.as_ref().unwrap();
    assert_eq!(sealing.unusable().count(), 0);
    let none = load_with("none", &[("NEW", KEY), ("OLD", KEY)]);
    assert!(none.rules[0].plan.sealing.is_none());
    let unset = load_with("answers", &[("OLD", "c2hvcnQ=")]);
    let warnings = unset.warnings.take();
    let [current, previous] = warnings.as_slice() else {
        panic!("{warnings:?}");
    };
    assert_eq!(
        current,
        "treaty: idempotency-keys: key `k2` of `answers` is not set in the environment of the VM"
    );
    assert!(previous.starts_with("treaty: idempotency-keys: key `k1` of `answers` is too short"));
    assert!(!previous.contains("c2hvcnQ"));
}

#[test]
fn what_leaves_the_proxy_need_not_be_sealed_without_contents() {
    let settings = json!({"scope": {"shared": true}, "storeBody": false});
    let store = json!({"type": "etcd", "name": "a", "cluster": "etcd"});
    let policy = policy(&json!({"stores": [store], "defaults": settings}));
    assert!(policy.rules[0].plan.sealing.is_none());
}

#[test]
fn a_password_that_is_not_set_is_a_warning() {
    let settings = json!({"scope": {"shared": true}, "sealing": "none"});
    let user = json!({"name": "treaty", "password": {"env": "PASSWORD"}});
    let store = json!({"type": "etcd", "name": "fleet", "cluster": "etcd", "user": user});
    let policy = policy(&json!({"stores": [store], "defaults": settings}));
    let warnings = policy.warnings.take();
    assert_eq!(
        warnings,
        [
            "treaty: idempotency-keys: what store `fleet` asks for in `PASSWORD` is not set in the \
             environment of the VM; the store will refuse"
        ]
    );
}

#[test]
fn unary_methods_are_those_of_the_policy_and_of_its_descriptors() {
    // file { package "p", service { name "S", method { name "M" }, method { name "N",
    // server_streaming true } } }
    let descriptors = "ChQSAXAyDwoBUxIDCgFNEgUKAU4wAQ==";
    let plan = plan(&json!({"rpc": {"unary": ["a.B/C"], "descriptors": descriptors}}));
    assert_eq!(plan.rpc.unary, ["/a.B/C", "/p.S/M"]);
    assert_eq!(plan.rpc.streams, Streams::Refuse);
    assert!(!plan.rpc.is_unary("/p.S/N"));
}

#[test]
fn records_say_under_which_document_they_were_made() {
    let revision = |members: &Value| policy(members).rules[0].plan.terms.revision;
    let one = revision(&json!({"revision": "a"}));
    assert_eq!(one, revision(&json!({"revision": "a"})));
    assert_ne!(one, revision(&json!({"revision": "b"})));
    assert_ne!(one, 0);
}

#[test]
fn every_example_loads_and_starts_in_report() {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/idempotency-keys/examples");
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
    assert_eq!(count, 7);
}
