//! Which format a client gets: the one that `Accept` prefers (RFC 9110 section 12.5.1).

use kit::media_range::{MediaRange, elements};

use super::Format;

/// The most ranges that count; a list that is longer was not written for negotiation.
const MAX_RANGES: usize = 100;

impl Format {
    /// The offered format that `Accept` prefers.
    ///
    /// - The narrowest range that fits a format gives its weight; 0 excludes it.
    /// - The greatest weight wins, then the narrower range, then the order of the offer.
    ///
    /// It is the first one offered where `Accept` is absent, says nothing that can be read, or takes
    /// none of them, because a problem may be sent all the same (RFC 9457 section 3).
    pub(crate) fn choose<'a>(offered: &[Self], accept: impl Iterator<Item = &'a [u8]>) -> Self {
        let ranges: Vec<_> = accept
            .flat_map(elements)
            .take(MAX_RANGES)
            .filter_map(Range::read)
            .collect();
        let mut best = None;
        for format in offered {
            let rank = format.rank(&ranges);
            // Of equal ones the first stays.
            if rank > best.map(|(rank, _)| rank) {
                best = rank.map(|rank| (rank, *format));
            }
        }
        let first = offered.first().copied().unwrap_or(Self::ProblemJson);
        best.map_or(first, |(_, format)| format)
    }

    /// The weight that the ranges give the format, and how narrow the range is that gives it;
    /// `None` where they do not take it.
    fn rank(self, ranges: &[Range]) -> Option<(u16, Fit)> {
        let wishes = ranges.iter().filter_map(|range| {
            let fit = self.fit(range)?;
            Some((fit, range.is_plain, range.weight))
        });
        // Of equally narrow ranges the most generous counts.
        let (fit, _, weight) = wishes.max()?;
        (weight > 0).then_some((weight, fit))
    }

    fn fit(self, range: &Range) -> Option<Fit> {
        let syntax = self.syntax();
        let (kind, subkind) = range.essence.split_once('/')?;
        if range.essence == self.media_type() {
            return Some(Fit::Type);
        }
        match (kind, subkind) {
            ("*", "*") => Some(Fit::Any),
            ("application", "*") => Some(Fit::Kind),
            ("application" | "text", own) if own == syntax => Some(Fit::Syntax),
            // Whoever takes another type of the same syntax can at least parse this one; whoever
            // refuses another type has said nothing about this one.
            _ => {
                let (_, suffix) = subkind.rsplit_once('+')?;
                (suffix == syntax && range.weight > 0).then_some(Fit::Syntax)
            }
        }
    }

    /// The syntax that the type is made of, as its suffix says (RFC 6838 section 4.2.8).
    fn syntax(self) -> &'static str {
        match self {
            Self::ProblemXml => "xml",
            Self::ProblemJson | Self::JsonApi | Self::Aip193 => "json",
        }
    }
}

/// How a range fits a format, the narrowest last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// `*/*`.
    Any,
    /// `application/*`.
    Kind,
    /// The syntax alone, as in `application/json` for a problem document.
    Syntax,
    /// The type itself.
    Type,
}

/// A media range with its weight.
struct Range {
    /// Type and subtype in lower case, because they have no case (RFC 9110 section 8.3.1).
    essence: String,
    /// Whether it has no parameters. Nothing that is sent has any, so a range that asks for some
    /// counts after one that does not.
    is_plain: bool,
    /// In thousandths.
    weight: u16,
}

impl Range {
    fn read(element: &[u8]) -> Option<Self> {
        let range = MediaRange::parse(element)?;
        Some(Self {
            essence: range.essence.to_ascii_lowercase(),
            is_plain: range.specificity().1 == 0,
            weight: range.weight()?,
        })
    }
}
