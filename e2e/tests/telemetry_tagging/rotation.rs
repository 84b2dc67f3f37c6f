//! Another key on a proxy that runs: while both are live, pseudonyms under both are told, so that
//! those from before can be joined with those from after.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use e2e::{
    AccessLog, Client, Config, Envoy, Listener, Options, Request, Response, Route, reserve_address,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::bench::{SOON, assert_well, fact, filter, is_before_tag_values, tag};

/// Keys by their variables: base64 of 32 octets each.
const FIRST: (&str, &str) = ("KEY_ONE", "b25lb25lb25lb25lb25lb25lb25lb25lb25lb25lb25l");
const SECOND: (&str, &str) = ("KEY_TWO", "dHdvdHdvdHdvdHdvdHdvdHdvdHdvdHdvdHdvdHdvdHdv");

/// The name of the filter's config, where it is discovered by itself.
const EXTENSION: &str = "telemetry-tagging";

/// How a proxy gets a new config.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum By {
    /// With its listener.
    Listener,
    /// By itself.
    Extension,
}

/// An Envoy that takes its filter from a file.
struct Rotating {
    envoy: Envoy,
    folder: TempDir,
    by: By,
    log: AccessLog,
    at: SocketAddr,
}

/// A policy with these keys, by their ids and variables.
fn policy(current: (&str, &str), previous: Option<(&str, &str)>) -> Value {
    let source = |(id, env): (&str, &str)| json!({"id": id, "env": env});
    let mut key = json!({"name": "people", "current": source(current)});
    if let Some(previous) = previous {
        key["previous"] = source(previous);
    }
    json!({
        "version": 1,
        "mode": "enforce",
        "keys": [key],
        "tags": [{
            "name": "user",
            "source": {"from": "header", "name": "x-user"},
            "steps": [{"step": "pseudonymise", "key": "people"}],
            "to": {"log": true, "responseHeader": "x-user-tag"},
        }],
        "rules": [{"name": "all"}],
    })
}

impl Rotating {
    fn start(by: By, policy: &Value, vm: &str, env: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let log = AccessLog::new();
        let at = reserve_address();
        publish(folder.path(), by, (&log, at), policy, vm, env);
        let watched = |file: &str| {
            json!({"resource_api_version": "V3", "path_config_source": {
                "path": folder.path().join(file), "watched_directory": {"path": folder.path()}}})
        };
        let mut config: Value = match by {
            By::Listener => Config::new().into(),
            By::Extension => {
                let discovered = json!({"name": EXTENSION, "config_discovery": {
                    "config_source": watched("ecds.json"),
                    "type_urls": ["type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm"],
                }});
                Config::new()
                    .listener(listener(discovered, (&log, at)))
                    .into()
            }
        };
        config["node"] = json!({"id": "rotation", "cluster": "test"});
        if by == By::Listener {
            config["dynamic_resources"] = json!({"lds_config": watched("lds.json")});
        }
        let envoy = Envoy::start(config, &Options::default()).unwrap();
        Self {
            envoy,
            folder,
            by,
            log,
            at,
        }
    }

    /// Puts another policy and another environment in force.
    fn publish(&self, policy: &Value, vm: &str, env: &[(&str, &str)]) {
        publish(
            self.folder.path(),
            self.by,
            (&self.log, self.at),
            policy,
            vm,
            env,
        );
    }

    /// Asks until the pseudonym fits, and returns it.
    fn wait_for(&self, fits: impl Fn(Option<&str>) -> bool) -> Option<String> {
        let begun = Instant::now();
        loop {
            let answer = ask(self.at);
            let pseudonym = answer.headers.text("x-user-tag");
            if fits(pseudonym) {
                return pseudonym.map(str::to_owned);
            }
            assert!(begun.elapsed() < SOON, "still {pseudonym:?}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// What the log says of one more request, of which it is the newest line.
    fn told(&mut self) -> Value {
        while self.log.next_line(Duration::from_millis(100)).is_some() {}
        ask(self.at);
        self.log.next_line(SOON).expect("a line")
    }
}

fn ask(at: SocketAddr) -> Response {
    let response = Client::http1(at).send(Request::get("/").header("x-user", "jane"));
    assert_eq!(response.status, 200, "{}", response.text());
    response
}

fn listener(filter: impl Into<Value>, (log, at): (&AccessLog, SocketAddr)) -> Listener {
    let fields = json!({
        "user": tag("user"),
        "previous": tag("user.previous"),
        "dropped": fact("tags_dropped"),
    });
    Listener::new("edge")
        .at(at)
        .filter(filter)
        .route(Route::direct("/", 200, "served"))
        .access_log(log, fields)
}

/// Puts a filter where Envoy watches, in one step.
fn publish(
    folder: &Path,
    by: By,
    place: (&AccessLog, SocketAddr),
    policy: &Value,
    vm: &str,
    env: &[(&str, &str)],
) {
    let variables: Value = env
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect();
    let filter = filter(policy).with(
        json!({"vm_config": {"vm_id": vm, "environment_variables": {"key_values": variables}}}),
    );
    let (file, resource) = match by {
        By::Listener => {
            let mut listener: Value = listener(filter, place).into();
            listener["@type"] = "type.googleapis.com/envoy.config.listener.v3.Listener".into();
            ("lds.json", listener)
        }
        By::Extension => {
            let filter: Value = filter.into();
            let resource = json!({
                "@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
                "name": EXTENSION,
                "typed_config": filter["typed_config"],
            });
            ("ecds.json", resource)
        }
    };
    let written = folder.join("new");
    fs::write(&written, json!({"resources": [resource]}).to_string()).unwrap();
    fs::rename(written, folder.join(file)).unwrap();
}

/// Whether a pseudonym was made under the key of this id.
fn is_under(id: &'static str) -> impl Fn(Option<&str>) -> bool {
    move |pseudonym| pseudonym.is_some_and(|own| own.starts_with(&format!("{id}.")))
}

/// Requests one after the other, of which none may fail.
struct Traffic {
    sent: Arc<AtomicUsize>,
    over: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Traffic {
    /// Begins; the first request has its answer.
    fn to(at: SocketAddr) -> Self {
        let (sent, over) = (Arc::<AtomicUsize>::default(), Arc::<AtomicBool>::default());
        let thread = thread::spawn({
            let (sent, over) = (Arc::clone(&sent), Arc::clone(&over));
            move || {
                while !over.load(Ordering::Relaxed) {
                    assert!(ask(at).headers.has("x-user-tag"));
                    sent.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
        let traffic = Self { sent, over, thread };
        traffic.go_on();
        traffic
    }

    /// Waits for one more answer.
    fn go_on(&self) {
        let before = self.sent.load(Ordering::Relaxed);
        while self.sent.load(Ordering::Relaxed) == before && !self.thread.is_finished() {
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn end(self) {
        self.go_on();
        self.over.store(true, Ordering::Relaxed);
        self.thread.join().expect("no request was lost");
    }
}

#[test]
fn keys_rotate_with_the_vm_id_and_both_are_told_meanwhile() {
    for by in [By::Listener, By::Extension] {
        let one = policy(("k1", FIRST.0), None);
        let mut rotating = Rotating::start(by, &one, "keys-1", &[FIRST]);
        let old = rotating.wait_for(is_under("k1")).unwrap();
        assert_eq!(
            rotating.told(),
            json!({"user": old, "previous": null, "dropped": null})
        );

        // No request is lost meanwhile, and each has a pseudonym.
        let traffic = Traffic::to(rotating.at);
        let both = policy(("k2", SECOND.0), Some(("k1", FIRST.0)));
        rotating.publish(&both, "keys-2", &[FIRST, SECOND]);
        let new = rotating.wait_for(is_under("k2")).unwrap();
        traffic.end();
        assert_eq!(
            rotating.told(),
            json!({"user": new, "previous": old, "dropped": null})
        );

        let two = policy(("k2", SECOND.0), None);
        rotating.publish(&two, "keys-3", &[SECOND]);
        let begun = Instant::now();
        loop {
            let told = rotating.told();
            assert_eq!(told["user"], new.as_str(), "{by:?}");
            if told["previous"].is_null() {
                break;
            }
            assert!(begun.elapsed() < SOON, "{told}");
        }
        assert_well(&rotating.envoy);
    }
}

/// Up to Envoy 1.36 the environment is no part of what tells VMs apart, so that without another
/// `vm_id` a VM goes on with the variables that it had. Then a tag is dropped and counted rather
/// than told under no key or the wrong one.
#[test]
fn without_another_vm_id_a_new_key_is_missing_where_the_environment_tells_no_vms_apart() {
    let one = policy(("k1", FIRST.0), None);
    let mut rotating = Rotating::start(By::Listener, &one, "keys", &[FIRST]);
    let old = rotating.wait_for(is_under("k1")).unwrap();
    let both = policy(("k2", SECOND.0), Some(("k1", FIRST.0)));
    rotating.publish(&both, "keys", &[FIRST, SECOND]);
    if is_before_tag_values() {
        rotating.wait_for(|pseudonym| pseudonym.is_none());
        assert_eq!(rotating.told()["dropped"], "user");
        let counted = "wasmcustom.treaty_tags_dropped;tag=user;reason=key_missing";
        rotating.envoy.wait_for_counter(counted, 1, SOON);
    } else {
        rotating.wait_for(is_under("k2"));
        assert_eq!(rotating.told()["previous"], old.as_str());
    }
    assert_well(&rotating.envoy);
}

/// A value that changed under the same name and the same `vm_id` is a trap up to Envoy 1.36: nothing
/// happens at all.
#[test]
fn a_value_that_changed_under_one_name_is_seen_where_the_environment_tells_vms_apart() {
    let one = policy(("k1", FIRST.0), None);
    let rotating = Rotating::start(By::Listener, &one, "keys", &[FIRST]);
    let old = rotating.wait_for(is_under("k1"));
    rotating.publish(&one, "keys", &[(FIRST.0, SECOND.1)]);
    if is_before_tag_values() {
        rotating
            .envoy
            .wait_for_counter("listener_manager.lds.update_success", 2, SOON);
        assert_eq!(rotating.wait_for(|pseudonym| pseudonym.is_some()), old);
    } else {
        rotating.wait_for(|pseudonym| pseudonym.is_some() && pseudonym != old.as_deref());
    }
    assert_well(&rotating.envoy);
}
