//! Load, made so cheaply that it does not disturb what it measures.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use e2e::{parse_response, raw};

use crate::Result;

/// How many requests are under way at any time.
const CONNECTIONS: usize = 16;

/// Longer than any answer takes; without it a proxy that hangs would hang the benchmark.
const PATIENCE: Duration = Duration::from_secs(20);

/// What an answer looks like, by which its end is known: to parse a head costs more than to serve it.
#[derive(Debug)]
pub(crate) struct Expected {
    status_line: String,
    /// The octets of its body.
    length: usize,
}

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
    pub(crate) fn run(&mut self, request: &[u8], expected: &Expected, count: u32) -> Result<()> {
        let turns = || (0..CONNECTIONS).cycle().take(count as usize);
        for turn in turns().take(CONNECTIONS) {
            self.0[turn].write_all(request)?;
        }
        // The last round only reads.
        let mut unsent = (count as usize).saturating_sub(CONNECTIONS);
        for turn in turns() {
            let connection = &mut self.0[turn];
            read_answer(connection, expected)?;
            if unsent > 0 {
                unsent -= 1;
                connection.write_all(request)?;
            }
        }
        Ok(())
    }
}

impl Expected {
    /// Asks once, on a connection that closes with the answer.
    pub(crate) fn learn(listener: SocketAddr, request: &[u8]) -> Result<Self> {
        let octets = raw(listener, request, PATIENCE);
        let answer = parse_response(&octets)
            .filter(|answer| answer.complete && answer.headers.has("content-length"))
            .ok_or_else(|| format!("no answer of a known length: {}", octets.escape_ascii()))?;
        Ok(Self {
            status_line: format!("HTTP/1.1 {} ", answer.status),
            length: answer.body.len(),
        })
    }

    /// Whether this is all of it: the empty line stands where a body of the length would begin.
    fn is_whole(&self, octets: &[u8]) -> bool {
        let head = octets.len().checked_sub(self.length);
        head.is_some_and(|end| octets[..end].ends_with(b"\r\n\r\n"))
    }

    fn begins(&self, octets: &[u8]) -> bool {
        octets.starts_with(self.status_line.as_bytes())
    }
}

fn read_answer(connection: &mut TcpStream, expected: &Expected) -> Result<()> {
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
        if expected.begins(answer) && expected.is_whole(answer) {
            return Ok(());
        }
        let other = length > expected.status_line.len() && !expected.begins(answer);
        if other || read == 0 || length == buffer.len() {
            return Err(format!("an unexpected answer: {}", answer.escape_ascii()).into());
        }
    }
}
