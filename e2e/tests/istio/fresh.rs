//! A proxy that starts while a bad policy is in the mesh: it has no last good one.

use std::time::Duration;

use e2e::{Client, Report, Request, status};
use serde_json::json;

use crate::changes::{bad_policies, serving};
use crate::proxy::Proxy;

/// How long a proxy may take that has one module to compile.
const READY_WITHIN: Duration = Duration::from_mins(1);

/// Starts the proxy anew while a policy that no filter takes is in the mesh, and then mends it.
pub(crate) fn check(report: &Report, mut proxy: Proxy) {
    let [bad, _] = bad_policies(&proxy);
    let fact = format!(
        "{proxy}: a fresh proxy with a bad policy answers 500 by itself, lets no request pass, and \
         goes on by itself with a good one"
    );
    report.check(&fact, || {
        proxy.apply(1, &[bad.manifest]);
        proxy.envoy.stop();
        proxy.envoy = proxy
            .start_envoy(READY_WITHIN)
            .unwrap_or_else(|error| panic!("{error}"));
        nothing_passes(&proxy);
        proxy.enforce(1, &[serving(&proxy, 2)]);
        let to = proxy.workload.at(0);
        proxy.wait_until("the good policy", || {
            (status(to, 2), status(to, 3)) == (200, 404)
        });
    });
}

fn nothing_passes(proxy: &Proxy) {
    proxy.wait_until("a refusal, at Istio", || !proxy.refusals().is_empty());
    proxy.upstream.take_seen();
    for path in ["/v1/orders", "/elsewhere"] {
        let response = Client::http1(proxy.workload.at(0)).send(Request::get(path));
        assert_eq!((response.status, response.text()), (500, String::new()));
    }
    assert_eq!(proxy.upstream.take_seen().len(), 0);
    proxy.wait_until("no filter configuration, in the access log", || {
        let line = proxy.last_line();
        (&line["flags"], &line["details"]) == (&json!("NFCF"), &json!(""))
    });
    // The VM that counted has gone with the only configuration that it had.
    let told = proxy.counters().into_keys();
    let rejected: Vec<String> = told
        .filter(|name| name.contains("treaty_policy_rejected"))
        .collect();
    assert_eq!(rejected, Vec::<String>::new());
}
