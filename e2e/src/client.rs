//! A client that sends exactly what a test says and hides nothing of the answer.

use std::io;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::client::conn::{http1, http2};
use hyper::header::{HOST, HeaderValue};
use hyper::{Uri, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use thiserror::Error;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use crate::fields::Fields;
use crate::payload::{Feed, Payload, announce_trailers};
use crate::runtime::{runtime, wait_for};

/// Long enough for a busy machine, short enough that a request that hangs fails its own test.
const PATIENCE: Duration = Duration::from_secs(20);

/// A request.
#[derive(Debug, Clone)]
pub struct Request {
    /// The method.
    pub method: String,
    /// Path and query. They reach the wire as they stand.
    pub path: String,
    /// `:authority`, or `host` in HTTP/1.1.
    pub authority: String,
    /// The headers.
    pub headers: Fields,
    /// The body in chunks. None is no body. In HTTP/1.1 a single one without trailers goes with a
    /// content-length, everything else is chunked unless a header tells a length.
    pub body: Vec<Vec<u8>>,
    /// The trailers.
    pub trailers: Fields,
}

impl Request {
    /// A request without headers and body.
    pub fn new(method: &str, path: &str) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            authority: "treaty.test".to_owned(),
            headers: Fields::default(),
            body: Vec::new(),
            trailers: Fields::default(),
        }
    }

    /// A GET.
    pub fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    /// A POST.
    pub fn post(path: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::new("POST", path).chunk(body)
    }

    /// Sets the authority.
    #[must_use]
    pub fn authority(mut self, authority: &str) -> Self {
        authority.clone_into(&mut self.authority);
        self
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

    /// The head as hyper takes it.
    fn head(&self, version: Version) -> hyper::Request<()> {
        let uri = if version == Version::HTTP_2 {
            Uri::builder()
                .scheme("http")
                .authority(self.authority.as_str())
                .path_and_query(self.path.as_str())
                .build()
        } else {
            Uri::builder().path_and_query(self.path.as_str()).build()
        }
        .unwrap_or_else(|error| {
            panic!(
                "{error} ({} at {:?}): send such a request with `raw`",
                self.path, self.authority
            )
        });
        let mut headers = self.headers.to_map();
        if version < Version::HTTP_2 {
            let authority = HeaderValue::from_str(&self.authority)
                .unwrap_or_else(|error| panic!("authority {:?}: {error}", self.authority));
            headers.entry(HOST).or_insert(authority);
            announce_trailers(&mut headers, &self.trailers);
        }
        let mut head = hyper::Request::new(());
        *head.method_mut() = self
            .method
            .parse()
            .unwrap_or_else(|error| panic!("method {:?}: {error}", self.method));
        *head.uri_mut() = uri;
        *head.version_mut() = version;
        *head.headers_mut() = headers;
        head
    }
}

/// A response.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: Fields,
    /// What came of the body.
    pub body: Vec<u8>,
    /// The trailers.
    pub trailers: Fields,
    /// Whether it ended in good order: `false` if the stream was broken after the head.
    pub complete: bool,
    /// When its head was read.
    pub received: SystemTime,
}

impl Response {
    /// The body as text, for comparisons and messages.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("not JSON ({error}): {}", self.text()))
    }
}

/// Why there is no response.
#[derive(Debug, Error)]
pub enum SendError {
    /// There was no connection.
    #[error("no connection: {0}")]
    Connect(#[source] io::Error),
    /// The connection or the stream was broken before the head of the response.
    #[error("no response: {0}")]
    Broken(#[source] hyper::Error),
    /// The response, or its end, did not come in time.
    #[error("no response, or no end of it, within {0:?}")]
    Late(Duration),
}

/// A client of one address. It may be used from several threads at once.
///
/// Over HTTP/1.1 every exchange has a connection of its own; over HTTP/2 (with prior knowledge) all
/// exchanges of a client share one, as streams.
#[derive(Debug)]
pub struct Client {
    address: SocketAddr,
    patience: Duration,
    transport: Transport,
}

#[derive(Debug)]
enum Transport {
    Http1,
    Http2(Mutex<Option<http2::SendRequest<Payload>>>),
}

impl Client {
    /// A client that speaks HTTP/1.1.
    pub fn http1(address: SocketAddr) -> Self {
        Self::new(address, Transport::Http1)
    }

    /// A client that speaks HTTP/2 in the clear.
    pub fn http2(address: SocketAddr) -> Self {
        Self::new(address, Transport::Http2(Mutex::default()))
    }

    fn new(address: SocketAddr, transport: Transport) -> Self {
        Self {
            address,
            patience: PATIENCE,
            transport,
        }
    }

    /// Waits this long, instead of 20 s, for each step of an exchange.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Sends a request and waits for the end of the response; panics if none comes.
    pub fn send(&self, request: Request) -> Response {
        let line = format!("{} {}", request.method, request.path);
        self.try_send(request)
            .unwrap_or_else(|error| panic!("{line}: {error}"))
    }

    /// Sends a request and waits for the end of the response.
    pub fn try_send(&self, request: Request) -> Result<Response, SendError> {
        self.begin(request)?.rest()
    }

    /// Sends a whole request, and waits for nothing.
    pub fn begin(&self, mut request: Request) -> Result<Exchange, SendError> {
        if request.body.len() <= 1 && request.trailers.is_empty() {
            let body = Payload::whole(request.body.pop().unwrap_or_default());
            return self.exchange(&request, body, None);
        }
        let mut exchange = self.open(request)?;
        exchange.finish();
        Ok(exchange)
    }

    /// Sends the head of a request and the chunks it has; more may follow. Its trailers are sent at
    /// the end. When this returns, the head is on its way: a client that then goes away has asked.
    pub fn open(&self, mut request: Request) -> Result<Exchange, SendError> {
        let (feed, body) = Payload::parts();
        let chunks = std::mem::take(&mut request.body);
        let mut exchange = self.exchange(&request, body, Some(feed))?;
        if let Some(feed) = &mut exchange.feed {
            wait_for(self.patience, feed.asked()).map_err(|_| SendError::Late(self.patience))?;
        }
        for chunk in chunks {
            exchange.push(chunk);
        }
        Ok(exchange)
    }

    fn exchange(
        &self,
        request: &Request,
        body: Payload,
        feed: Option<Feed>,
    ) -> Result<Exchange, SendError> {
        let head = request.head(self.version()).map(|()| body);
        let awaited = wait_for(self.patience, self.dispatch(head))
            .map_err(|_| SendError::Late(self.patience))??;
        Ok(Exchange {
            patience: self.patience,
            feed,
            trailers: request.trailers.clone(),
            awaited,
            arrived: None,
        })
    }

    fn version(&self) -> Version {
        match self.transport {
            Transport::Http1 => Version::HTTP_11,
            Transport::Http2(_) => Version::HTTP_2,
        }
    }

    async fn dispatch(&self, request: hyper::Request<Payload>) -> Result<Awaited, SendError> {
        match &self.transport {
            Transport::Http1 => {
                let (mut sender, connection) = http1::handshake(self.connect().await?)
                    .await
                    .map_err(SendError::Broken)?;
                tokio::spawn(connection);
                Ok(tokio::spawn(
                    async move { sender.send_request(request).await },
                ))
            }
            Transport::Http2(shared) => {
                let mut shared = shared.lock().await;
                let mut sender = match shared.take().filter(|sender| !sender.is_closed()) {
                    Some(sender) => sender,
                    None => self.connect_http2().await?,
                };
                *shared = Some(sender.clone());
                Ok(tokio::spawn(
                    async move { sender.send_request(request).await },
                ))
            }
        }
    }

    async fn connect_http2(&self) -> Result<http2::SendRequest<Payload>, SendError> {
        let (sender, connection) = http2::handshake(TokioExecutor::new(), self.connect().await?)
            .await
            .map_err(SendError::Broken)?;
        tokio::spawn(connection);
        Ok(sender)
    }

    async fn connect(&self) -> Result<TokioIo<TcpStream>, SendError> {
        let stream = TcpStream::connect(self.address)
            .await
            .map_err(SendError::Connect)?;
        stream.set_nodelay(true).map_err(SendError::Connect)?;
        Ok(TokioIo::new(stream))
    }
}

type Awaited = JoinHandle<Result<hyper::Response<Incoming>, hyper::Error>>;

/// A request under way: for tests that look between its parts. Dropping it before the end is a
/// client that goes away.
#[derive(Debug)]
pub struct Exchange {
    patience: Duration,
    feed: Option<Feed>,
    trailers: Fields,
    awaited: Awaited,
    arrived: Option<Arrived>,
}

/// What there is of the response, and where the rest comes from until it ended.
#[derive(Debug)]
struct Arrived {
    response: Response,
    body: Option<Incoming>,
}

impl Exchange {
    /// Sends a chunk of the request's body.
    pub fn push(&mut self, octets: impl Into<Vec<u8>>) {
        let feed = self.feed.as_ref().expect("the request is not finished");
        wait_for(self.patience, feed.chunk(octets.into())).expect("the chunk is taken in time");
    }

    /// Sends the trailers and ends the request. A second call changes nothing.
    pub fn finish(&mut self) {
        if let Some(feed) = self.feed.take() {
            wait_for(self.patience, feed.finish(&self.trailers))
                .expect("the trailers are taken in time");
        }
    }

    /// Waits for the head of the response; the rest of it is as far as it came.
    pub fn response(&mut self) -> Result<&Response, SendError> {
        self.arrived().map(|arrived| &arrived.response)
    }

    /// Waits for the next chunk of the response's body; `None` at its end, be it good or bad.
    pub fn next_chunk(&mut self) -> Result<Option<Vec<u8>>, SendError> {
        let patience = self.patience;
        let arrived = self.arrived()?;
        wait_for(patience, arrived.next_chunk()).map_err(|_| SendError::Late(patience))
    }

    /// Waits for the end of the response. The request is left as it is: see [`Exchange::finish`].
    pub fn rest(mut self) -> Result<Response, SendError> {
        let patience = self.patience;
        let arrived = self.arrived()?;
        wait_for(patience, async {
            while arrived.next_chunk().await.is_some() {}
        })
        .map_err(|_| SendError::Late(patience))?;
        Ok(arrived.response.clone())
    }

    fn arrived(&mut self) -> Result<&mut Arrived, SendError> {
        if self.arrived.is_none() {
            let response = wait_for(self.patience, &mut self.awaited)
                .map_err(|_| SendError::Late(self.patience))?
                .expect("the exchange was not aborted")
                .map_err(SendError::Broken)?;
            self.arrived = Some(Arrived::new(response));
        }
        Ok(self.arrived.as_mut().expect("it was just set"))
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        let awaited = self.awaited.abort_handle();
        match self.feed.take() {
            Some(feed) => {
                runtime().spawn(async move {
                    feed.cut().await;
                    awaited.abort();
                });
            }
            None => awaited.abort(),
        }
    }
}

impl Arrived {
    fn new(response: hyper::Response<Incoming>) -> Self {
        let (head, body) = response.into_parts();
        Self {
            response: Response {
                status: head.status.as_u16(),
                headers: Fields::from_map(&head.headers),
                body: Vec::new(),
                trailers: Fields::default(),
                complete: false,
                received: SystemTime::now(),
            },
            body: Some(body),
        }
    }

    async fn next_chunk(&mut self) -> Option<Vec<u8>> {
        let body = self.body.as_mut()?;
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else {
                self.body = None;
                return None;
            };
            match frame.into_data() {
                Ok(octets) => {
                    self.response.body.extend_from_slice(&octets);
                    return Some(octets.to_vec());
                }
                Err(frame) => {
                    if let Ok(trailers) = frame.into_trailers() {
                        self.response.trailers = Fields::from_map(&trailers);
                    }
                }
            }
        }
        self.body = None;
        self.response.complete = true;
        None
    }
}
