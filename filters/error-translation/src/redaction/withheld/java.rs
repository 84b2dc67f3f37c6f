//! Stack traces of Java, Kotlin, Scala and what else runs on the JVM.

use kit::scan::{Place, Sign, digits};

use super::qualified::{names_a_class, qualified_exception};
use super::{Rule, always, word};
use crate::redaction::kind::Kind;

pub(super) const SIGNS: &[Sign<Rule>] = &[
    Sign::new("(Native Method)", always),
    Sign::new("(Unknown Source)", always),
    Sign::new("(SourceFile:", frame),
    Sign::new(".java:", frame),
    Sign::new(".kt:", frame),
    Sign::new(".scala:", frame),
    Sign::new(".groovy:", frame),
    Sign::new(".clj:", frame),
    Sign::new("Caused by: ", names_a_class),
    Sign::new("Suppressed: ", names_a_class),
    Sign::new("Exception in thread ", always),
    Sign::new("nested exception is ", always),
    Sign::new(" more\n", more),
    Sign::new(" common frames omitted", always),
    Sign::new("java.lang.", word),
    Sign::new("java.util.", word),
    Sign::new("java.base/", word),
    Sign::new("java.sql.", word),
    Sign::new("java.net.", word),
    Sign::new("java.io.", word),
    Sign::new("jdk.internal.", word),
    Sign::new("sun.reflect.", word),
    Sign::new("javax.servlet.", word),
    Sign::new("jakarta.servlet.", word),
    Sign::new("kotlin.coroutines.", word),
    Sign::new("kotlinx.coroutines.", word),
    Sign::new("org.springframework.", word),
    Sign::new("org.hibernate.", word),
    Sign::new("com.fasterxml.jackson.", word),
    Sign::new("org.apache.catalina.", word),
    Sign::new("NullPointerException", always),
    Sign::new("Exception", exception),
    Sign::new("Throwable", exception),
];

/// `Orders.java:12)`.
fn frame(place: Place<'_>) -> bool {
    let after = place.after();
    digits(after) > 0
        && after
            .get(digits(after)..)
            .is_some_and(|rest| rest.starts_with(')'))
}

/// `... 12 more`.
fn more(place: Place<'_>) -> bool {
    place
        .before_on_line()
        .trim_start()
        .strip_prefix("... ")
        .is_some_and(|number| !number.is_empty() && digits(number) == number.len())
}

fn exception(place: Place<'_>) -> bool {
    qualified_exception(place) == Some(Kind::JavaTrace)
}
