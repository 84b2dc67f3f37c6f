//! The message of the frame in which gRPC-Web sends trailers: lines of `name: value`, as HTTP/1
//! writes fields.

use kit::headers::Headers;

/// Reads the lines. A line may end without a carriage return, names may have upper case; what is no
/// field is passed over.
pub(crate) fn parse(block: &[u8]) -> Headers {
    let lines = block.split(|byte| *byte == b'\n');
    Headers::from_pairs(lines.filter_map(field))
}

/// Writes the fields in their order.
pub(crate) fn write(fields: &Headers) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields.iter() {
        block.extend_from_slice(name);
        block.extend_from_slice(b": ");
        block.extend_from_slice(value);
        block.extend_from_slice(b"\r\n");
    }
    block
}

fn field(line: &[u8]) -> Option<(String, Vec<u8>)> {
    let mut parts = line.splitn(2, |byte| *byte == b':');
    let name = std::str::from_utf8(parts.next()?.trim_ascii()).ok()?;
    let value = parts.next()?.trim_ascii();
    (!name.is_empty()).then(|| (name.to_ascii_lowercase(), value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fields(block: &[u8]) -> Vec<(String, String)> {
        let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
        let fields = parse(block);
        fields
            .iter()
            .map(|(name, value)| (text(name), text(value)))
            .collect()
    }

    #[test]
    fn lines_are_read_however_strictly_they_are_written() {
        let expected = [
            ("grpc-status", "5"),
            ("grpc-message", "gone: all"),
            ("x", ""),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
        for block in [
            &b"grpc-status: 5\r\ngrpc-message: gone: all\r\nx: \r\n"[..],
            b"grpc-status:5\r\ngrpc-message:gone: all\r\nx:\r\n",
            b"Grpc-Status: 5\nGRPC-MESSAGE:  gone: all \nX:",
            b"\r\ngrpc-status: 5\r\nno field\r\n: no name\r\n\xff: no name\r\ngrpc-message: gone: all\r\nx:\r\n\r\n",
        ] {
            assert_eq!(fields(block), expected);
        }
        assert_eq!(fields(b""), []);
    }

    #[test]
    fn fields_keep_their_order_and_their_octets() {
        let block = b"b: 1\r\na: \xff\r\nb: 2\r\n";
        assert_eq!(write(&parse(block)), block);
    }

    #[test]
    fn it_is_what_the_frame_of_a_refusal_has_too() {
        let fields = [
            ("grpc-status".to_owned(), b"5".to_vec()),
            ("grpc-message".to_owned(), b"gone".to_vec()),
        ];
        let frame = kit::problem::trailers_frame(&fields);
        assert_eq!(&frame[5..], write(&Headers::from_pairs(fields)));
    }

    proptest! {
        #[test]
        fn what_was_read_is_read_again(block in prop::collection::vec(any::<u8>(), 0..64)) {
            let once = write(&parse(&block));
            prop_assert_eq!(write(&parse(&once)), once);
        }
    }
}
