//! The body of a message that is sent, whole or in parts.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::Full;
use hyper::HeaderMap;
use hyper::body::{Body, Bytes, Frame, SizeHint};
use hyper::header::TRAILER;
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};

use crate::fields::Fields;

/// Time for what was sent to leave before the stream is broken: hyper drops what it still holds.
const FLUSH: Duration = Duration::from_millis(20);

/// The body was cut off on purpose.
#[derive(Debug, Clone, Copy, Error)]
#[error("the body was cut off on purpose")]
pub(crate) struct Cut;

/// The body of a message that is sent. Its form decides how HTTP/1.1 frames it.
pub(crate) enum Payload {
    /// All octets at once: sent with a content-length, or as no body at all if there are none.
    Whole(Full<Bytes>),
    /// Chunk by chunk, as they are fed: sent without a content-length unless a header tells it.
    Parts(Parts),
}

/// What is fed, and word to the feed that hyper asks for it.
pub(crate) struct Parts {
    frames: mpsc::Receiver<Result<Frame<Bytes>, Cut>>,
    asked: Option<oneshot::Sender<()>>,
}

impl Payload {
    /// A body that is known in full.
    pub(crate) fn whole(octets: impl Into<Bytes>) -> Self {
        Self::Whole(Full::new(octets.into()))
    }

    /// A body that is fed.
    pub(crate) fn parts() -> (Feed, Self) {
        let (sender, frames) = mpsc::channel(16);
        let (asked, is_asked) = oneshot::channel();
        let feed = Feed {
            frames: sender,
            is_asked: Some(is_asked),
        };
        let asked = Some(asked);
        (feed, Self::Parts(Parts { frames, asked }))
    }
}

/// hyper sends only those trailers over HTTP/1.1 that the head announces.
pub(crate) fn announce_trailers(headers: &mut HeaderMap, trailers: &Fields) {
    for (name, _) in trailers.iter() {
        let name = name.parse().expect("a trailer name is a header value");
        headers.append(TRAILER, name);
    }
}

/// The other end of a body in parts. Dropping it ends the body in good order.
///
/// A receiver that is gone is no error here: who stopped listening shows in the other direction.
#[derive(Debug)]
pub(crate) struct Feed {
    frames: mpsc::Sender<Result<Frame<Bytes>, Cut>>,
    is_asked: Option<oneshot::Receiver<()>>,
}

impl Feed {
    /// Waits until hyper asks for the body, which it does once the head is on its way; or until it
    /// will not, because the connection broke.
    pub(crate) async fn asked(&mut self) {
        if let Some(is_asked) = self.is_asked.take() {
            let _ = is_asked.await;
        }
    }

    pub(crate) async fn chunk(&self, octets: Vec<u8>) {
        let _ = self.frames.send(Ok(Frame::data(octets.into()))).await;
    }

    /// Sends the trailers, if there are any, and ends the body.
    pub(crate) async fn finish(self, trailers: &Fields) {
        if !trailers.is_empty() {
            let _ = self
                .frames
                .send(Ok(Frame::trailers(trailers.to_map())))
                .await;
        }
    }

    /// Ends the body by breaking the stream: a reset in HTTP/2, a closed connection in HTTP/1.1.
    pub(crate) async fn cut(self) {
        tokio::time::sleep(FLUSH).await;
        let _ = self.frames.send(Err(Cut)).await;
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = Cut;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cut>>> {
        match &mut *self {
            Self::Whole(whole) => Pin::new(whole)
                .poll_frame(cx)
                .map_err(|never| match never {}),
            Self::Parts(parts) => {
                if let Some(asked) = parts.asked.take() {
                    let _ = asked.send(());
                }
                parts.frames.poll_recv(cx)
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(whole) => whole.is_end_stream(),
            Self::Parts(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(whole) => whole.size_hint(),
            Self::Parts(_) => SizeHint::default(),
        }
    }
}
