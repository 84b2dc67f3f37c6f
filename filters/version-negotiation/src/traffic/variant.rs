//! Variants: implementations of one version that share its traffic, such as a service in Go and its
//! successor in Rust.

/// One implementation.
#[derive(Debug)]
pub(crate) struct Variant {
    /// Its name, as the upstream side routes on it.
    pub(crate) name: String,
    /// Its share, in hundredths of a percent.
    pub(crate) share: u16,
}

/// The variant that the key in this place gets.
pub(crate) fn choose(variants: &[Variant], place: u16) -> Option<&Variant> {
    let mut end = 0_u16;
    variants.iter().find(|variant| {
        end = end.saturating_add(variant.share);
        place < end
    })
}
