//! Which RPC methods are unary. On the wire a unary call of gRPC looks like a stream, so a
//! descriptor or the policy has to say so.

mod descriptors;

pub(crate) use descriptors::Descriptors;

/// The unary methods that are known, and what happens to a key on any other.
#[derive(Debug, Default)]
pub(crate) struct Methods {
    /// Paths of unary methods, such as `/acme.Orders/Create`.
    pub(crate) unary: Vec<String>,
    /// Services all of whose methods are unary, such as `/acme.Orders/`.
    pub(crate) unary_services: Vec<String>,
    /// What happens to a key on a call that is not known to be unary.
    pub(crate) streams: Streams,
}

/// What happens to a key on a call that is not known to be unary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Streams {
    /// The call is refused, so that nobody relies on a promise that does not hold.
    #[default]
    Refuse,
    /// The call passes, and its key means nothing.
    Pass,
}

impl Methods {
    /// Whether the method at this path is known to be unary.
    pub(crate) fn is_unary(&self, path: &str) -> bool {
        let path = path.split('?').next().unwrap_or_default();
        self.unary.iter().any(|own| own == path)
            || self
                .unary_services
                .iter()
                .any(|service| path.starts_with(service.as_str()))
    }
}
