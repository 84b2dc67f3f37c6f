//! The example services, and the contracts that they published.

use std::fs;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use e2e::{
    AccessLog, Cluster, Config, Envoy, Listener, Options, Peer, Service, WasmFilter,
    reserve_address,
};
use serde_json::{Value, json};

/// For what is there within milliseconds, on a busy machine.
pub(crate) const SOON: Duration = Duration::from_secs(10);

/// The services, by the names of their contracts.
pub(crate) const SERVICES: [&str; 2] = ["orders", "payments"];

/// Both services, as they are.
pub(crate) struct Running {
    pub(crate) orders: Service,
    pub(crate) payments: Service,
}

impl Running {
    /// Starts both. Orders finds payments; payments finds no orders, and no test asks it to.
    pub(crate) fn start() -> Self {
        let payments = Service::payments(Peer::at(reserve_address()));
        let orders = Service::orders(Peer {
            http: payments.http(),
            grpc: payments.grpc(),
        });
        Self { orders, payments }
    }

    /// The service of a contract.
    pub(crate) fn of(&self, contract: &str) -> &Service {
        if contract == "orders" {
            &self.orders
        } else {
            &self.payments
        }
    }

    /// A config with a cluster for each service, of the name of its contract.
    pub(crate) fn clusters(&self) -> Config {
        SERVICES.iter().fold(Config::new(), |config, name| {
            config.cluster(Cluster::new(name, self.of(name).http()))
        })
    }
}

/// Where the contract of a service lies.
pub(crate) fn contract_file(service: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    folder.join(format!(
        "../policies/contract-validation/contracts/{service}.openapi.yaml"
    ))
}

/// The contract of a service.
pub(crate) fn contract(service: &str) -> Value {
    let text = fs::read_to_string(contract_file(service)).unwrap();
    serde_saphyr::from_str(&text).unwrap()
}

/// The names of all operations of a contract.
pub(crate) fn operations(service: &str) -> Vec<String> {
    let contract = contract(service);
    let items = contract["paths"].as_object().unwrap().values();
    let members = items.flat_map(|item| item.as_object().unwrap().values());
    let names = members.filter_map(|operation| operation["operationId"].as_str());
    names.map(str::to_owned).collect()
}

/// A policy with the contract of one service, under this name, and these settings.
pub(crate) fn policy(service: &str, name: &str, mode: &str, settings: &Value) -> Value {
    json!({
        "version": 1,
        "mode": mode,
        "form": "held",
        "problemBase": "https://errors.example.com",
        "contracts": [{"name": name, "openapi": contract(service)}],
        "defaults": settings,
        "rules": [{"name": "all"}],
    })
}

/// A listener that holds what passes to a policy. It needs routes.
pub(crate) fn listener(name: &str, policy: &Value) -> Listener {
    let filter = WasmFilter::new("contract-validation").policy(&policy.to_string());
    Listener::new(name).filter(filter.holding_heads())
}

/// Starts an Envoy, however long its contracts take to be read.
pub(crate) fn envoy(config: Config) -> Envoy {
    Envoy::start(config, &Options::default()).unwrap()
}

/// An access log that tests share: each of them finds its own line in it, by a field.
pub(crate) struct Told {
    lines: Mutex<(AccessLog, Vec<Value>)>,
}

impl Told {
    /// A log without lines.
    pub(crate) fn new() -> Self {
        Self {
            lines: Mutex::default(),
        }
    }

    /// Has a listener tell what became of its requests, and in `case` this field of each.
    pub(crate) fn by(&self, listener: Listener, case: &str) -> Listener {
        let fact = |name: &str| format!("%FILTER_STATE(wasm.treaty.{name}:PLAIN)%");
        let fields = json!({
            "case": format!("%REQ({case})%"),
            "status": "%RESPONSE_CODE%",
            "details": "%RESPONSE_CODE_DETAILS%",
            "upstream": "%UPSTREAM_HOST%",
            "operation": fact("contract_operation"),
            "violations": fact("contract_violations"),
            "refusal": fact("refusal"),
        });
        listener.access_log(&self.lock().0, fields)
    }

    /// The line of a case, which no other has.
    pub(crate) fn of(&self, case: &str) -> Value {
        let mut told = self.lock();
        loop {
            let is_its = |line: &Value| line["case"] == case;
            if let Some(index) = told.1.iter().position(is_its) {
                return told.1.swap_remove(index);
            }
            let line = told.0.next_line(SOON);
            let line = line.unwrap_or_else(|| panic!("no line of {case} in the access log"));
            told.1.push(line);
        }
    }

    /// A test that panicked with the lock has failed already; the others go on.
    fn lock(&self) -> MutexGuard<'_, (AccessLog, Vec<Value>)> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
