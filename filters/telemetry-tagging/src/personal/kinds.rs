//! The kinds of personal data, and sets of them.

/// A kind of personal data, known by its form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A mailbox (RFC 5321 section 4.1.2).
    Email,
    /// The number of a payment card (ISO/IEC 7812-1).
    Card,
    /// An international bank account number (ISO 13616-1).
    Iban,
    /// A credential, as `kit::secret` knows them.
    Token,
    /// An IP address that tells somebody apart.
    Ip,
    /// An international telephone number (ITU-T E.164).
    Phone,
}

impl Kind {
    /// Every kind.
    pub(crate) const ALL: [Self; 6] = [
        Self::Email,
        Self::Card,
        Self::Iban,
        Self::Token,
        Self::Ip,
        Self::Phone,
    ];

    /// Its name in policies and metrics.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Card => "card",
            Self::Iban => "iban",
            Self::Token => "token",
            Self::Ip => "ip",
            Self::Phone => "phone",
        }
    }

    /// What stands in its place: the name in brackets, so that none of the kinds is found in it.
    pub(super) fn mask(self) -> &'static str {
        match self {
            Self::Email => "[email]",
            Self::Card => "[card]",
            Self::Iban => "[iban]",
            Self::Token => "[token]",
            Self::Ip => "[ip]",
            Self::Phone => "[phone]",
        }
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A set of kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Kinds(u8);

impl Kinds {
    /// Every kind: what a policy starts from.
    pub(crate) fn all() -> Self {
        Kind::ALL.into_iter().collect()
    }

    /// Adds a kind.
    pub(crate) fn insert(&mut self, kind: Kind) {
        self.0 |= kind.bit();
    }

    /// Whether a kind is in the set.
    pub(crate) fn contains(self, kind: Kind) -> bool {
        self.0 & kind.bit() != 0
    }

    /// Whether no kind is in the set.
    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The kinds in the set, in the order of [`Kind::ALL`].
    pub(crate) fn iter(self) -> impl Iterator<Item = Kind> {
        Kind::ALL
            .into_iter()
            .filter(move |kind| self.contains(*kind))
    }
}

impl FromIterator<Kind> for Kinds {
    fn from_iter<I: IntoIterator<Item = Kind>>(kinds: I) -> Self {
        let mut set = Self::default();
        kinds.into_iter().for_each(|kind| set.insert(kind));
        set
    }
}
