//! The one line on stdout that tells whoever started the service that it
//! listens, and where.

use std::{
    io::{self, Write},
    net::SocketAddr,
};

use serde::Serialize;

#[derive(Serialize)]
pub(crate) struct Ready {
    pub(crate) service: &'static str,
    pub(crate) http: SocketAddr,
    pub(crate) grpc: SocketAddr,
}

impl Ready {
    /// Writes the line and flushes it, because a pipe is block-buffered.
    pub(crate) fn announce(&self) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        serde_json::to_writer(&mut stdout, self)?;
        writeln!(stdout)?;
        stdout.flush()
    }
}
