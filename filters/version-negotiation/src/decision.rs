//! What is to be done with a request. Nothing is changed here, so that report mode decides exactly
//! as enforcement does.

use std::cell::OnceCell;
use std::rc::Rc;
use std::time::SystemTime;

use kit::exchange::Exchange;

use crate::catalog::Listed;
use crate::fields;
use crate::life::State;
use crate::plan::{OnConflict, Plan, Policy};
use crate::refusal::Reason;
use crate::source::{Enough, Reader, Said, has_dot_segments};
use crate::traffic::{KeySource, Variant, When, bucket, choose_variant};
use crate::upstream::{Hops, proxy_id};
use crate::version::Version;

/// The decision about one request.
#[derive(Debug)]
pub(crate) struct Decision<'p> {
    pub(crate) now: SystemTime,
    /// The version that the client named, whether it exists or not.
    pub(crate) requested: Option<Version>,
    /// The version that the request gets, or would get if it were not refused.
    pub(crate) version: Option<&'p Rc<Listed>>,
    /// Where the version came from.
    pub(crate) source: Option<&'static str>,
    pub(crate) consumer: Option<String>,
    pub(crate) variant: Option<&'p Variant>,
    /// The flags that are on, as a list.
    pub(crate) flags: String,
    pub(crate) refusal: Option<Reason>,
}

/// What the sources say, taken together.
struct Heard<'p> {
    named: Option<Named<'p>>,
    refusal: Option<Reason>,
}

struct Named<'p> {
    version: Version,
    listed: Option<&'p Rc<Listed>>,
    source: &'static str,
    by_accept: bool,
}

impl<'p> Decision<'p> {
    /// Decides about a request that a rule is for.
    pub(crate) fn of(policy: &'p Policy, plan: &'p Plan, x: &Exchange<'_>) -> Self {
        let mut decision = Self {
            now: plan.now(x),
            requested: None,
            version: None,
            source: None,
            consumer: plan.consumer.as_ref().and_then(|source| source.read(x)),
            variant: None,
            flags: String::new(),
            refusal: None,
        };
        decision.refusal = decision.decide(policy, plan, x).err();
        decision
    }

    /// The state of the version.
    pub(crate) fn state(&self) -> Option<State> {
        self.version.map(|version| version.life.state(self.now))
    }

    fn decide(
        &mut self,
        policy: &'p Policy,
        plan: &'p Plan,
        x: &Exchange<'_>,
    ) -> Result<(), Reason> {
        check_loop(plan, x)?;
        let settled = policy.trust_previous_hop && self.follow_previous_hop(plan, x);
        if !settled {
            self.find_version(plan, x)?;
        }
        let version = self.version.ok_or(Reason::VersionRequired)?;
        if version.life.is_gone(self.now) {
            return Err(Reason::RetiredVersion);
        }
        if version.life.brownout(self.now).is_some() {
            return Err(Reason::Brownout);
        }
        let key = LazyKey::default();
        let consumer = self.consumer.clone();
        let place = |purpose: &str| key.place(plan, consumer.as_deref(), purpose, x);
        if !settled {
            self.follow_canary(plan, &place);
        }
        self.choose_variant(policy, x, &place);
        self.raise_flags(plan, &place);
        Ok(())
    }

    /// A version that an outer Treaty filter resolved counts as it is, where the policy trusts it.
    fn follow_previous_hop(&mut self, plan: &'p Plan, x: &Exchange<'_>) -> bool {
        let told = x.headers().text(fields::VERSION);
        let version = told.and_then(|text| plan.scheme.parse(text));
        self.version = version.and_then(|version| plan.catalog.find(&version));
        if self.version.is_some() {
            self.source = Some("previousHop");
        }
        self.version.is_some()
    }

    /// What is explicit comes before a pin, and a pin before the default.
    fn find_version(&mut self, plan: &'p Plan, x: &Exchange<'_>) -> Result<(), Reason> {
        let heard = listen(plan, self.now, x);
        if let Some(reason) = heard.refusal {
            self.requested = heard.named.map(|named| named.version);
            return Err(reason);
        }
        if let Some(named) = heard.named {
            self.requested = Some(named.version);
            self.source = Some(named.source);
            self.version = Some(named.listed.ok_or(if named.by_accept {
                Reason::NotAcceptable
            } else {
                Reason::UnknownVersion
            })?);
            return Ok(());
        }
        let pin = self
            .consumer
            .as_deref()
            .and_then(|consumer| plan.pin(consumer));
        let (version, source) = if pin.is_some() {
            (pin, "pin")
        } else {
            (plan.fallback(self.now), "default")
        };
        self.version = version;
        self.source = version.map(|_| source);
        Ok(())
    }

    /// Moves the version on, once: percentages then mean what they say. Nobody is moved to a
    /// version that is refused.
    fn follow_canary(&mut self, plan: &'p Plan, place: &dyn Fn(&str) -> u16) {
        let Some(version) = self.version else {
            return;
        };
        let unnamed = self.source == Some("default");
        let mut fitting = plan.canaries.iter().filter(|canary| {
            Rc::ptr_eq(&canary.from, version) && (unnamed || canary.when == When::Always)
        });
        let moved = fitting.find(|canary| {
            canary.places.contains(&place("version")) && !canary.to.life.is_refused(self.now)
        });
        if let Some(canary) = moved {
            self.version = Some(&canary.to);
            self.source = Some("canary");
        }
    }

    /// A variant that a trusted hop before chose stays, so that both route alike even where the key
    /// is not there twice.
    fn choose_variant(&mut self, policy: &Policy, x: &Exchange<'_>, place: &dyn Fn(&str) -> u16) {
        let variants = self.version.map_or(&[][..], |version| &version.variants);
        if variants.is_empty() {
            return;
        }
        let told = policy
            .trust_previous_hop
            .then(|| x.headers().text(fields::VARIANT))
            .flatten();
        self.variant = told
            .and_then(|name| variants.iter().find(|variant| variant.name == name))
            .or_else(|| choose_variant(variants, place("variant")));
    }

    fn raise_flags(&mut self, plan: &Plan, place: &dyn Fn(&str) -> u16) {
        let Some(version) = self.version else {
            return;
        };
        for flag in &plan.flags {
            if flag.is_on(&version.version, self.consumer.as_deref(), place) {
                if !self.flags.is_empty() {
                    self.flags.push_str(", ");
                }
                self.flags.push_str(&flag.name);
            }
        }
    }
}

/// A request that this proxy has rewritten too often goes round in circles.
fn check_loop(plan: &Plan, x: &Exchange<'_>) -> Result<(), Reason> {
    let Some(value) = x.headers().combined(fields::HOPS) else {
        return Ok(());
    };
    let passed = Hops::parse(&value).of(&proxy_id(x));
    if passed >= plan.max_hops {
        Err(Reason::Loop)
    } else {
        Ok(())
    }
}

/// Asks the sources in their order, as long as anything can still change the outcome.
fn listen<'p>(plan: &'p Plan, now: SystemTime, x: &Exchange<'_>) -> Heard<'p> {
    let mut heard = Heard {
        named: None,
        refusal: None,
    };
    let headers = x.headers();
    if plan.has_path_source() && headers.get(fields::PATH).is_some_and(has_dot_segments) {
        heard.refusal = Some(Reason::MalformedVersion);
        return heard;
    }
    let reader = Reader {
        headers,
        scheme: plan.scheme,
        catalog: &plan.catalog,
        now,
    };
    for source in &plan.sources {
        let enough = source.read(&reader, &mut |said| {
            heard.note(said, source.name(), plan, now)
        });
        if enough == Enough::Yes {
            break;
        }
    }
    heard
}

impl<'p> Heard<'p> {
    fn note(
        &mut self,
        said: Said,
        source: &'static str,
        plan: &'p Plan,
        now: SystemTime,
    ) -> Enough {
        let (version, by_accept) = match said {
            Said::Named(version) => (version, false),
            Said::NotAcceptable(version) => (version, true),
            Said::Malformed => {
                self.refusal = Some(Reason::MalformedVersion);
                return Enough::Yes;
            }
        };
        let listed = plan.catalog.resolve(&version, now);
        match &self.named {
            None => {
                self.named = Some(Named {
                    version,
                    listed,
                    source,
                    by_accept,
                });
                match plan.on_conflict {
                    OnConflict::First => Enough::Yes,
                    OnConflict::Refuse => Enough::No,
                }
            }
            Some(first) if first.agrees(&version, listed) => Enough::No,
            Some(_) => {
                self.refusal = Some(Reason::ConflictingVersions);
                Enough::Yes
            }
        }
    }
}

impl Named<'_> {
    /// Two names of one version are no conflict: `1` and `1.2` may lead to the same.
    fn agrees(&self, version: &Version, listed: Option<&Rc<Listed>>) -> bool {
        match (self.listed, listed) {
            (Some(own), Some(other)) => Rc::ptr_eq(own, other),
            (None, None) => self.version == *version,
            _ => false,
        }
    }
}

/// The key of a request, read once and only where a share needs it.
#[derive(Default)]
struct LazyKey(OnceCell<Vec<u8>>);

impl LazyKey {
    fn place(&self, plan: &Plan, consumer: Option<&str>, purpose: &str, x: &Exchange<'_>) -> u16 {
        let key = self
            .0
            .get_or_init(|| KeySource::first(&plan.keys, consumer, x));
        bucket(&plan.label, purpose, key)
    }
}
