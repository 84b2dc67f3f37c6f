//! The features of a file, and of anything in it. The older syntaxes are sets of features too
//! (<https://protobuf.dev/editions/features/>).

use super::descriptor::FeatureSet;

/// What holds at one place of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Features {
    pub(super) presence: Presence,
    /// Whether enumerations have no values but those that are declared.
    pub(super) closed_enums: bool,
    /// Whether strings must be UTF-8.
    pub(super) utf8: bool,
    /// Whether messages are groups on the wire.
    pub(super) delimited: bool,
}

/// Whether a singular field that is not there differs from one that is zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    Explicit,
    Implicit,
    /// It has to be there.
    Required,
}

impl Features {
    /// Those of a file without features of its own; `None` for a syntax that is not known.
    pub(super) fn of(syntax: &str) -> Option<Self> {
        let proto2 = Self {
            presence: Presence::Explicit,
            closed_enums: true,
            utf8: false,
            delimited: false,
        };
        match syntax {
            "" | "proto2" => Some(proto2),
            "proto3" => Some(Self {
                presence: Presence::Implicit,
                closed_enums: false,
                utf8: true,
                ..proto2
            }),
            // The editions 2023 and 2024 have the same defaults for what is read here.
            "editions" => Some(Self {
                closed_enums: false,
                utf8: true,
                ..proto2
            }),
            _ => None,
        }
    }

    /// These, as far as others do not say otherwise.
    pub(super) fn with(self, own: Option<&FeatureSet>) -> Self {
        let Some(own) = own else {
            return self;
        };
        Self {
            presence: match own.field_presence {
                1 => Presence::Explicit,
                2 => Presence::Implicit,
                3 => Presence::Required,
                _ => self.presence,
            },
            closed_enums: match own.enum_type {
                1 => false,
                2 => true,
                _ => self.closed_enums,
            },
            utf8: match own.utf8_validation {
                2 => true,
                3 => false,
                _ => self.utf8,
            },
            delimited: match own.message_encoding {
                1 => false,
                2 => true,
                _ => self.delimited,
            },
        }
    }
}
