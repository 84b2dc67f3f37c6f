//! Stack traces of .NET.

use kit::scan::{Place, Sign};

use super::qualified::qualified_exception;
use super::{Rule, always, number};
use crate::redaction::kind::Kind;

pub(super) const SIGNS: &[Sign<Rule>] = &[
    Sign::new(".cs:line ", number),
    Sign::new(".vb:line ", number),
    Sign::new(".fs:line ", number),
    Sign::new(".cshtml:line ", number),
    Sign::new("--- End of stack trace from", always),
    Sign::new("--- End of inner exception", always),
    Sign::new("Object reference not set to an instance", always),
    Sign::new("Server Error in '", always),
    Sign::new("Exception", exception),
];

fn exception(place: Place<'_>) -> bool {
    qualified_exception(place) == Some(Kind::DotnetTrace)
}
