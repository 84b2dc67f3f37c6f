//! Load, made so cheaply that it does not disturb what it measures.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

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

/// The octets of a request.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    octets: Vec<u8>,
    /// Where the number begins that is another one each time.
    number_at: Option<usize>,
}

/// What stands in a request for a key that none had before.
const NEW: &str = "{new}";

/// A UUID whose last digits are a number.
const KEY: &str = "8e03978e-40d5-43dd-bc93-";
const DIGITS: usize = 12;

/// How many keys were sent, to whichever proxy.
static SENT: AtomicU64 = AtomicU64::new(0);

impl Request {
    /// A request in which `{new}` stands for a key that none had before.
    pub(crate) fn new(text: &str) -> Self {
        let key = format!("{KEY}{:0DIGITS$}", 0);
        Self {
            octets: text.replace(NEW, &key).into_bytes(),
            number_at: text.find(NEW).map(|place| place + KEY.len()),
        }
    }

    /// What is sent this time.
    pub(crate) fn next(&mut self) -> &[u8] {
        if let Some(place) = self.number_at {
            let number = SENT.fetch_add(1, Ordering::Relaxed);
            let number = format!("{number:0DIGITS$}");
            self.octets[place..place + DIGITS].copy_from_slice(number.as_bytes());
        }
        &self.octets
    }
}

impl Load {
    /// So many connections as there are requests at a time.
    pub(crate) fn open(listener: SocketAddr) -> io::Result<Self> {
        Self::with(CONNECTIONS, listener)
    }

    /// One connection, whose answers are waited for.
    pub(crate) fn single(listener: SocketAddr) -> io::Result<Self> {
        Self::with(1, listener)
    }

    fn with(connections: usize, listener: SocketAddr) -> io::Result<Self> {
        (0..connections)
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
    pub(crate) fn run(
        &mut self,
        request: &mut Request,
        expected: &Expected,
        count: u32,
    ) -> Result<()> {
        let connections = self.0.len();
        let turns = || (0..connections).cycle().take(count as usize);
        for turn in turns().take(connections) {
            self.0[turn].write_all(request.next())?;
        }
        // The last round only reads.
        let mut unsent = (count as usize).saturating_sub(connections);
        for turn in turns() {
            let connection = &mut self.0[turn];
            read_answer(connection, expected)?;
            if unsent > 0 {
                unsent -= 1;
                connection.write_all(request.next())?;
            }
        }
        Ok(())
    }

    /// Sends a request so often, one after the other, and tells how long each answer took.
    pub(crate) fn times(
        &mut self,
        request: &mut Request,
        expected: &Expected,
        count: u32,
    ) -> Result<Vec<Duration>> {
        let mut one = || {
            let started = Instant::now();
            self.run(request, expected, 1)?;
            Ok(started.elapsed())
        };
        (0..count).map(|_| one()).collect()
    }
}

impl Expected {
    /// Asks once, on a connection that closes with the answer.
    pub(crate) fn learn(listener: SocketAddr, request: &mut Request) -> Result<Self> {
        let octets = raw(listener, request.next(), PATIENCE);
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
