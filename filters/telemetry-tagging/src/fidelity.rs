//! Whether a request took the expected path.

/// Who answered a request, measured by who should have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fidelity {
    /// Who was expected.
    Expected,
    /// Another service.
    OtherService,
    /// Another version.
    OtherVersion,
    /// The answer does not say enough, or nobody was expected.
    Unknown,
}

impl Fidelity {
    /// How it is told and counted.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Expected => "expected",
            Self::OtherService => "other_service",
            Self::OtherVersion => "other_version",
            Self::Unknown => "unknown",
        }
    }
}

/// Compares who answered with who should have. What is not expected may be anything. What is wrong
/// for certain outweighs what is not known, and the service the version. Versions are compared as
/// texts: `2` is not `2.0`.
pub(crate) fn judge(
    expected_service: Option<&str>,
    expected_version: Option<&str>,
    answered_service: Option<&str>,
    answered_version: Option<&str>,
) -> Fidelity {
    let service = is_as_expected(expected_service, answered_service);
    let version = is_as_expected(expected_version, answered_version);
    match (service, version) {
        _ if expected_service.or(expected_version).is_none() => Fidelity::Unknown,
        (Some(false), _) => Fidelity::OtherService,
        (_, Some(false)) => Fidelity::OtherVersion,
        (Some(true), Some(true)) => Fidelity::Expected,
        _ => Fidelity::Unknown,
    }
}

/// `None` where something is expected and nothing is said.
fn is_as_expected(expected: Option<&str>, answered: Option<&str>) -> Option<bool> {
    match (expected, answered) {
        (None, _) => Some(true),
        (Some(_), None) => None,
        (Some(expected), Some(answered)) => Some(expected == answered),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The verdict on services and versions, of which an empty text is none.
    fn name(expected: [&str; 2], answered: [&str; 2]) -> &'static str {
        let [service, version] = expected.map(some);
        let [answered_service, answered_version] = answered.map(some);
        judge(service, version, answered_service, answered_version).name()
    }

    fn some(text: &str) -> Option<&str> {
        Some(text).filter(|text| !text.is_empty())
    }

    #[test]
    fn the_expected_service_in_the_expected_version_is_expected() {
        assert_eq!(name(["orders", "2"], ["orders", "2"]), "expected");
        assert_eq!(name(["orders", ""], ["orders", "3"]), "expected");
        assert_eq!(name(["orders", ""], ["orders", ""]), "expected");
        assert_eq!(name(["", "2"], ["anyone", "2"]), "expected");
    }

    #[test]
    fn another_service_outweighs_another_version() {
        assert_eq!(name(["orders", "2"], ["payments", "2"]), "other_service");
        assert_eq!(name(["orders", "2"], ["payments", "3"]), "other_service");
        assert_eq!(name(["orders", "2"], ["payments", ""]), "other_service");
    }

    #[test]
    fn another_version_outweighs_a_service_that_is_not_known() {
        assert_eq!(name(["orders", "2"], ["orders", "3"]), "other_version");
        assert_eq!(name(["orders", "2"], ["", "3"]), "other_version");
    }

    #[test]
    fn versions_are_texts() {
        assert_eq!(name(["orders", "2"], ["orders", "2.0"]), "other_version");
        assert_eq!(name(["orders", "v2"], ["orders", "V2"]), "other_version");
    }

    #[test]
    fn what_the_answer_does_not_say_is_unknown() {
        assert_eq!(name(["orders", "2"], ["", ""]), "unknown");
        assert_eq!(name(["orders", "2"], ["orders", ""]), "unknown");
        assert_eq!(name(["orders", "2"], ["", "2"]), "unknown");
    }

    #[test]
    fn where_nobody_is_expected_nothing_is_known() {
        assert_eq!(name(["", ""], ["orders", "2"]), "unknown");
        assert_eq!(name(["", ""], ["", ""]), "unknown");
    }
}
