//! JSON texts as `contract-validation` reads and checks them.
//!
//! This is a crate of its own because each request waits for it: it is built for speed, and what
//! is around it for size.

mod node;
mod tape;

pub use node::{At, OnTape};
pub use tape::{Tape, Unreadable};
