//! The response flags of Envoy.

/// One of Envoy's response flags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Flag {
    name: &'static str,
    bit: u64,
}

/// The response flags of one exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Flags(u64);

/// Every flag that Envoy 1.40 has, by its bit.
pub(crate) static FLAGS: [Flag; 30] = [
    flag(0, "LH"),
    flag(1, "UH"),
    flag(2, "UT"),
    flag(3, "LR"),
    flag(4, "UR"),
    flag(5, "UF"),
    flag(6, "UC"),
    flag(7, "UO"),
    flag(8, "NR"),
    flag(9, "DI"),
    flag(10, "FI"),
    flag(11, "RL"),
    flag(12, "UAEX"),
    flag(13, "RLSE"),
    flag(14, "DC"),
    flag(15, "URX"),
    flag(16, "SI"),
    flag(17, "IH"),
    flag(18, "DPE"),
    flag(19, "UMSDR"),
    flag(20, "RFCF"),
    flag(21, "NFCF"),
    flag(22, "DT"),
    flag(23, "UPE"),
    flag(24, "NC"),
    flag(25, "OM"),
    flag(26, "DF"),
    flag(27, "DO"),
    flag(28, "DR"),
    flag(29, "UDO"),
];

impl Flag {
    /// The flag of this short name.
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        FLAGS.into_iter().find(|flag| flag.name == name)
    }

    /// The short name, as access logs have it (`%RESPONSE_FLAGS%`).
    pub(crate) fn name(self) -> &'static str {
        self.name
    }
}

impl Flags {
    /// Reads the property `response.flags`: eight octets, little-endian. Anything else is no flag.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.try_into().map_or(0, u64::from_le_bytes))
    }

    /// Whether this flag is set.
    pub(crate) fn contains(self, flag: Flag) -> bool {
        self.0 & flag.bit != 0
    }
}

const fn flag(bit: u32, name: &'static str) -> Flag {
    Flag {
        name,
        bit: 1 << bit,
    }
}
