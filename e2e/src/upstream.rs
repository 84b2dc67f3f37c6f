//! A service of the test's own: it answers from a script and remembers what reached it.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::fields::Fields;
use crate::payload::{Cut, Feed, Payload, announce_trailers};
use crate::poll::poll;
use crate::runtime::runtime;

/// What an upstream answers.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: Fields,
    /// The body in chunks. None is an empty body. In HTTP/1.1 a single one without trailers goes
    /// with a content-length, everything else is chunked unless a header tells a length.
    pub body: Vec<Vec<u8>>,
    /// The trailers. Over HTTP/1.1 they are sent only to a request with `te: trailers`.
    pub trailers: Fields,
    /// How long it waits before the head.
    pub delay: Duration,
    /// How long it waits before each chunk after the first, and before the trailers.
    pub pace: Duration,
    /// How it ends.
    pub ending: Ending,
}

/// How an answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// In good order.
    Finish,
    /// Head and chunks are sent, then the stream is broken.
    Reset,
    /// The stream is broken before the head: no answer at all.
    ResetBeforeHead,
}

impl Answer {
    /// An answer of this status without headers and body.
    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: Fields::default(),
            body: Vec::new(),
            trailers: Fields::default(),
            delay: Duration::ZERO,
            pace: Duration::ZERO,
            ending: Ending::Finish,
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.add(name, value);
        self
    }

    /// Adds a chunk of the body.
    #[must_use]
    pub fn chunk(mut self, octets: impl Into<Vec<u8>>) -> Self {
        self.body.push(octets.into());
        self
    }

    /// Adds a trailer.
    #[must_use]
    pub fn trailer(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.trailers.add(name, value);
        self
    }

    /// Waits before the head.
    #[must_use]
    pub fn delay(mut self, delay: Duration) -> Self {
        self.delay = delay;
        self
    }

    /// Waits between the chunks.
    #[must_use]
    pub fn pace(mut self, pace: Duration) -> Self {
        self.pace = pace;
        self
    }

    /// Ends in another way than in good order.
    #[must_use]
    pub fn ending(mut self, ending: Ending) -> Self {
        self.ending = ending;
        self
    }
}

/// 200 without headers and body.
impl Default for Answer {
    fn default() -> Self {
        Self::status(200)
    }
}

/// A request as it reached an upstream.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The method.
    pub method: String,
    /// The target as it was on the wire: path and query, nothing normalised.
    pub path: String,
    /// `:authority`, or `host` in HTTP/1.1.
    pub authority: String,
    /// The version of HTTP.
    pub version: Version,
    /// The headers.
    pub headers: Fields,
    /// What came of the body so far.
    pub body: Vec<u8>,
    /// The trailers.
    pub trailers: Fields,
    /// Whether the request ended in good order. It is listed as soon as its head arrives, because
    /// a refused request must not have been seen at all.
    pub complete: bool,
}

type Handler = Arc<dyn Fn(&Seen) -> Answer + Send + Sync>;

/// When the answer is asked for.
#[derive(Clone)]
enum Script {
    /// After the whole request.
    AtEnd(Handler),
    /// As soon as the head is there; the body is then read beside the answer.
    AtHead(Handler),
}

struct Shared {
    script: Mutex<Script>,
    seen: Mutex<Vec<Arc<Mutex<Seen>>>>,
}

/// A service on a free loopback port, with HTTP/1.1 and HTTP/2 (h2c) on the same one. Without a
/// script it answers 200.
pub struct Upstream {
    address: SocketAddr,
    shared: Arc<Shared>,
    /// `None` after it was killed.
    server: Option<JoinHandle<()>>,
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upstream")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Upstream {
    /// Starts it.
    pub fn start() -> Self {
        let shared = Arc::new(Shared {
            script: Mutex::new(Script::AtEnd(Arc::new(|_| Answer::default()))),
            seen: Mutex::default(),
        });
        let (address, server) = listen((Ipv4Addr::LOCALHOST, 0).into(), &shared);
        Self {
            address,
            shared,
            server: Some(server),
        }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Kills it: connections break where they are, and nobody listens any more. What a handler has
    /// begun, it does.
    pub fn kill(&mut self) {
        if let Some(server) = self.server.take() {
            server.abort();
            // It ends with that error. Its address is free then.
            let _ = runtime().block_on(server);
        }
    }

    /// Kills it and starts it again, at the same address with the same script. The requests that
    /// reached it stay listed.
    pub fn restart(&mut self) {
        self.kill();
        let (_, server) = listen(self.address, &self.shared);
        self.server = Some(server);
    }

    /// Gives every later request this answer, once the request is complete.
    pub fn set(&self, answer: Answer) {
        self.set_handler(move |_| answer.clone());
    }

    /// Answers every later request by this function, once the request is complete. It may block:
    /// that holds up its own request only.
    pub fn set_handler(&self, handler: impl Fn(&Seen) -> Answer + Send + Sync + 'static) {
        *lock(&self.shared.script) = Script::AtEnd(Arc::new(handler));
    }

    /// Like [`Upstream::set_handler`], but does not wait for the body of the request: an early
    /// answer. The function sees an empty body.
    pub fn set_early_handler(&self, handler: impl Fn(&Seen) -> Answer + Send + Sync + 'static) {
        *lock(&self.shared.script) = Script::AtHead(Arc::new(handler));
    }

    /// The requests that reached it since they were last taken.
    pub fn seen(&self) -> Vec<Seen> {
        lock(&self.shared.seen)
            .iter()
            .map(|seen| lock(seen).clone())
            .collect()
    }

    /// Takes the requests that reached it: the next call shows later ones only.
    pub fn take_seen(&self) -> Vec<Seen> {
        std::mem::take(&mut *lock(&self.shared.seen))
            .iter()
            .map(|seen| lock(seen).clone())
            .collect()
    }

    /// Waits until this many requests are listed, and shows them; panics if they do not come.
    pub fn wait_for_seen(&self, count: usize, within: Duration) -> Vec<Seen> {
        poll(within, || {
            Some(self.seen()).filter(|seen| seen.len() >= count)
        })
        .unwrap_or_else(|| {
            panic!(
                "not {count} requests at the upstream within {within:?}, but {:#?}",
                self.seen()
            )
        })
    }
}

impl Drop for Upstream {
    fn drop(&mut self) {
        if let Some(server) = &self.server {
            server.abort();
        }
    }
}

fn listen(at: SocketAddr, shared: &Arc<Shared>) -> (SocketAddr, JoinHandle<()>) {
    let listener = runtime()
        .block_on(TcpListener::bind(at))
        .expect("a free loopback port");
    let address = listener.local_addr().expect("a bound address");
    (
        address,
        runtime().spawn(serve(listener, Arc::clone(shared))),
    )
}

/// Accepts until it is aborted. The connections are tasks of this one's set and end with it.
async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        connections.spawn(connection(stream, Arc::clone(&shared)));
        while connections.try_join_next().is_some() {}
    }
}

/// Serves one connection. A peer that breaks off is no concern of the test's: what came of its
/// request is in the list.
async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| exchange(request, Arc::clone(&shared)));
    let _ = auto::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn exchange(
    request: Request<Incoming>,
    shared: Arc<Shared>,
) -> Result<Response<Payload>, io::Error> {
    let version = request.version();
    let (seen, body) = note(request);
    lock(&shared.seen).push(Arc::clone(&seen));
    let script = lock(&shared.script).clone();
    let handler = match script {
        Script::AtEnd(handler) => {
            receive(body, &seen).await;
            handler
        }
        Script::AtHead(handler) => {
            let seen = Arc::clone(&seen);
            tokio::spawn(async move { receive(body, &seen).await });
            handler
        }
    };
    // A copy, so that a handler that blocks does not hold up those who look at the list.
    let view = lock(&seen).clone();
    let answer = tokio::task::spawn_blocking(move || handler(&view))
        .await
        .map_err(io::Error::other)?;
    respond(answer, version).await
}

/// The head of a request as it is listed, and the body still to come.
fn note(request: Request<Incoming>) -> (Arc<Mutex<Seen>>, Incoming) {
    let (head, body) = request.into_parts();
    let headers = Fields::from_map(&head.headers);
    let authority = head.uri.authority().map_or_else(
        || headers.text("host").unwrap_or_default().to_owned(),
        ToString::to_string,
    );
    let path = head
        .uri
        .path_and_query()
        .map_or_else(String::new, ToString::to_string);
    let seen = Seen {
        method: head.method.to_string(),
        path,
        authority,
        version: head.version,
        headers,
        body: Vec::new(),
        trailers: Fields::default(),
        complete: false,
    };
    (Arc::new(Mutex::new(seen)), body)
}

/// Reads a body into the list, frame by frame.
async fn receive(mut body: Incoming, seen: &Mutex<Seen>) {
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else { return };
        let mut seen = lock(seen);
        match frame.into_data() {
            Ok(octets) => seen.body.extend_from_slice(&octets),
            Err(frame) => {
                if let Ok(trailers) = frame.into_trailers() {
                    seen.trailers = Fields::from_map(&trailers);
                }
            }
        }
    }
    lock(seen).complete = true;
}

async fn respond(answer: Answer, version: Version) -> Result<Response<Payload>, io::Error> {
    tokio::time::sleep(answer.delay).await;
    if answer.ending == Ending::ResetBeforeHead {
        return Err(io::Error::other(Cut));
    }
    let status = answer.status;
    let mut headers = answer.headers.to_map();
    if version < Version::HTTP_2 && !answer.trailers.is_empty() {
        announce_trailers(&mut headers, &answer.trailers);
    }
    let mut response = Response::new(payload(answer));
    *response.status_mut() = status.try_into().map_err(io::Error::other)?;
    *response.headers_mut() = headers;
    Ok(response)
}

fn payload(mut answer: Answer) -> Payload {
    let in_good_order = answer.ending == Ending::Finish;
    if in_good_order && answer.trailers.is_empty() && answer.body.len() <= 1 {
        return Payload::whole(answer.body.pop().unwrap_or_default());
    }
    let (feed, payload) = Payload::parts();
    tokio::spawn(send(answer, feed));
    payload
}

async fn send(answer: Answer, feed: Feed) {
    let chunks = answer.body.len();
    for (index, chunk) in answer.body.into_iter().enumerate() {
        if index > 0 {
            tokio::time::sleep(answer.pace).await;
        }
        feed.chunk(chunk).await;
    }
    if answer.ending == Ending::Reset {
        feed.cut().await;
    } else {
        if chunks > 0 && !answer.trailers.is_empty() {
            tokio::time::sleep(answer.pace).await;
        }
        feed.finish(&answer.trailers).await;
    }
}

/// A test that panicked while it held a lock has failed already; the others go on.
fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
