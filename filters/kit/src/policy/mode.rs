//! How far a policy or a rule is in force.

use deserr::Deserr;

/// One meaning in every filter. A rule without a mode has its policy's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserr)]
#[deserr(rename_all = camelCase)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase")
)]
pub enum Mode {
    /// Nothing is done and nothing is told. On a policy it holds for every rule, whatever they say.
    Off,
    /// Nothing is changed; metrics and filter state tell what would have been done.
    #[default]
    Report,
    /// The rule is in force.
    Enforce,
}

impl Mode {
    /// The mode of a rule in a policy of this mode.
    #[must_use]
    pub fn of_rule(self, rule: Option<Self>) -> Self {
        match (self, rule) {
            (Self::Off, _) => Self::Off,
            (_, Some(rule)) => rule,
            (policy, None) => policy,
        }
    }

    /// The mode's name, as it stands in policies and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Report => "report",
            Self::Enforce => "enforce",
        }
    }
}
