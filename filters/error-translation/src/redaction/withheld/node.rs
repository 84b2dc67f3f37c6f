//! Stack traces of JavaScript and TypeScript, and how Node.js prints an error's members.

use kit::scan::{Place, Sign, digits};

use super::{Rule, always, line, number, word};

pub(super) const SIGNS: &[Sign<Rule>] = &[
    Sign::new("node:internal/", always),
    Sign::new("node:fs:", number),
    Sign::new("node:net:", number),
    Sign::new("node:events:", number),
    Sign::new("node_modules/", always),
    Sign::new("node_modules\\", always),
    Sign::new("at Object.<anonymous>", always),
    Sign::new("(<anonymous>)", always),
    Sign::new("processTicksAndRejections", always),
    Sign::new("UnhandledPromiseRejection", always),
    Sign::new("Require stack:", always),
    Sign::new("Cannot find module '", always),
    Sign::new("Cannot read properties of ", always),
    Sign::new("Cannot set properties of ", always),
    Sign::new("Cannot read property '", always),
    Sign::new("TypeError: ", word),
    Sign::new("ReferenceError: ", word),
    Sign::new("Node.js v", line),
    Sign::new("errno: -", line),
    Sign::new("syscall: '", line),
    Sign::new("requireStack: [", line),
    Sign::new("path: '/", line),
    Sign::new("[cause]: ", line),
    Sign::new("webpack-internal:", always),
    Sign::new("webpack://", always),
    Sign::new(".js:", frame),
    Sign::new(".mjs:", frame),
    Sign::new(".cjs:", frame),
    Sign::new(".ts:", frame),
    Sign::new(".mts:", frame),
    Sign::new(".jsx:", frame),
    Sign::new(".tsx:", frame),
];

/// `x.js:1:2)`, as it closes a frame.
fn frame(place: Place<'_>) -> bool {
    let after = place.after();
    after
        .get(digits(after)..)
        .and_then(|rest| rest.strip_prefix(':'))
        .is_some_and(|rest| {
            digits(rest) > 0
                && rest
                    .get(digits(rest)..)
                    .is_some_and(|rest| rest.starts_with(')'))
        })
}
