//! Octets on a connection, for requests that no HTTP library would send.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant, SystemTime};

use crate::client::Response;
use crate::fields::Fields;

/// More headers than any proxy adds.
const MAX_HEADERS: usize = 128;

/// Writes octets to a new TCP connection and reads until it is closed or the time is over. A proxy
/// keeps an HTTP/1.1 connection open, so a request that is to end early says `connection: close`.
pub fn raw(address: SocketAddr, octets: &[u8], within: Duration) -> Vec<u8> {
    let deadline = Instant::now() + within;
    let mut stream = TcpStream::connect(address).expect("a connection");
    // A server that refuses early may close before it has read everything: what it said counts.
    let _ = stream.write_all(octets);
    let mut received = Vec::new();
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return received;
        }
        stream
            .set_read_timeout(Some(left))
            .expect("a read timeout above zero");
        match stream.read(&mut buffer) {
            Ok(0) => return received,
            Ok(count) => received.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // Closed with a reset, or out of time.
            Err(_) => return received,
        }
    }
}

/// Reads the first final response from what [`raw`] received; `None` if there is no whole head.
pub fn parse_response(octets: &[u8]) -> Option<Response> {
    let mut rest = octets;
    loop {
        let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut head = httparse::Response::new(&mut headers);
        let httparse::Status::Complete(length) = head.parse(rest).ok()? else {
            return None;
        };
        rest = &rest[length..];
        let status = head.code?;
        if (100..200).contains(&status) && status != 101 {
            continue;
        }
        let headers = head
            .headers
            .iter()
            .map(|header| (header.name.to_ascii_lowercase(), header.value))
            .collect();
        return Some(with_body(status, headers, rest));
    }
}

fn with_body(status: u16, headers: Fields, rest: &[u8]) -> Response {
    let mut response = Response {
        status,
        headers,
        body: Vec::new(),
        trailers: Fields::default(),
        complete: false,
        received: SystemTime::now(),
    };
    let length = response
        .headers
        .text("content-length")
        .and_then(|length| length.parse::<usize>().ok());
    if response.headers.text("transfer-encoding") == Some("chunked") {
        response.complete = read_chunks(rest, &mut response).is_some();
    } else if let Some(length) = length {
        response.body = rest[..length.min(rest.len())].to_vec();
        response.complete = rest.len() >= length;
    } else {
        response.body = rest.to_vec();
        response.complete = true;
    }
    response
}

/// Reads a chunked body with its trailers; `None` if it breaks off.
fn read_chunks(mut rest: &[u8], response: &mut Response) -> Option<()> {
    loop {
        let httparse::Status::Complete((start, size)) = httparse::parse_chunk_size(rest).ok()?
        else {
            return None;
        };
        rest = &rest[start..];
        if size == 0 {
            break;
        }
        let size = usize::try_from(size).ok()?;
        response
            .body
            .extend_from_slice(&rest[..size.min(rest.len())]);
        rest = rest.get(size..)?.strip_prefix(b"\r\n")?;
    }
    let mut trailers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let httparse::Status::Complete((_, trailers)) =
        httparse::parse_headers(rest, &mut trailers).ok()?
    else {
        return None;
    };
    response.trailers = trailers
        .iter()
        .map(|trailer| (trailer.name.to_ascii_lowercase(), trailer.value))
        .collect();
    Some(())
}
