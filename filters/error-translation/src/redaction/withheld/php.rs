//! Fatal errors and stack traces of PHP, as text and as HTML.

use kit::scan::{Place, Sign, digits};

use super::{Rule, always, number, word};

pub(super) const SIGNS: &[Sign<Rule>] = &[
    Sign::new("PHP Fatal error:", always),
    Sign::new("PHP Parse error:", always),
    Sign::new("PHP Warning:", always),
    Sign::new("PHP Notice:", always),
    Sign::new("PHP Deprecated:", always),
    Sign::new("Fatal error: ", fatal),
    Sign::new("Fatal error</b>:", always),
    Sign::new("Uncaught ", uncaught),
    Sign::new("Stack trace:\n", word),
    Sign::new("Stack trace: #", always),
    Sign::new("Stack trace:\\n", always),
    Sign::new("#0 {main}", always),
    Sign::new("} {main}", always),
    Sign::new("[internal function]: ", always),
    Sign::new(" on line <b>", always),
    Sign::new(".php on line ", number),
    Sign::new(".php(", frame),
    Sign::new("thrown in /", word),
    Sign::new("thrown in <b>", word),
    Sign::new("Undefined variable $", always),
    Sign::new("Undefined array key ", always),
    Sign::new("Illuminate\\", word),
    Sign::new("Symfony\\Component", word),
    Sign::new("in /", thrown),
];

fn fatal(place: Place<'_>) -> bool {
    let rest = place.after_on_line();
    rest.starts_with("Uncaught") || rest.contains(" in /") || rest.contains(".php")
}

/// `Uncaught PDOException: …`.
fn uncaught(place: Place<'_>) -> bool {
    let name = place.after().split([':', ' ', '(']).next().unwrap_or("");
    name.ends_with("Exception") || name.ends_with("Error")
}

/// `/app/x.php(12): f()`.
fn frame(place: Place<'_>) -> bool {
    let after = place.after();
    digits(after) > 0
        && after
            .get(digits(after)..)
            .is_some_and(|rest| rest.starts_with(')'))
}

/// `in /app/x.php:12`.
fn thrown(place: Place<'_>) -> bool {
    place.opens_word()
        && place
            .after_on_line()
            .split_once(".php:")
            .is_some_and(|(path, rest)| !path.contains(' ') && digits(rest) > 0)
}
