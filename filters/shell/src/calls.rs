//! Call-outs, sent through the SDK's dispatcher after their arguments were checked: the SDK panics
//! on what the proxy calls a bad argument, and a reply to a call that it did not send itself would
//! end the VM.

use std::time::Duration;

use kit::call::{CallFailure, CallRequest, CallResult, GrpcCall, GrpcFailure, HttpCall};
use proxy_wasm::hostcalls;

use crate::ffi::{self, Buffer, Map};
use crate::wire;

/// The number that the proxy gave a call; HTTP and gRPC calls count apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token {
    Http(u32),
    Grpc(u32),
}

/// Sends a call in the name of the context whose callback runs.
pub(crate) fn send(request: &CallRequest, timeout: Duration) -> Result<Token, CallFailure> {
    match request {
        CallRequest::Http(call) => send_http(call, timeout),
        CallRequest::Grpc(call) => send_grpc(call, timeout),
    }
}

/// The result of an HTTP call, read in its callback. Without headers there was no answer.
pub(crate) fn http_result(num_headers: usize) -> CallResult {
    let failed = CallResult::Failed(CallFailure::Reset);
    if num_headers == 0 {
        return failed;
    }
    let Ok(pairs) = ffi::header_pairs(Map::CallHeaders) else {
        return failed;
    };
    let headers = wire::read(pairs);
    let Some(status) = headers
        .text(":status")
        .and_then(|status| status.parse().ok())
    else {
        return failed;
    };
    let fields = headers.iter().filter_map(|(name, value)| {
        let name = std::str::from_utf8(name).ok()?;
        (!name.starts_with(':')).then(|| (name.to_owned(), value.to_vec()))
    });
    CallResult::Http {
        status,
        headers: fields.collect(),
        body: ffi::buffer(Buffer::CallBody).unwrap_or_default(),
    }
}

/// The result of a gRPC call, read in its callback.
pub(crate) fn grpc_result(status: u32) -> CallResult {
    CallResult::Grpc(match status {
        0 => Ok(ffi::buffer(Buffer::GrpcMessage).unwrap_or_default()),
        code => {
            let message = ffi::grpc_message().unwrap_or_default();
            Err(GrpcFailure::new(code, &message))
        }
    })
}

fn send_http(call: &HttpCall, timeout: Duration) -> Result<Token, CallFailure> {
    let is_visible = |text: &str| {
        text.bytes()
            .all(|b| (b' '..=b'~').contains(&b) || b == b'\t')
    };
    let mut headers = vec![
        (":method", call.method.as_str()),
        (":path", call.path.as_str()),
        (":authority", call.authority.as_str()),
    ];
    if headers.iter().any(|(_, value)| value.is_empty()) || call.cluster.is_empty() {
        return Err(CallFailure::NotSent);
    }
    headers.extend(
        call.headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str())),
    );
    if !headers
        .iter()
        .all(|(name, value)| is_visible(name) && is_visible(value))
    {
        return Err(CallFailure::NotSent);
    }
    let body = (!call.body.is_empty()).then_some(call.body.as_slice());
    hostcalls::dispatch_http_call(
        &call.cluster,
        headers,
        body,
        Vec::new(),
        at_least_1ms(timeout),
    )
    .map(Token::Http)
    .map_err(|_| CallFailure::NotSent)
}

fn send_grpc(call: &GrpcCall, timeout: Duration) -> Result<Token, CallFailure> {
    let service = grpc_service(&call.cluster, &call.authority).ok_or(CallFailure::NotSent)?;
    if call.service.is_empty() || call.method.is_empty() {
        return Err(CallFailure::NotSent);
    }
    let metadata = call
        .metadata
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_slice()))
        .collect();
    hostcalls::dispatch_grpc_call(
        &service,
        &call.service,
        &call.method,
        metadata,
        Some(&call.message),
        at_least_1ms(timeout),
    )
    .map(Token::Grpc)
    .map_err(|_| CallFailure::NotSent)
}

/// Nothing waits for ever: the proxy takes 0 for no limit.
fn at_least_1ms(timeout: Duration) -> Duration {
    timeout.max(Duration::from_millis(1))
}

/// `envoy.config.core.v3.GrpcService{envoy_grpc: {cluster_name, authority}}`, serialised.
///
/// A bare cluster name will not do: Envoy first tries to read the name as this very message, and
/// one of five letters that starts with `e` parses as an empty one, which ends the process. The
/// SDK wants text, so every length must stay below 128, where it is one octet of ASCII.
fn grpc_service(cluster: &str, authority: &str) -> Option<String> {
    let field = |number: u8, value: &str| {
        let len = u8::try_from(value.len()).ok().filter(|len| *len < 128)?;
        Some(format!(
            "{}{}{value}",
            char::from(number << 3 | 2),
            char::from(len)
        ))
    };
    if cluster.is_empty() {
        return None;
    }
    let mut envoy_grpc = field(1, cluster)?;
    if !authority.is_empty() {
        envoy_grpc.push_str(&field(2, authority)?);
    }
    field(1, &envoy_grpc)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_is_named_in_a_message_that_cannot_be_mistaken() {
        assert_eq!(
            grpc_service("etcd1", "").unwrap().as_bytes(),
            b"\x0a\x07\x0a\x05etcd1"
        );
        assert_eq!(
            grpc_service("e", "h:1").unwrap().as_bytes(),
            b"\x0a\x08\x0a\x01e\x12\x03h:1"
        );
    }

    #[test]
    fn a_name_too_long_for_one_octet_is_not_sent() {
        assert_eq!(grpc_service(&"x".repeat(126), ""), None);
        assert_eq!(grpc_service("", "a"), None);
        assert!(grpc_service(&"x".repeat(125), "").is_some());
    }
}
