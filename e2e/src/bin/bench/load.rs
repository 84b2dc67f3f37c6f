//! Load, made so cheaply that it does not disturb what it measures.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::Result;

/// The body of every answer.
pub(crate) const BODY: &str = "hi";

/// How many requests are under way at any time.
const CONNECTIONS: usize = 16;

/// Longer than any answer takes; without it a proxy that hangs would hang the benchmark.
const PATIENCE: Duration = Duration::from_secs(20);

/// Keep-alive connections to one listener.
///
/// One thread asks them in turn, so that each answer is read long after it came, and each connection
/// has its next request while the others are served: two system calls a request, and none to wait.
#[derive(Debug)]
pub(crate) struct Load(Vec<TcpStream>);

impl Load {
    pub(crate) fn open(listener: SocketAddr) -> io::Result<Self> {
        (0..CONNECTIONS)
            .map(|_| {
                let connection = TcpStream::connect(listener)?;
                connection.set_nodelay(true)?;
                connection.set_read_timeout(Some(PATIENCE))?;
                Ok(connection)
            })
            .collect::<io::Result<_>>()
            .map(Self)
    }

    /// Sends a request this often, and reads the answers.
    pub(crate) fn run(&mut self, request: &[u8], count: u32) -> Result<()> {
        let turns = || (0..CONNECTIONS).cycle().take(count as usize);
        for turn in turns().take(CONNECTIONS) {
            self.0[turn].write_all(request)?;
        }
        // The last round only reads.
        let mut unsent = (count as usize).saturating_sub(CONNECTIONS);
        for turn in turns() {
            let connection = &mut self.0[turn];
            read_answer(connection)?;
            if unsent > 0 {
                unsent -= 1;
                connection.write_all(request)?;
            }
        }
        Ok(())
    }
}

/// Reads one answer. Its end is known by the body, which is always the same, because to parse a
/// head costs more than to serve it.
fn read_answer(connection: &mut TcpStream) -> Result<()> {
    let mut buffer = [0; 8 * 1024];
    let mut length = 0;
    loop {
        let read = match connection.read(&mut buffer[length..]) {
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(format!("no answer: {error}").into()),
        };
        length += read;
        let answer = &buffer[..length];
        let whole = answer
            .strip_suffix(BODY.as_bytes())
            .is_some_and(|head| head.ends_with(b"\r\n\r\n"));
        if whole && answer.starts_with(b"HTTP/1.1 200 ") {
            return Ok(());
        }
        let other = length > 12 && !answer.starts_with(b"HTTP/1.1 200 ");
        if other || read == 0 || length == buffer.len() {
            return Err(format!("an unexpected answer: {}", answer.escape_ascii()).into());
        }
    }
}
