//! Calls of gRPC and Connect: which procedure was asked for, and with which status it ended.

use kit::matching::split_query;
use kit::problem::Code;
use kit::protocol::Protocol;

use crate::method::OTHER;

/// The most octets of the name of a procedure.
const MAX_OCTETS: usize = 256;

/// The system of remote procedure calls that the client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum System {
    /// gRPC, and gRPC-Web, which is another way to carry it.
    Grpc,
    /// Connect.
    ConnectRpc,
}

impl System {
    /// The system behind a protocol; `None` for plain HTTP.
    pub(crate) fn of(protocol: Protocol) -> Option<Self> {
        match protocol {
            Protocol::Http => None,
            Protocol::Grpc | Protocol::GrpcWeb { .. } => Some(Self::Grpc),
            Protocol::ConnectUnary | Protocol::ConnectStream => Some(Self::ConnectRpc),
        }
    }

    /// The value of `rpc.system.name`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Grpc => "grpc",
            Self::ConnectRpc => "connectrpc",
        }
    }

    /// The value of `rpc.system`, as it was called before.
    pub(crate) fn old_name(self) -> &'static str {
        match self {
            Self::Grpc => "grpc",
            Self::ConnectRpc => "connect_rpc",
        }
    }
}

/// A call.
///
/// What a client asks for need not exist, so that the names of procedures have no bound. Known are
/// those that the policy lists as operations, or all of them where the policy says so; any other is
/// told as `_OTHER`, as the semantic conventions ask of those who cannot tell what there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RpcCall {
    /// The system.
    pub(crate) system: System,
    /// Service and method, as the client gave them; `None` where the path names no procedure.
    procedure: Option<String>,
    is_known: bool,
}

impl RpcCall {
    /// Reads a request; `None` for plain HTTP. `is_known` says whether the procedure may be told by
    /// its name.
    pub(crate) fn of(protocol: Protocol, target: &str, is_known: bool) -> Option<Self> {
        let system = System::of(protocol)?;
        Some(Self {
            system,
            procedure: procedure(system, target).map(str::to_owned),
            is_known,
        })
    }

    /// Service and method, such as `acme.orders.v1.Orders/GetOrder`.
    pub(crate) fn name(&self) -> &str {
        self.known().unwrap_or(OTHER)
    }

    /// The service with its package, such as `acme.orders.v1.Orders`.
    pub(crate) fn service(&self) -> &str {
        let parts = self.known().and_then(|name| name.split_once('/'));
        parts.map_or(OTHER, |(service, _)| service)
    }

    /// The method alone, such as `GetOrder`.
    pub(crate) fn method(&self) -> &str {
        let parts = self.known().and_then(|name| name.split_once('/'));
        parts.map_or(OTHER, |(_, method)| method)
    }

    /// The procedure that the client asked for, where it is not known.
    pub(crate) fn original(&self) -> Option<&str> {
        self.procedure.as_deref().filter(|_| !self.is_known)
    }

    fn known(&self) -> Option<&str> {
        self.procedure.as_deref().filter(|_| self.is_known)
    }
}

/// The procedure that a path names: `Service/Method`. Connect allows a prefix before it
/// (`Routing-Prefix` in its protocol reference), gRPC none.
fn procedure(system: System, target: &str) -> Option<&str> {
    let path = split_query(target).0.strip_prefix('/')?;
    let (before, method) = path.rsplit_once('/')?;
    let procedure = match before.rsplit_once('/') {
        None => path,
        Some((prefix, _)) if system == System::ConnectRpc => path.get(prefix.len() + 1..)?,
        Some(_) => return None,
    };
    let service = procedure.strip_suffix(method)?.strip_suffix('/')?;
    let is_one = procedure.len() <= MAX_OCTETS
        && service.split('.').all(is_identifier)
        && is_identifier(method);
    is_one.then_some(procedure)
}

/// An identifier of Protocol Buffers, whose names those of services and methods are.
fn is_identifier(text: &str) -> bool {
    !text.starts_with(|c: char| c.is_ascii_digit())
        && !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// The code with this number. Numbers that no code has are read as UNKNOWN, as clients do.
pub(crate) fn code(number: u8) -> Code {
    Code::from_number(number.into()).unwrap_or(Code::Unknown)
}

/// The value of `rpc.status_code`, such as `DEADLINE_EXCEEDED`.
pub(crate) fn status_name(number: u8) -> &'static str {
    code(number).name()
}

/// Whether a code says that the server failed. Other codes say that a client asked for what cannot
/// be had, which is no error of the server (semantic conventions for gRPC, server spans).
pub(crate) fn is_server_error(number: u8) -> bool {
    matches!(
        code(number),
        Code::Unknown
            | Code::DeadlineExceeded
            | Code::Unimplemented
            | Code::Internal
            | Code::Unavailable
            | Code::DataLoss
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PATH: &str = "/acme.orders.v1.Orders/GetOrder";
    const NAME: &str = "acme.orders.v1.Orders/GetOrder";

    fn call(protocol: Protocol, target: &str, is_known: bool) -> RpcCall {
        RpcCall::of(protocol, target, is_known).unwrap()
    }

    #[test]
    fn every_protocol_but_plain_http_is_a_system_of_calls() {
        assert_eq!(RpcCall::of(Protocol::Http, PATH, true), None);
        for (protocol, name, old_name) in [
            (Protocol::Grpc, "grpc", "grpc"),
            (Protocol::GrpcWeb { text: true }, "grpc", "grpc"),
            (Protocol::ConnectUnary, "connectrpc", "connect_rpc"),
            (Protocol::ConnectStream, "connectrpc", "connect_rpc"),
        ] {
            let system = call(protocol, PATH, true).system;
            assert_eq!((system.name(), system.old_name()), (name, old_name));
        }
    }

    #[test]
    fn a_known_procedure_is_told_by_its_name() {
        let call = call(Protocol::Grpc, PATH, true);
        assert_eq!(call.name(), NAME);
        assert_eq!(call.service(), "acme.orders.v1.Orders");
        assert_eq!(call.method(), "GetOrder");
        assert_eq!(call.original(), None);
    }

    #[test]
    fn a_procedure_that_is_not_known_is_other_and_keeps_its_original() {
        let call = call(Protocol::Grpc, PATH, false);
        assert_eq!([call.name(), call.service(), call.method()], [OTHER; 3]);
        assert_eq!(call.original(), Some(NAME));
    }

    #[test]
    fn a_service_needs_no_package_and_a_query_does_not_count() {
        assert_eq!(call(Protocol::Grpc, "/Echo/Say", true).service(), "Echo");
        let get = call(
            Protocol::ConnectUnary,
            "/a.Echo/Say?connect=v1&x=/b/c",
            true,
        );
        assert_eq!(get.name(), "a.Echo/Say");
    }

    #[test]
    fn only_connect_has_a_prefix_before_the_procedure() {
        let target = "/api/rpc/acme.Orders/GetOrder";
        assert_eq!(
            call(Protocol::ConnectUnary, target, true).name(),
            "acme.Orders/GetOrder"
        );
        assert_eq!(call(Protocol::Grpc, target, true).name(), OTHER);
    }

    #[test]
    fn a_path_that_names_no_procedure_is_other_and_not_repeated() {
        let long = format!("/a.B/{}", "c".repeat(MAX_OCTETS));
        for target in [
            "",
            "/",
            "//",
            "*",
            "/a",
            "/a/",
            "//b",
            "a.B/C",
            "/a.B/C/",
            "/a..B/C",
            "/.B/C",
            "/a./C",
            "/a.B/2C",
            "/1.B/C",
            "/a.B/C%20",
            "/anna@example.com/C",
            "/a.B/C d",
            "/a.É/C",
            &long,
        ] {
            for protocol in [Protocol::Grpc, Protocol::ConnectStream] {
                let call = call(protocol, target, true);
                assert_eq!((call.name(), call.original()), (OTHER, None), "{target}");
            }
        }
    }

    #[test]
    fn a_procedure_of_256_octets_is_the_longest() {
        let name = format!("a.B/{}", "c".repeat(MAX_OCTETS - 4));
        let target = format!("/{name}");
        assert_eq!(call(Protocol::Grpc, &target, true).name(), name);
    }

    #[test]
    fn a_number_that_no_code_has_is_unknown() {
        assert_eq!(status_name(4), "DEADLINE_EXCEEDED");
        assert_eq!(status_name(17), "UNKNOWN");
        assert!(is_server_error(255));
    }

    /// From the semantic conventions for gRPC, server spans.
    #[test]
    fn six_codes_are_errors_of_the_server() {
        let errors: Vec<&str> = (0..=16)
            .filter(|code| is_server_error(*code))
            .map(status_name)
            .collect();
        assert_eq!(
            errors,
            [
                "UNKNOWN",
                "DEADLINE_EXCEEDED",
                "UNIMPLEMENTED",
                "INTERNAL",
                "UNAVAILABLE",
                "DATA_LOSS"
            ]
        );
    }

    proptest! {
        #[test]
        fn the_parts_of_any_procedure_are_its_name(target in "(/[a-zA-Z0-9_.%?]{0,6}){0,4}|.{0,40}") {
            for protocol in [Protocol::Grpc, Protocol::ConnectUnary] {
                let call = call(protocol, &target, true);
                if call.name() != OTHER {
                    prop_assert_eq!(format!("{}/{}", call.service(), call.method()), call.name());
                    prop_assert!(split_query(&target).0.ends_with(call.name()));
                }
            }
        }
    }
}
