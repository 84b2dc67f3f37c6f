//! Finds where the frame that ends a body begins: one octet of flags, four of length, the message.

/// The octets before the message of a frame.
const HEAD: usize = 5;

/// A walk over the frames of a body, of which nothing is kept but where it stands.
#[derive(Debug)]
pub(super) struct Walk {
    end_flags: u8,
    seen: usize,
    length: u32,
}

/// Where a walk came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reached {
    /// All octets belong to frames of data.
    Data,
    /// The frame that ends the body begins after so many octets.
    End(usize),
    /// Something begins that is no frame of data and not the one looked for.
    Foreign,
}

impl Walk {
    /// Begins before the first frame. `end_flags` are those of the frame that is looked for.
    pub(super) fn new(end_flags: u8) -> Self {
        Self {
            end_flags,
            seen: 0,
            length: 0,
        }
    }

    /// Goes on over the next octets. After anything but data there is no going on.
    pub(super) fn advance(&mut self, octets: &[u8]) -> Reached {
        let mut rest = octets;
        while let Some((octet, after)) = rest.split_first() {
            if self.seen == HEAD {
                rest = self.skip(rest);
                continue;
            }
            match (self.seen, *octet) {
                // Data, as it is or compressed.
                (0, 0 | 1) => self.length = 0,
                (0, flags) if flags == self.end_flags => {
                    return Reached::End(octets.len().saturating_sub(rest.len()));
                }
                (0, _) => return Reached::Foreign,
                (_, octet) => self.length = self.length << 8 | u32::from(octet),
            }
            self.seen += 1;
            rest = after;
            self.end_frame_if_done();
        }
        Reached::Data
    }

    /// What comes after as much of the message as there is.
    fn skip<'a>(&mut self, octets: &'a [u8]) -> &'a [u8] {
        let length = usize::try_from(self.length).unwrap_or(usize::MAX);
        let here = length.min(octets.len());
        self.length = self
            .length
            .saturating_sub(u32::try_from(here).unwrap_or(u32::MAX));
        self.end_frame_if_done();
        octets.get(here..).unwrap_or_default()
    }

    fn end_frame_if_done(&mut self) {
        if self.seen == HEAD && self.length == 0 {
            self.seen = 0;
        }
    }
}

/// The message of the frame at the beginning of `octets`, if it is there as a whole, and what comes
/// after it.
pub(super) fn message(octets: &[u8]) -> Option<(&[u8], &[u8])> {
    let (_, rest) = octets.split_at_checked(HEAD)?;
    rest.split_at_checked(length(octets)?)
}

/// How long the message of the frame at the beginning of `octets` is, if its head is there.
pub(super) fn length(octets: &[u8]) -> Option<usize> {
    let length = octets.get(1..HEAD)?.try_into().ok()?;
    Some(usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX))
}

/// A frame; `None` where the message is too long for one.
pub(super) fn frame(flags: u8, message: &[u8]) -> Option<Vec<u8>> {
    let length = u32::try_from(message.len()).ok()?;
    Some([&[flags], &length.to_be_bytes()[..], message].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATA: [u8; 7] = [0, 0, 0, 0, 2, b'h', b'i'];

    #[test]
    fn data_are_walked_over_however_they_are_cut() {
        let body = [&DATA[..], &[1, 0, 0, 0, 0], &DATA, &[0x80, 0, 0, 0, 0]].concat();
        for cut in 0..=body.len() {
            let (before, after) = body.split_at(cut);
            let mut walk = Walk::new(0x80);
            let reached = match walk.advance(before) {
                Reached::Data => walk.advance(after),
                reached => reached,
            };
            let at = if cut > 19 { 19 } else { 19 - cut };
            assert_eq!(reached, Reached::End(at), "{cut}");
        }
    }

    #[test]
    fn other_flags_end_the_walk() {
        for flags in [0x02, 0x03, 0x81, 0xff] {
            assert_eq!(Walk::new(0x80).advance(&[flags]), Reached::Foreign);
        }
        assert_eq!(Walk::new(0x02).advance(&[0x80]), Reached::Foreign);
    }

    #[test]
    fn a_frame_is_read_as_it_is_written() {
        let octets = frame(0x80, b"hello").unwrap();
        assert_eq!(octets, *b"\x80\0\0\0\x05hello");
        assert_eq!(length(&octets), Some(5));
        assert_eq!(message(&octets), Some((&b"hello"[..], &b""[..])));
        assert_eq!(
            message(&[&octets[..], b"x"].concat()),
            Some((&b"hello"[..], &b"x"[..]))
        );
        assert_eq!(message(&octets[..9]), None);
        assert_eq!(length(&octets[..4]), None);
    }
}
