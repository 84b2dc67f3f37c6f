//! Ranges of numbers.

use std::cmp::Ordering;

use crate::protobuf::value::Scalar;

/// Numbers from one bound to another. Where the upper one is less than the lower one, it is those
/// outside: so say the rules.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Range {
    pub(super) low: Option<Bound>,
    pub(super) high: Option<Bound>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bound {
    pub(super) at: Scalar<'static>,
    /// Whether the bound is in the range.
    pub(super) included: bool,
}

impl Range {
    /// Whether it is what lies outside its bounds.
    pub(super) fn is_outside(&self) -> bool {
        match (&self.low, &self.high) {
            (Some(low), Some(high)) => order(&high.at, &low.at) == Some(Ordering::Less),
            _ => false,
        }
    }

    /// Whether a number is in it; one that is none (NaN) never is.
    pub(super) fn has(&self, number: &Scalar<'_>) -> bool {
        if order(number, number).is_none() {
            return false;
        }
        let above = self.low.as_ref().is_none_or(|low| {
            let order = order(number, &low.at);
            order == Some(Ordering::Greater) || (low.included && order == Some(Ordering::Equal))
        });
        let below = self.high.as_ref().is_none_or(|high| {
            let order = order(number, &high.at);
            order == Some(Ordering::Less) || (high.included && order == Some(Ordering::Equal))
        });
        if self.is_outside() {
            above || below
        } else {
            above && below
        }
    }
}

fn order(one: &Scalar<'_>, other: &Scalar<'_>) -> Option<Ordering> {
    match (one, other) {
        (Scalar::Integer(one), Scalar::Integer(other)) => Some(one.cmp(other)),
        (Scalar::Real(one), Scalar::Real(other)) => one.partial_cmp(other),
        _ => None,
    }
}
