//! The promise while things fail: clients leave, upstreams, stores and proxies are killed, stores
//! freeze and are slow.
//!
//! - `stand`: the proxies, their store and their upstream, all of which can be taken away.
//! - `service`: the upstream, which counts what it carries out; `ask`: the clients.
//! - `alone`: one fault at a time, with the fact that each shows.
//! - `mixed`: many keys, while `sabotage` does to everything whatever comes into its head; `chance`
//!   is that head, and a seed repeats its choices. `verdict` judges what became of each key.

mod alone;
mod ask;
mod chance;
pub(crate) mod mixed;
mod sabotage;
mod service;
pub(crate) mod stand;
mod verdict;
