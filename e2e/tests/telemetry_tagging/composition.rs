//! Together with the other filters, as a chain of modules and as a bundle: what they find out is
//! told, and what they answer is counted as what the client gets.

use std::collections::BTreeMap;

use e2e::{
    AccessLog, Answer, Client, Cluster, Config, Envoy, Listener, Request, Response, Route,
    Upstream, WasmFilter,
};
use serde_json::{Value, json};

use crate::bench::{SOON, assert_well, fact, filter, start, tag};

/// How the filters are put together.
const WAYS: [&str; 2] = ["chain", "bundle"];

/// The forms of error-translation.
const FORMS: [&str; 2] = ["held", "streamed"];

fn services() -> Value {
    json!([{"name": "orders", "hosts": ["orders.example.com"], "runtime": "go"}])
}

/// In the streamed form, an error is told apart only after its head has gone on: so `problem` is
/// asked for at the end.
fn tagging() -> Value {
    json!({
        "version": 1,
        "revision": "r7",
        "mode": "enforce",
        "services": services(),
        "tags": [
            {"name": "api.version", "source": {"from": "fact", "name": "treaty.version"},
             "to": {"log": true, "metric": "api_version", "responseHeader": "x-api-version"}},
            {"name": "refusal", "source": {"from": "fact", "name": "treaty.refusal"}},
            {"name": "problem", "source": {"from": "fact", "name": "treaty.error_type", "when": "end"}},
            {"name": "operation", "source": {"from": "exchange", "value": "operation"}},
            {"name": "class", "source": {"from": "exchange", "value": "statusClass"}},
        ],
        "defaults": {
            "semconv": "stable",
            "metrics": ["requests", "errors"],
            "operations": [{"path": "/v{version}/orders/{id}", "operation": "getOrder"}],
        },
        "rules": [{"name": "orders", "service": "orders"}],
    })
}

fn translation(form: &str) -> Value {
    json!({
        "version": 1,
        "mode": "enforce",
        "form": form,
        "problemBase": "https://errors.example.com",
        "rules": [{"name": "all"}],
    })
}

fn negotiation() -> Value {
    json!({
        "version": 1,
        "mode": "enforce",
        "services": services(),
        "rules": [{"name": "orders", "service": "orders", "settings": {
            "scheme": "integer",
            "sources": [{"from": "path", "template": "/v{version}/**"}],
            "versions": [{"version": "1"}, {"version": "2"}],
        }}],
    })
}

struct Composed {
    envoy: Envoy,
    _upstream: Upstream,
    log: AccessLog,
}

impl Composed {
    /// One Envoy for each way, so that each counts for itself.
    fn start(way: &str, form: &str) -> Self {
        let upstream = Upstream::start();
        upstream.set_handler(
            |seen| match seen.headers.text("x-answer").unwrap_or_default() {
                "page" => Answer::status(502)
                    .header("content-type", "text/html")
                    .chunk("<p>Bad</p>"),
                "empty" => Answer::status(503),
                "text" => Answer::status(404)
                    .header("content-type", "text/plain")
                    .chunk("no order"),
                _ => Answer::status(200)
                    .header("content-type", "application/json")
                    .chunk("{}"),
            },
        );
        let log = AccessLog::new();
        let fields = json!({
            "status": "%RESPONSE_CODE%",
            "version": tag("api.version"),
            "refusal": tag("refusal"),
            "problem": tag("problem"),
            "operation": tag("operation"),
            "class": tag("class"),
            "route": tag("http.route"),
            "error": tag("error.type"),
            "revision": fact("telemetry_revision"),
        });
        let filters = if way == "chain" {
            vec![
                filter(&tagging()),
                WasmFilter::new("error-translation").policy(&translation(form).to_string()),
                WasmFilter::new("version-negotiation").policy(&negotiation().to_string()),
            ]
        } else {
            let policy = json!({"version": 1, "filters": {
                "version-negotiation": negotiation(),
                "telemetry-tagging": tagging(),
                "error-translation": translation(form),
            }});
            vec![WasmFilter::new("all-filters").policy(&policy.to_string())]
        };
        let filters = filters.into_iter().map(|filter| match form {
            "held" => filter.holding_heads(),
            _ => filter,
        });
        let listener = filters.fold(Listener::new("edge"), Listener::filter);
        let config = Config::new()
            .listener(
                listener
                    .route(Route::prefix("/", "upstream"))
                    .access_log(&log, fields),
            )
            .cluster(Cluster::new("upstream", upstream.address()));
        Self {
            envoy: start(config),
            _upstream: upstream,
            log,
        }
    }

    fn send(&mut self, path: &str, answer: &str) -> (Response, Value) {
        let request = Request::get(path)
            .authority("orders.example.com")
            .header("x-answer", answer);
        let response = Client::http1(self.envoy.address("edge")).send(request);
        (response, self.log.next_line(SOON).expect("a line"))
    }

    /// The series of a metric by their labels.
    fn series(&self, metric: &str) -> BTreeMap<String, u64> {
        let counters = self.envoy.counters().into_iter();
        counters
            .filter_map(|(name, value)| {
                let labels = name.strip_prefix("wasmcustom.")?.strip_prefix(metric)?;
                labels.starts_with(';').then(|| (labels.to_owned(), value))
            })
            .collect()
    }
}

fn series(expected: &[(&str, u64)]) -> BTreeMap<String, u64> {
    expected
        .iter()
        .map(|(labels, value)| ((*labels).to_owned(), *value))
        .collect()
}

#[test]
fn what_other_filters_find_out_is_told_and_counted_in_both_ways() {
    for (way, form) in WAYS
        .into_iter()
        .flat_map(|way| FORMS.map(|form| (way, form)))
    {
        let mut composed = Composed::start(way, form);
        let way = format!("{way}, {form}");
        let (response, line) = composed.send("/v1/orders/7", "");
        assert_eq!(response.headers.text("x-api-version"), Some("1"), "{way}");
        let served = json!({
            "status": 200, "version": "1", "refusal": null, "problem": null,
            "operation": "getOrder", "class": "2xx", "route": "/v{version}/orders/{id}",
            "error": null, "revision": "r7",
        });
        assert_eq!(line, served, "{way}");

        // A version that there is not is refused, and counted as what the client gets.
        let (response, line) = composed.send("/v9/orders/7", "");
        assert_eq!(response.status, 404, "{way}: {}", response.text());
        assert_eq!(
            (&line["class"], &line["error"]),
            (&json!("4xx"), &Value::Null),
            "{way}"
        );
        assert_eq!(
            line["refusal"], "version_negotiation.unknown_version",
            "{way}"
        );

        // What the upstream says is made a problem; its status stays.
        for (answer, status, class) in [
            ("page", 502, "5xx"),
            ("empty", 503, "5xx"),
            ("text", 404, "4xx"),
        ] {
            let (response, line) = composed.send("/v2/orders/7", answer);
            let media_type = response.headers.text("content-type");
            assert_eq!(
                (response.status, media_type),
                (status, Some("application/problem+json"))
            );
            assert_eq!(
                (&line["status"], &line["class"]),
                (&json!(status), &json!(class)),
                "{way}"
            );
            assert_eq!(line["version"], "2", "{way}: {answer}");
            assert!(line["problem"].is_string(), "{way}: {answer}: {line}");
            let error = (class == "5xx").then(|| status.to_string());
            assert_eq!(line["error"].as_str(), error.as_deref(), "{way}: {answer}");
        }

        let of = |class: &str, version: &str, label: &str| {
            format!(
                ";service=orders;route=/v{{version}}/orders/{{id}};method=GET;\
                 status_class={class};version={version};api_version={label}"
            )
        };
        let expected = [
            (of("2xx", "1", "1"), 1),
            (of("4xx", "-", "-"), 1),
            (of("5xx", "2", "2"), 2),
            (of("4xx", "2", "2"), 1),
        ];
        let expected: BTreeMap<String, u64> = expected.into();
        assert_eq!(composed.series("treaty_requests"), expected, "{way}");
        let error = |kind: &str| {
            format!(
                ";service=orders;route=/v{{version}}/orders/{{id}};method=GET;\
                 error_type={kind};version=2"
            )
        };
        let errors = composed.series("treaty_request_errors");
        assert_eq!(
            errors,
            series(&[(&error("502"), 1), (&error("503"), 1)]),
            "{way}"
        );
        assert_well(&composed.envoy);
    }
}
