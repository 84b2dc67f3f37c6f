//! A call with tonic, which runs in this process.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::panic::{self, AssertUnwindSafe};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use prost_reflect::DynamicMessage;
use prost_reflect::prost::Message;
use serde_json::{Value, json};
use tonic::client::Grpc;
use tonic::metadata::{AsciiMetadataKey, KeyAndValueRef, MetadataMap};
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status, Streaming};
use tonic_prost::ProstCodec;
use tonic_types::{StatusExt, pb};

use super::client::DEADLINE;
use super::descriptors;
use super::rpc::Rpc;
use crate::runtime::runtime;

/// Calls a method and tells what tonic made of the answer, as the other clients tell it.
pub(super) fn call(
    address: SocketAddr,
    rpc: &Rpc,
    message: DynamicMessage,
    streaming: bool,
) -> Value {
    let mut metadata = MetadataMap::new();
    let mut messages = 0;
    let called = run(
        address,
        rpc,
        message,
        streaming,
        &mut metadata,
        &mut messages,
    );
    // tonic panics on details that are not base64. The test is to see that as a failed client.
    match panic::catch_unwind(AssertUnwindSafe(|| runtime().block_on(called))) {
        Ok(Ok(())) => outcome(&Status::ok(""), metadata, messages),
        Ok(Err(status)) => outcome(&status, metadata, messages),
        Err(_) => json!({"error": "tonic panicked"}),
    }
}

/// Makes the call; metadata and messages are what came before it failed.
async fn run(
    address: SocketAddr,
    rpc: &Rpc,
    message: DynamicMessage,
    streaming: bool,
    metadata: &mut MetadataMap,
    messages: &mut usize,
) -> Result<(), Status> {
    let path = rpc.path.parse().expect("the path of a method");
    // An empty message reads any other.
    let codec = ProstCodec::<DynamicMessage, ()>::default();
    let mut client = Grpc::new(channel(address, rpc));
    client
        .ready()
        .await
        .map_err(|error| Status::unavailable(error.to_string()))?;
    if streaming {
        let answer = client.server_streaming(request(rpc, message), path, codec);
        let (head, stream, _) = answer.await?.into_parts();
        *metadata = head;
        drain(stream, metadata, messages).await
    } else {
        let answer = client.unary(request(rpc, message), path, codec).await?;
        *metadata = answer.into_parts().0;
        *messages = 1;
        Ok(())
    }
}

async fn drain(
    mut stream: Streaming<()>,
    metadata: &mut MetadataMap,
    messages: &mut usize,
) -> Result<(), Status> {
    while stream.message().await?.is_some() {
        *messages += 1;
    }
    if let Some(trailers) = stream.trailers().await? {
        merge(metadata, trailers);
    }
    Ok(())
}

fn channel(address: SocketAddr, rpc: &Rpc) -> Channel {
    let mut endpoint =
        Endpoint::from_shared(format!("http://{address}")).expect("an address is a URI");
    if let Some(authority) = &rpc.authority {
        endpoint = endpoint.origin(format!("http://{authority}").parse().expect("an authority"));
    }
    endpoint.connect_lazy()
}

fn request(rpc: &Rpc, message: DynamicMessage) -> Request<DynamicMessage> {
    let mut request = Request::new(message);
    request.set_timeout(DEADLINE);
    for (name, value) in &rpc.metadata {
        let name: AsciiMetadataKey = name.parse().expect("a name of metadata");
        let value = value.parse().expect("a value of metadata");
        request.metadata_mut().append(name, value);
    }
    request
}

fn outcome(status: &Status, mut metadata: MetadataMap, messages: usize) -> Value {
    // What tonic-types makes of the details must not differ from what is told of them below.
    if let Err(error) = status.check_error_details_vec() {
        return json!({"error": format!("details: {error}")});
    }
    let details = match pb::Status::decode(status.details()) {
        Ok(status) => status.details,
        Err(error) => return json!({"error": format!("details: {error}")}),
    };
    let details: Vec<Value> = details
        .iter()
        .map(|packed| detail(&packed.type_url, &packed.value))
        .collect();
    merge(&mut metadata, status.metadata().clone());
    json!({
        "code": upper_snake(status.code()),
        "message": status.message(),
        "details": details,
        "metadata": fields(&metadata),
        "messages": messages,
    })
}

fn detail(url: &str, octets: &[u8]) -> Value {
    let name = url.rsplit('/').next().unwrap_or_default();
    let mut members = descriptors::to_json(name, octets)
        .unwrap_or_else(|| json!({"value": BASE64_STANDARD.encode(octets)}));
    members["type"] = name.into();
    members
}

fn merge(metadata: &mut MetadataMap, more: MetadataMap) {
    let mut headers = std::mem::take(metadata).into_headers();
    headers.extend(more.into_headers());
    *metadata = MetadataMap::from_headers(headers);
}

fn fields(metadata: &MetadataMap) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::<String, String>::new();
    for field in metadata.iter() {
        let (name, value) = match field {
            KeyAndValueRef::Ascii(name, value) => {
                let value = String::from_utf8_lossy(value.as_encoded_bytes()).into_owned();
                (name.as_str(), value)
            }
            KeyAndValueRef::Binary(name, value) => {
                let octets = value.to_bytes().unwrap_or_default();
                (name.as_str(), BASE64_STANDARD.encode(octets))
            }
        };
        fields
            .entry(name.to_owned())
            .and_modify(|values| *values = format!("{values}, {value}"))
            .or_insert(value);
    }
    fields
}

/// gRPC's name of a code, which tonic spells as Rust does.
fn upper_snake(code: Code) -> String {
    let mut name = String::new();
    for letter in format!("{code:?}").chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_uppercase());
    }
    name
}
