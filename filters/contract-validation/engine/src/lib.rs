#![doc = include_str!("../README.md")]
#![allow(
    warnings,
    clippy::all,
    clippy::pedantic,
    clippy::restriction,
    reason = "The code is not ours."
)]

include!(concat!(env!("OUT_DIR"), "/jsonschema/lib.rs"));
