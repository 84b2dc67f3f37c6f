//! Who gets what: consumers, pins, canaries, variants and flags.

mod bucket;
mod canary;
mod consumer;
mod flag;
mod key;
mod variant;

pub(crate) use bucket::{WHOLE, bucket};
pub(crate) use canary::{Canary, When};
pub(crate) use consumer::ConsumerSource;
pub(crate) use flag::Flag;
pub(crate) use key::KeySource;
pub(crate) use variant::{Variant, choose as choose_variant};

#[cfg(test)]
mod tests;
