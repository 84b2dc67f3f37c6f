//! What is to be done with a field of a request.

/// What is to be done with a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Edit {
    /// It goes on as it came, in as many lines as it came.
    Keep,
    /// It becomes this one line.
    Set(Vec<u8>),
    /// It goes, if it is there.
    Remove,
}
