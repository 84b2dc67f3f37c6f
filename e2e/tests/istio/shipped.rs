//! The manifests that are checked in, as they stand.

use std::collections::BTreeMap;

use e2e::{Report, ask_all_filters, counted, secrets_of};
use serde_json::{Value, json};
use treaty::registry::NAMES;

use crate::form::{Form, Placement};
use crate::manifest::Manifest;
use crate::proxy::Proxy;
use crate::surroundings::resource;

/// A key of 32 octets, in base64: what every secret of the examples is here.
const SECRET: &str = "dHJlYXR5J3MgdGVzdHMsIG5vIHNlY3JldCBhdCBhbGw=";

/// What the policies of the manifests ask of a proxy's environment.
pub(crate) fn secrets(form: Form, placement: Placement) -> BTreeMap<String, String> {
    Manifest::checked_in(form, placement)
        .iter()
        .flat_map(|manifest| secrets_of(&manifest.policy))
        .map(|name| (name, SECRET.to_owned()))
        .collect()
}

/// Applies them and sends a request through all of them.
pub(crate) fn check(report: &Report, proxy: &Proxy) {
    let fact = format!("{proxy}: the manifests are taken as they stand");
    let taken = report.check(&fact, || {
        let manifests = Manifest::checked_in(proxy.form, proxy.workload.placement);
        proxy.enforce(1, &manifests);
        assert_eq!(proxy.refusals(), Vec::<String>::new());
        manifests
    });
    let Some(mut manifests) = taken else { return };
    report.check(&format!("{proxy}: a request passes all filters"), || {
        every_filter_sees_a_request(proxy);
    });
    report.check(&format!("{proxy}: {}", order_of(proxy.form)), || {
        manifests.extend(authentication());
        proxy.apply(1, &manifests);
        let expected = chain(proxy.form);
        proxy.wait_until(&format!("{expected:?}"), || standing(proxy) == expected);
    });
}

fn every_filter_sees_a_request(proxy: &Proxy) {
    let before = counted(&proxy.counters());
    ask_all_filters(&proxy.upstream, proxy.workload.at(0));
    // Its end is counted after the client has it.
    proxy.wait_until("a count by every filter", || {
        let now = counted(&proxy.counters());
        now.iter().zip(&before).all(|(now, before)| now > before)
    });
}

fn order_of(form: Form) -> &'static str {
    match form {
        Form::WasmPlugin | Form::TrafficExtension => {
            "authentication stands before version-negotiation, authorization behind it"
        }
        Form::EnvoyFilter => {
            "authentication and authorization stand between version-negotiation and \
             contract-validation"
        }
    }
}

/// The chain as `istio/README.md` promises it.
fn chain(form: Form) -> Vec<&'static str> {
    let [tagging, errors, versions, contracts, keys] = NAMES;
    match form {
        Form::WasmPlugin | Form::TrafficExtension => {
            vec![
                tagging,
                errors,
                "jwt_authn",
                versions,
                "rbac",
                contracts,
                keys,
                "router",
            ]
        }
        Form::EnvoyFilter => {
            vec![
                tagging,
                errors,
                versions,
                "jwt_authn",
                "rbac",
                contracts,
                keys,
                "router",
            ]
        }
    }
}

/// The filters of interest in the listener as Envoy has it.
fn standing(proxy: &Proxy) -> Vec<&'static str> {
    let dump = proxy.admin("/config_dump?resource=dynamic_listeners");
    let dump: Value = serde_json::from_str(&dump).expect("the dump is JSON");
    let own = proxy.workload.at(0);
    let listeners = dump["configs"].as_array().into_iter().flatten();
    let listener = listeners
        .map(|dumped| &dumped["active_state"]["listener"])
        .find(|listener| {
            let at = &listener["address"]["socket_address"];
            at["address"] == own.ip().to_string() && at["port_value"] == own.port()
        });
    let known: Vec<&str> = NAMES
        .into_iter()
        .chain(["jwt_authn", "rbac", "router"])
        .collect();
    let mut names = Vec::new();
    for filter in listener.map(http_filters).unwrap_or_default() {
        names.extend(known.iter().copied().find(|known| filter.contains(known)));
    }
    names
}

/// The names of the HTTP filters of a listener's first chain.
fn http_filters(listener: &Value) -> Vec<String> {
    let filters = listener["filter_chains"][0]["filters"]
        .as_array()
        .into_iter()
        .flatten();
    let http = filters.filter_map(|filter| filter["typed_config"]["http_filters"].as_array());
    http.flatten()
        .filter_map(|filter| Some(filter["name"].as_str()?.to_owned()))
        .collect()
}

/// A token that need not be there, and a path that nobody may ask for.
fn authentication() -> [Manifest; 2] {
    let keys = json!({"keys": [{
        "kty": "EC",
        "crv": "P-256",
        // The public key of RFC 7517 appendix A.1.
        "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
        "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    }]});
    let rules = json!({"jwtRules": [{
        "issuer": "https://issuer.example.com", "jwks": keys.to_string(),
    }]});
    let denied =
        json!({"action": "DENY", "rules": [{"to": [{"operation": {"paths": ["/denied"]}}]}]});
    [
        Manifest::without_policy(resource(
            "security.istio.io/v1",
            "RequestAuthentication",
            "tokens",
            &rules,
        )),
        Manifest::without_policy(resource(
            "security.istio.io/v1",
            "AuthorizationPolicy",
            "denied",
            &denied,
        )),
    ]
}
