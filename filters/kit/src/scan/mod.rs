//! Looking for what matters in texts of strangers: in linear time, octet by octet, without regular
//! expressions.
//!
//! Fixed words that give something away are [`Sign`]s, all of which are looked for in one pass. Each
//! has a rule that judges the [`Place`] where it was found and sees no further than [`SIGHT`], or no
//! further than what it finds, so that a text cannot be made on which looking takes long.

mod authority;
mod octets;
mod place;
mod sign;

pub use authority::Authority;
pub use octets::{digits, is_atom, is_word, prefix, run, run_back, suffix};
pub use place::{Place, SIGHT};
pub use sign::{Rule, Sign, Signs};

#[cfg(test)]
mod tests;
