//! Which methods of a `google.protobuf.FileDescriptorSet` are unary, and which are streams.

use std::fmt;

use prost::Message;

/// The most methods of one set. Each call is compared with every unary one.
const MOST_METHODS: usize = 4096;

/// The methods of a set of descriptors.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Descriptors {
    /// The paths of unary methods.
    unary: Vec<String>,
    /// The paths of methods that stream, in one direction or both.
    streams: Vec<String>,
}

/// A set of descriptors cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unreadable {
    /// It is no set of descriptors.
    Malformed,
    /// It has no method.
    Empty,
    /// It has more than [`MOST_METHODS`] methods.
    TooMany,
}

impl fmt::Display for Unreadable {
    /// What is wrong, and what was expected.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => {
                f.write_str("is not a serialised `google.protobuf.FileDescriptorSet`")
            }
            Self::Empty => f.write_str("has no service with a method; expected one at least"),
            Self::TooMany => write!(f, "expected at most {MOST_METHODS} methods"),
        }
    }
}

impl Descriptors {
    /// Reads the octets of a set.
    pub(crate) fn read(octets: &[u8]) -> Result<Self, Unreadable> {
        let set = FileDescriptorSet::decode(octets).map_err(|_| Unreadable::Malformed)?;
        let mut methods = Self::default();
        for file in &set.file {
            for service in &file.service {
                for method in &service.method {
                    methods.add(&file.package, &service.name, method)?;
                }
            }
        }
        match methods.count() {
            0 => Err(Unreadable::Empty),
            1..=MOST_METHODS => Ok(methods),
            _ => Err(Unreadable::TooMany),
        }
    }

    /// The paths of unary methods.
    pub(crate) fn unary(&self) -> impl Iterator<Item = &str> {
        self.unary.iter().map(String::as_str)
    }

    /// Whether the method at this path streams.
    pub(crate) fn streams(&self, path: &str) -> bool {
        self.streams.iter().any(|own| own == path)
    }

    /// Whether a method streams whose path begins so.
    pub(crate) fn streams_below(&self, prefix: &str) -> bool {
        self.streams.iter().any(|own| own.starts_with(prefix))
    }

    fn count(&self) -> usize {
        self.unary.len().saturating_add(self.streams.len())
    }

    fn add(
        &mut self,
        package: &str,
        service: &str,
        method: &MethodDescriptorProto,
    ) -> Result<(), Unreadable> {
        if service.is_empty() || method.name.is_empty() {
            return Err(Unreadable::Malformed);
        }
        if self.count() > MOST_METHODS {
            return Err(Unreadable::TooMany);
        }
        let dot = if package.is_empty() { "" } else { "." };
        let path = format!("/{package}{dot}{service}/{}", method.name);
        if method.client_streaming || method.server_streaming {
            self.streams.push(path);
        } else {
            self.unary.push(path);
        }
        Ok(())
    }
}

// The parts of google/protobuf/descriptor.proto that say which methods there are.

#[derive(Clone, PartialEq, Message)]
struct FileDescriptorSet {
    #[prost(message, repeated, tag = "1")]
    file: Vec<FileDescriptorProto>,
}

#[derive(Clone, PartialEq, Message)]
struct FileDescriptorProto {
    #[prost(string, tag = "2")]
    package: String,
    #[prost(message, repeated, tag = "6")]
    service: Vec<ServiceDescriptorProto>,
}

#[derive(Clone, PartialEq, Message)]
struct ServiceDescriptorProto {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(message, repeated, tag = "2")]
    method: Vec<MethodDescriptorProto>,
}

#[derive(Clone, PartialEq, Message)]
struct MethodDescriptorProto {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(bool, tag = "5")]
    client_streaming: bool,
    #[prost(bool, tag = "6")]
    server_streaming: bool,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn method(name: &str, client: bool, server: bool) -> MethodDescriptorProto {
        MethodDescriptorProto {
            name: name.to_owned(),
            client_streaming: client,
            server_streaming: server,
        }
    }

    fn set(package: &str, service: &str, method: Vec<MethodDescriptorProto>) -> Vec<u8> {
        let service = ServiceDescriptorProto {
            name: service.to_owned(),
            method,
        };
        let file = FileDescriptorProto {
            package: package.to_owned(),
            service: vec![service],
        };
        FileDescriptorSet { file: vec![file] }.encode_to_vec()
    }

    #[test]
    fn a_method_that_streams_in_either_direction_is_not_unary() {
        let methods = vec![
            method("Get", false, false),
            method("Upload", true, false),
            method("Watch", false, true),
            method("Chat", true, true),
        ];
        let read = Descriptors::read(&set("acme.v1", "Orders", methods)).unwrap();
        assert_eq!(read.unary().collect::<Vec<_>>(), ["/acme.v1.Orders/Get"]);
        for name in ["Upload", "Watch", "Chat"] {
            assert!(read.streams(&format!("/acme.v1.Orders/{name}")), "{name}");
        }
        assert!(!read.streams("/acme.v1.Orders/Get"));
        assert!(read.streams_below("/acme.v1.Orders/"));
        assert!(!read.streams_below("/acme.v1.Order/"));
    }

    #[test]
    fn a_service_without_a_package_has_no_dot() {
        let read = Descriptors::read(&set("", "Orders", vec![method("Get", false, false)]));
        assert_eq!(read.unwrap().unary().collect::<Vec<_>>(), ["/Orders/Get"]);
    }

    #[test]
    fn what_says_nothing_of_methods_is_skipped() {
        // file { name: "a.proto", package: "p", service { name: "S", method { name: "M",
        // input_type: ".p.I", output_type: ".p.O", server_streaming: true } }, syntax: "proto3" }
        let octets = b"\x0a,\x0a\x07a.proto\x12\x01p2\x16\x0a\x01S\x12\x11\x0a\x01M\x12\x04.p.I\
                       \x1a\x04.p.O0\x01b\x06proto3";
        let read = Descriptors::read(octets).unwrap();
        assert!(read.streams("/p.S/M"));
        assert_eq!(read.unary().count(), 0);
    }

    #[test]
    fn what_is_no_set_of_descriptors_says_why() {
        for (octets, expected) in [
            (b"\x0a\xff".to_vec(), Unreadable::Malformed),
            (b"not protobuf".to_vec(), Unreadable::Malformed),
            (Vec::new(), Unreadable::Empty),
            (set("p", "S", vec![]), Unreadable::Empty),
            (
                set("p", "", vec![method("M", false, false)]),
                Unreadable::Malformed,
            ),
            (
                set("p", "S", vec![method("", false, false)]),
                Unreadable::Malformed,
            ),
        ] {
            assert_eq!(Descriptors::read(&octets), Err(expected), "{octets:?}");
        }
    }

    #[test]
    fn a_set_has_a_bounded_number_of_methods() {
        let of = |count| set("p", "S", vec![method("M", false, false); count]);
        assert!(Descriptors::read(&of(MOST_METHODS)).is_ok());
        let more = Descriptors::read(&of(MOST_METHODS + 1));
        assert_eq!(more, Err(Unreadable::TooMany));
    }

    proptest! {
        #[test]
        fn any_octets_are_read_without_a_panic(octets in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = Descriptors::read(&octets);
        }
    }
}
