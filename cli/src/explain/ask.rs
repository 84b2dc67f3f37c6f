//! The request that is asked about.

use std::str::FromStr;

use clap::Args;
use serde_json::Value;

use crate::case::{Expect, FieldMap, Octets, Request, Step, Upstream};

/// A request, if one is asked about.
#[derive(Debug, Default, Args)]
pub struct Ask {
    /// A request to follow, such as `"GET orders.example.com/v1/orders"`.
    #[arg(long, value_name = "METHOD HOST/PATH")]
    request: Option<Target>,
    /// A header field of the request, such as `"accept: application/json"`; may be repeated.
    #[arg(
        short = 'H',
        long = "header",
        value_name = "NAME: VALUE",
        requires = "request"
    )]
    headers: Vec<Header>,
    /// The content of the request. Its length is added to the header fields.
    #[arg(long, requires = "request")]
    body: Option<String>,
    /// What the proxy knows of the request, such as `xds.route_name=orders`; may be repeated.
    #[arg(long = "property", value_name = "NAME=VALUE", requires = "request")]
    properties: Vec<Property>,
    /// The status with which the service answers, without content.
    #[arg(long, requires = "request", default_value_t = 200,
          value_parser = clap::value_parser!(u16).range(200..600))]
    answer: u16,
    /// As if the policies were in mode `enforce`. A rule with a mode of its own keeps it.
    #[arg(long)]
    enforce: bool,
}

/// What a request asks for.
#[derive(Debug, Clone)]
struct Target {
    method: String,
    host: String,
    path: String,
}

/// A header field.
#[derive(Debug, Clone)]
struct Header {
    name: String,
    value: String,
}

/// A property of the proxy's, by its path joined with dots.
#[derive(Debug, Clone)]
struct Property {
    name: String,
    value: String,
}

impl Ask {
    /// Puts a policy in force, if that is asked about.
    pub(super) fn enforce(&self, policy: Option<&mut Value>) {
        let members = policy.and_then(Value::as_object_mut);
        if let (true, Some(members)) = (self.enforce, members) {
            members.insert("mode".to_owned(), "enforce".into());
        }
    }

    /// Whether policies are put in force.
    pub(super) fn enforces(&self) -> bool {
        self.enforce
    }

    /// The exchange in which the request comes; `None` where none is asked about.
    pub(super) fn exchange(&self) -> Option<Step> {
        let target = self.request.clone()?;
        let field = |header: &Header| (header.name.clone(), header.value.clone().into_bytes());
        let mut headers: Vec<_> = self.headers.iter().map(field).collect();
        let is_length = |header: &Header| header.name == "content-length";
        if let (Some(body), false) = (&self.body, self.headers.iter().any(is_length)) {
            let length = body.len().to_string();
            headers.push(("content-length".to_owned(), length.into_bytes()));
        }
        let properties = self.properties.iter();
        let properties = properties.map(|own| (own.name.clone(), own.value.as_str().into()));
        Some(Step {
            after: None,
            properties: properties.collect(),
            request: Request {
                method: target.method,
                authority: target.host.as_str().into(),
                path: target.path.as_str().into(),
                headers: FieldMap(headers),
                body: self.body.as_deref().map(Octets::from),
                ..Request::default()
            },
            upstream: Upstream {
                status: self.answer,
                ..Upstream::default()
            },
            calls: Vec::new(),
            expect: Expect::default(),
        })
    }
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "expected a method, a space, and a host with a path, such as \
                        \"GET orders.example.com/v1/orders\"";
        let (method, url) = text.trim().split_once(' ').ok_or(expected)?;
        let url = url.trim_start();
        let schemes = ["https://", "http://"];
        let url = schemes
            .iter()
            .find_map(|scheme| url.strip_prefix(scheme))
            .unwrap_or(url);
        let at = url.find(['/', '?']).unwrap_or(url.len());
        let (host, path) = url.split_at(at);
        if host.is_empty() || url.contains(char::is_whitespace) {
            return Err(expected.to_owned());
        }
        let slash = if path.starts_with('/') { "" } else { "/" };
        Ok(Self {
            method: method.to_owned(),
            host: host.to_owned(),
            path: format!("{slash}{path}"),
        })
    }
}

impl FromStr for Header {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let field = text.split_once(':').filter(|(name, _)| {
            let is_name = |c: char| c.is_ascii_graphic();
            !name.is_empty() && name.chars().all(is_name)
        });
        let (name, value) = field
            .ok_or("expected a name, a colon and a value, such as \"accept: application/json\"")?;
        Ok(Self {
            name: name.to_ascii_lowercase(),
            value: value.trim().to_owned(),
        })
    }
}

impl FromStr for Property {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let property = text.split_once('=').filter(|(name, _)| !name.is_empty());
        let (name, value) =
            property.ok_or("expected a name, `=` and a value, such as xds.route_name=orders")?;
        Ok(Self {
            name: name.to_owned(),
            value: value.to_owned(),
        })
    }
}
