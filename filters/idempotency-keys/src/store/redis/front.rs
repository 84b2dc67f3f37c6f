//! The ways to Redis, all of which are HTTP to the proxy.

use kit::call::HttpCall;

use super::tunnel::Tunnel;
use crate::store::{Failure, Secret};

/// A way to Redis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Front {
    /// The proxy's own tunnel: a cluster whose endpoint is an internal listener, which makes a TCP
    /// connection of each `POST` (`connect_config.allow_post`).
    Tunnel(Tunnel),
    /// [Webdis](https://webd.is/).
    Webdis(HttpFront),
    /// The REST protocol of Upstash, which `serverless-redis-http` speaks too.
    Rest(HttpFront),
}

/// What an HTTP front wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct HttpFront {
    /// The path that commands are posted to; `/` as both fronts come.
    pub(crate) path: String,
    /// The value of `authorization`, such as `Bearer …`.
    pub(crate) authorization: Option<Secret>,
}

/// A `POST` to a front, which does not know yet where that is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Post {
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Post {
    /// The call, to a cluster of the proxy.
    pub(super) fn to(self, cluster: &str, authority: &str) -> HttpCall {
        HttpCall {
            cluster: cluster.to_owned(),
            method: "POST".to_owned(),
            path: self.path,
            authority: authority.to_owned(),
            headers: self.headers,
            body: self.body,
        }
    }
}

impl HttpFront {
    /// A `POST` of this content to the front.
    pub(super) fn post(&self, content_type: &str, body: Vec<u8>) -> Post {
        let mut headers = vec![("content-type".to_owned(), content_type.to_owned())];
        if let Some(authorization) = &self.authorization {
            let value = authorization.expose().to_owned();
            headers.push(("authorization".to_owned(), value));
        }
        Post {
            path: self.path.clone(),
            headers,
            body,
        }
    }
}

/// Whether a front served a request, by its status.
pub(super) fn served(status: u16) -> Result<(), Failure> {
    Err(match status {
        200 => return Ok(()),
        401 | 403 => Failure::Denied,
        413 => Failure::TooLarge,
        429 => Failure::Unready,
        // The proxy's own answers, and those of a front that has lost Redis.
        502 | 503 => Failure::Unreachable,
        504 => Failure::TimedOut,
        _ => Failure::Unknown,
    })
}
