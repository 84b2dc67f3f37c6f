//! Errors of the RPC protocols: gRPC, gRPC-Web and Connect read them, clean them and pass them on.

mod base64;
pub(crate) mod cleaning;
pub(crate) mod connect_error;
pub(crate) mod details;
pub(crate) mod end_stream;
mod frame_walk;
pub(crate) mod frames;
pub(crate) mod json;
#[cfg(test)]
pub(crate) mod samples;
mod schema;
pub(crate) mod status;
pub(crate) mod trailers_block;
mod wire;

use base64::decode as decode_base64;
