//! Who answered: a service, the proxy itself, or one of Treaty's filters.

use kit::exchange::Exchange;
use kit::fact::REPLY;
use kit::reply::REPLAY;

use crate::catalog::SourceKind;
use crate::local_reply::{Flags, ProxyFailure, classify, is_of_upstream};

/// Who made an answer.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Origin {
    /// A service, now or when it was first asked.
    Upstream,
    /// The proxy, in place of an upstream that failed or was not asked.
    Proxy(&'static ProxyFailure, Flags),
    /// The proxy, because it is configured to give this very answer.
    Configured,
    /// One of Treaty's filters. A refusal is final.
    Treaty,
}

impl Origin {
    /// Finds out who made the answer whose head has come. `status` is its HTTP status, or the one
    /// that stands for its code.
    pub(crate) fn of(status: u16, x: &Exchange<'_>) -> Self {
        let details = x
            .property(&["response", "code_details"])
            .unwrap_or_default();
        let details = std::str::from_utf8(&details).unwrap_or_default();
        if is_own(details) || x.fact(&REPLY).as_deref().is_some_and(is_own) {
            return Self::Treaty;
        }
        if is_of_upstream(details) || details == REPLAY {
            return Self::Upstream;
        }
        let flags = x.property(&["response", "flags"]).unwrap_or_default();
        let flags = Flags::from_bytes(&flags);
        classify(details, flags)
            .map_or(Self::Configured, |kind| Self::Proxy(kind.at(status), flags))
    }

    /// Who answered, as the catalogue tells them apart.
    pub(crate) fn kind(self) -> SourceKind {
        match self {
            Self::Proxy(..) | Self::Configured => SourceKind::Proxy,
            Self::Upstream | Self::Treaty => SourceKind::Upstream,
        }
    }

    /// The failure of the proxy.
    pub(crate) fn failure(self) -> Option<&'static ProxyFailure> {
        match self {
            Self::Proxy(failure, _) => Some(failure),
            _ => None,
        }
    }

    /// The proxy's flags.
    pub(crate) fn flags(self) -> Flags {
        match self {
            Self::Proxy(_, flags) => flags,
            _ => Flags::default(),
        }
    }
}

fn is_own(details: &str) -> bool {
    details.starts_with("treaty.") && details != REPLAY
}
