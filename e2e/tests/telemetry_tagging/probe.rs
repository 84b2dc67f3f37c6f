//! A probe that is signed as an operator would sign it: with the commands of the README, in a shell.

use std::fs;
use std::process::Command;

use e2e::{
    AccessLog, Client, Cluster, Config, Envoy, Listener, Request, Response, Route, Upstream,
};
use serde_json::{Value, json};

use crate::bench::{SOON, assert_well, fact, filter, start};

/// The target that the README signs.
const TARGET: &str = "/v1/orders/1";

/// The commands of the README, up to the one that sends: they then print the value of the field.
fn commands() -> String {
    let readme = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../filters/telemetry-tagging/README.md"
    );
    let readme = fs::read_to_string(readme).unwrap();
    let mut blocks = readme.split("```sh\n").skip(1);
    let block = blocks.find_map(|block| {
        let block = block.split("```").next()?;
        block.contains("openssl dgst").then_some(block)
    });
    let (sign, send) = block
        .and_then(|block| block.split_once("curl "))
        .expect("the README signs a probe, and sends it");
    for part in ["x-probe: t=$t,s=$s", AUTHORITY, TARGET] {
        assert!(send.contains(part), "{part} is not sent");
    }
    format!("{sign}\necho \"t=$t,s=$s\"")
}

/// The variable of the key, and base64 of 32 octets.
const KEY: (&str, &str) = (
    "TREATY_PROBE_KEY",
    "cHJvYmVzIGFyZSBzaWduZWQgdW5kZXIgdGhpcyBrZXk=",
);
const ANOTHER_KEY: &str = "YW5vdGhlciBrZXkgb2YgYXQgbGVhc3QgMzIgb2N0ZXRz";

const AUTHORITY: &str = "orders.example.com";

/// Runs commands that sign.
fn sign(commands: &str, key: &str) -> String {
    let output = Command::new("sh")
        .args(["-euc", commands])
        .env(KEY.0, key)
        .output()
        .expect("a shell");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

struct Proof {
    envoy: Envoy,
    upstream: Upstream,
    log: AccessLog,
}

impl Proof {
    fn start() -> Self {
        let upstream = Upstream::start();
        let log = AccessLog::new();
        let policy = json!({
            "version": 1,
            "mode": "enforce",
            "keys": [{"name": "probes", "current": {"id": "p1", "env": KEY.0}}],
            "tags": [{"name": "probe", "source": {"from": "exchange", "value": "synthetic"}}],
            "defaults": {
                "metrics": ["requests", "errors", "duration", "active"],
                "probe": {"header": "x-probe", "key": "probes", "maxAge": "5m"},
            },
            "rules": [{"name": "orders"}],
        });
        let fields = json!({"synthetic": fact("synthetic"), "probe": fact("tag.probe")});
        let config = Config::new()
            .listener(
                Listener::new("edge")
                    .filter(filter(&policy).env(KEY.0, KEY.1))
                    .route(Route::prefix("/", "upstream"))
                    .access_log(&log, fields),
            )
            .cluster(Cluster::new("upstream", upstream.address()));
        let envoy = start(config);
        Self {
            envoy,
            upstream,
            log,
        }
    }

    /// What the log and the upstream were told of a request with this mark.
    fn send(&mut self, method: &str, target: &str, mark: Option<&str>) -> (Value, Option<String>) {
        let mut request = Request::new(method, target)
            .authority(AUTHORITY)
            .header("x-treaty-synthetic", "true");
        if let Some(mark) = mark {
            request = request.header("x-probe", mark);
        }
        let response: Response = Client::http1(self.envoy.address("edge")).send(request);
        assert_eq!(response.status, 200, "a probe is never refused");
        let seen = self
            .upstream
            .take_seen()
            .pop()
            .expect("it reached the upstream");
        let told = seen.headers.text("x-treaty-synthetic").map(str::to_owned);
        (self.log.next_line(SOON).expect("a line"), told)
    }

    fn counted(&self, name: &str) -> u64 {
        let counters = self.envoy.counters();
        let of_name = counters.iter().filter(|(own, _)| {
            own.strip_prefix("wasmcustom.")
                .is_some_and(|own| own.starts_with(name))
        });
        of_name.map(|(_, value)| value).sum()
    }
}

#[test]
fn a_probe_signed_on_the_command_line_is_told_from_traffic() {
    let mut proof = Proof::start();
    let commands = commands();
    let mark = sign(&commands, KEY.1);
    let yes = json!({"synthetic": "true", "probe": "true"});
    let no = json!({"synthetic": null, "probe": "false"});
    assert_eq!(
        proof.send("GET", TARGET, Some(&mark)),
        (yes.clone(), Some("true".to_owned()))
    );
    proof.envoy.wait_for_counter(
        "wasmcustom.treaty_synthetic_requests;service=orders;route=_other;status_class=2xx",
        1,
        SOON,
    );
    // The query is signed as it stands.
    let target = "/v1/orders?probe=1&from=Z%C3%BCrich";
    let with_query = sign(&commands.replace(TARGET, &format!("'{target}'")), KEY.1);
    assert_eq!(
        proof.send("GET", target, Some(&with_query)),
        (yes, Some("true".to_owned()))
    );
    let requests = proof.counted("treaty_requests;");
    assert_eq!(requests, 0, "a probe is in no objective");

    // What the client says by itself counts for nothing, and does not reach the upstream.
    assert_eq!(proof.send("GET", TARGET, None), (no.clone(), None));
    let old = commands.replace("date +%s", "echo 1700000000");
    let refused = [
        ("forged", "GET", target, mark.clone()),
        ("forged", "HEAD", TARGET, mark),
        ("forged", "GET", TARGET, sign(&commands, ANOTHER_KEY)),
        ("forged", "GET", TARGET, "t=1,s=00".to_owned()),
        ("stale", "GET", TARGET, sign(&old, KEY.1)),
    ];
    for (reason, method, target, mark) in refused {
        let name = format!("treaty_probes_refused;service=orders;reason={reason}");
        let before = proof.counted(&name);
        assert_eq!(
            proof.send(method, target, Some(&mark)),
            (no.clone(), None),
            "{mark}"
        );
        assert_eq!(proof.counted(&name), before + 1, "{mark}");
    }
    assert_eq!(proof.counted("treaty_synthetic_requests"), 2);
    assert_eq!(proof.counted("treaty_requests;"), 6);
    assert_eq!(proof.counted("treaty_requests_active"), 0);
    assert_well(&proof.envoy);
}
