//! One Envoy per case, all at once, so that their slices can take turns.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use e2e::{Config, Envoy, Etcd, Listener, Options};

use crate::Result;
use crate::case::{self, Case, DIRECT, PROXIED, Pair};
use crate::check::check;
use crate::cpu::{self, Placement};
use crate::load::{Expected, Load, Request};
use crate::stats::Samples;
use crate::stores::Stores;

/// The running proxies.
#[derive(Debug)]
pub(crate) struct Rig {
    stands: BTreeMap<&'static str, Stand>,
    pub(crate) placement: Placement,
    /// The cores of the machine.
    pub(crate) cores: usize,
    /// What Envoy says of itself.
    pub(crate) version: String,
    /// Answers for the listeners that ask an upstream. It is an Envoy too, because that is steady
    /// and cheap; only the proxies under test are measured.
    _upstream: Envoy,
    stores: Stores,
}

/// A case and its Envoy.
#[derive(Debug)]
struct Stand {
    envoy: Envoy,
    /// Its request, and the same for a connection that closes.
    request: Asked,
    /// On whose answers it does its work.
    origins: &'static [Origin],
    has_content: bool,
    direct: Load,
    proxied: Load,
}

/// A request, and the same on a connection that closes with the answer.
#[derive(Debug, Clone)]
struct Asked {
    request: Request,
    last: Request,
}

/// Who answers the requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Envoy itself.
    Direct,
    /// An upstream.
    Upstream,
}

/// Envoy as the benchmark runs it.
pub(crate) fn options() -> Options {
    Options {
        concurrency: 1,
        log_level: "warning".to_owned(),
        ..Options::default()
    }
}

impl Rig {
    /// Starts the cases and sees that each does its work.
    pub(crate) fn start(cases: &[&Case]) -> Result<Self> {
        let upstream = Envoy::start(
            Config::new().listener(case::answers().into_iter().fold(
                Listener::new("upstream").filter(case::buffer()),
                Listener::route,
            )),
            &options(),
        )?;
        let stores = Stores::start(&Case::keepers(cases));
        let mut stands = BTreeMap::new();
        for case in cases {
            eprintln!("starting and checking: {}", case.name);
            let config = case.config(upstream.address("upstream"), &stores);
            let envoy = Envoy::start(config, &options())
                .map_err(|error| format!("{}: {error}", case.name))?;
            check(case, &envoy)?;
            let stand = Stand {
                request: Asked {
                    request: case.request(""),
                    last: case.request("connection: close\r\n"),
                },
                origins: case.origins,
                has_content: case.has_content(),
                direct: Load::open(envoy.address(DIRECT))?,
                proxied: Load::open(envoy.address(PROXIED))?,
                envoy,
            };
            stands.insert(case.name, stand);
        }
        let proxies: Vec<_> = stands.values().map(|stand| stand.envoy.pid()).collect();
        Ok(Self {
            cores: cpu::cores(),
            placement: Placement::put(&proxies, upstream.pid())?,
            version: version(&upstream)?,
            stands,
            _upstream: upstream,
            stores,
        })
    }

    /// Runs every case until it is as fast as it gets: V8 optimizes what runs often.
    pub(crate) fn warm_up(&mut self, requests: u32) -> Result<()> {
        let names: Vec<_> = self.stands.keys().copied().collect();
        for name in names {
            let stand = self.stand(name)?;
            let (mut request, origins) = (stand.request.clone(), stand.origins);
            for origin in origins {
                self.slice(name, *origin, &mut request, requests)?;
            }
        }
        Ok(())
    }

    /// Measures the pairs in turn, a slice of the base and a slice of the case, round after round.
    pub(crate) fn measure(
        &mut self,
        pairs: &[Pair],
        origin: Origin,
        rounds: u32,
        slice: u32,
    ) -> Result<Vec<Samples>> {
        let mut samples: Vec<_> = pairs.iter().map(|_| Samples::default()).collect();
        for round in 1..=rounds {
            for (pair, samples) in pairs.iter().zip(&mut samples) {
                let case = self.stand(pair.case)?;
                // Without a filter that waits for a content, Envoy answers before it has come and
                // closes the connection.
                let is_cut_off =
                    case.has_content && origin == Origin::Direct && pair.base == case::NO_FILTER;
                if is_cut_off || !case.origins.contains(&origin) {
                    continue;
                }
                // Both get the request of the case.
                let mut request = case.request.clone();
                let base = self.slice(pair.base, origin, &mut request, slice)?;
                let case = self.slice(pair.case, origin, &mut request, slice)?;
                samples.add(base, case);
            }
            if round % 5 == 0 || round == rounds {
                eprintln!("{origin}: round {round} of {rounds}");
            }
        }
        Ok(samples)
    }

    /// How long so many answers of a case take one after the other, in µs, to the request of another.
    pub(crate) fn times(
        &mut self,
        case: &str,
        request_of: &str,
        origin: Origin,
        requests: u32,
    ) -> Result<Vec<f64>> {
        let mut request = self.stand(request_of)?.request.clone();
        let times = self.stand(case)?.times(origin, &mut request, requests);
        times.map_err(|error| format!("{case}, {origin}: {error}").into())
    }

    /// Whether a case was started.
    pub(crate) fn runs(&self, case: &str) -> bool {
        self.stands.contains_key(case)
    }

    /// Where etcd listens, if a case needs it.
    pub(crate) fn etcd(&self) -> Option<SocketAddr> {
        self.stores.etcd.as_ref().map(Etcd::address)
    }

    fn slice(
        &mut self,
        case: &str,
        origin: Origin,
        request: &mut Asked,
        requests: u32,
    ) -> Result<f64> {
        self.stand(case)?
            .slice(origin, request, requests)
            .map_err(|error| format!("{case}, {origin}: {error}").into())
    }

    fn stand(&mut self, case: &str) -> Result<&mut Stand> {
        self.stands
            .get_mut(case)
            .ok_or_else(|| format!("{case} was not started").into())
    }
}

impl Stand {
    /// Sends a slice and tells what a request took of Envoy's CPU time, in µs.
    fn slice(&mut self, origin: Origin, asked: &mut Asked, requests: u32) -> Result<f64> {
        let expected = self.expected(origin, asked)?;
        let load = match origin {
            Origin::Direct => &mut self.direct,
            Origin::Upstream => &mut self.proxied,
        };
        let before = cpu::time_of(self.envoy.pid())?;
        load.run(&mut asked.request, &expected, requests)?;
        let taken = cpu::time_of(self.envoy.pid())?.saturating_sub(before);
        Ok(taken.as_secs_f64() * 1e6 / f64::from(requests))
    }

    /// Sends requests one after the other and tells how long each answer took, in µs.
    fn times(&self, origin: Origin, asked: &mut Asked, requests: u32) -> Result<Vec<f64>> {
        let expected = self.expected(origin, asked)?;
        let mut load = Load::single(self.envoy.address(origin.listener()))?;
        // The first one opens the connection.
        load.run(&mut asked.request, &expected, 1)?;
        let times = load.times(&mut asked.request, &expected, requests)?;
        Ok(times.iter().map(|time| time.as_secs_f64() * 1e6).collect())
    }

    fn expected(&self, origin: Origin, asked: &mut Asked) -> Result<Expected> {
        Expected::learn(self.envoy.address(origin.listener()), &mut asked.last)
    }
}

impl Origin {
    /// The listener whose requests it answers.
    pub(crate) fn listener(self) -> &'static str {
        match self {
            Self::Direct => DIRECT,
            Self::Upstream => PROXIED,
        }
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Direct => "direct response",
            Self::Upstream => "upstream",
        })
    }
}

fn version(envoy: &Envoy) -> Result<String> {
    let info: serde_json::Value = serde_json::from_str(&envoy.admin_get("/server_info"))?;
    // Commit, version, state of the sources, kind of build, TLS library.
    let version = info["version"].as_str().ok_or("no version")?;
    Ok(version.split('/').nth(1).unwrap_or(version).to_owned())
}
