//! Backtraces of Ruby.

use kit::scan::{Place, Sign, digits};

use super::{Rule, always, number};

pub(super) const SIGNS: &[Sign<Rule>] = &[
    Sign::new(".rb:", frame),
    Sign::new(".erb:", frame),
    Sign::new("(irb):", number),
    Sign::new("undefined method `", always),
    Sign::new("undefined method '", always),
    Sign::new("undefined local variable or method", always),
    Sign::new("(NoMethodError)", always),
    Sign::new("(RuntimeError)", always),
    Sign::new("(StandardError)", always),
    Sign::new("NoMethodError", always),
];

/// `x.rb:12:in 'm'`.
fn frame(place: Place<'_>) -> bool {
    let after = place.after();
    digits(after) > 0
        && after
            .get(digits(after)..)
            .is_some_and(|rest| rest.starts_with(":in "))
}
