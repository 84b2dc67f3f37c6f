//! The life cycle of a version: preview, current, deprecated, retired, and the rehearsals before
//! its end.

use std::time::SystemTime;

use deserr::Deserr;
use kit::object_value;
use kit::policy::value::Timestamp;

/// Where a version stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr)]
#[deserr(rename_all = camelCase)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase")
)]
pub(crate) enum State {
    /// It is served only to those who name it exactly.
    Preview,
    /// It is served.
    Current,
    /// It is served, and clients are told to move on (RFC 9745).
    Deprecated,
    /// It is gone.
    Retired,
}

/// What happens to requests for a retired version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserr)]
#[deserr(rename_all = camelCase)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase")
)]
pub(crate) enum AfterSunset {
    /// They are refused.
    #[default]
    Refuse,
    /// They are still served.
    Serve,
}

/// A time in which a version is refused on purpose, so that clients notice its end before it comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase", deny_unknown_fields)
)]
pub(crate) struct Brownout {
    /// When it begins.
    pub(crate) from: Timestamp,
    /// When it ends; from here on the version is served again.
    pub(crate) until: Timestamp,
}

object_value!(Brownout {
    from: required "from",
    until: required "until",
});

/// The life of one version.
#[derive(Debug, Clone, Default)]
pub(crate) struct Life {
    /// The state that the policy gives it; without one it follows from the dates.
    pub(crate) declared: Option<State>,
    /// Since when, or from when on, it is deprecated.
    pub(crate) deprecation: Option<Timestamp>,
    /// When it ends.
    pub(crate) sunset: Option<Timestamp>,
    /// What happens after its end.
    pub(crate) after_sunset: AfterSunset,
    /// The rehearsals of its end.
    pub(crate) brownouts: Vec<Brownout>,
}

impl State {
    /// The state's name, as it stands in policies, facts and metrics.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Preview => "preview",
            Self::Current => "current",
            Self::Deprecated => "deprecated",
            Self::Retired => "retired",
        }
    }
}

impl Life {
    /// The state at a time. A sunset that has passed retires a version whatever else is declared.
    pub(crate) fn state(&self, now: SystemTime) -> State {
        let passed = |date: Option<Timestamp>| date.is_some_and(|date| date.0 <= now);
        if passed(self.sunset) {
            return State::Retired;
        }
        match self.declared {
            Some(state) => state,
            None if passed(self.deprecation) => State::Deprecated,
            None => State::Current,
        }
    }

    /// Whether requests are refused at a time because the version is retired.
    pub(crate) fn is_gone(&self, now: SystemTime) -> bool {
        self.after_sunset == AfterSunset::Refuse && self.state(now) == State::Retired
    }

    /// The rehearsal that goes on at a time.
    pub(crate) fn brownout(&self, now: SystemTime) -> Option<&Brownout> {
        self.brownouts
            .iter()
            .find(|brownout| brownout.from.0 <= now && now < brownout.until.0)
    }

    /// Whether the version is refused at a time, for whatever reason.
    pub(crate) fn is_refused(&self, now: SystemTime) -> bool {
        self.is_gone(now) || self.brownout(now).is_some()
    }

    /// Whether anything depends on the time.
    pub(crate) fn is_dated(&self) -> bool {
        self.deprecation.is_some() || self.sunset.is_some() || !self.brownouts.is_empty()
    }
}

impl Brownout {
    /// The whole seconds until its end, rounded up so that the next try comes late enough.
    pub(crate) fn seconds_left(&self, now: SystemTime) -> u32 {
        let left = self.until.0.duration_since(now).unwrap_or_default();
        let seconds = left.as_secs() + u64::from(left.subsec_nanos() > 0);
        u32::try_from(seconds).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests;
