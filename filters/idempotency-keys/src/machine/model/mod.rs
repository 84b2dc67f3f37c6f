//! A model of several requests with one key, and every order of events that it allows.
//!
//! Each request has a machine of its own, as if it ran in a proxy of its own. They share one store,
//! whose commands are lost before or after they are carried out, answered late or never; one
//! upstream, which may be killed at any point and may carry a request out long after its client has
//! gone; and one clock, which jumps over claims and retentions. Clients leave at any point, and
//! proxies die. `explore` goes through all of it, and `promise` looks at what it finds. That it would
//! see a broken promise is shown by machines and stores in which one rule is broken (`flaw`).

mod explore;
mod flaw;
mod fold;
mod promise;
mod store;
mod tests;
mod time;
mod world;
