//! A message as it arrives: its head, the parts of its body, and its trailers.

use crate::case::{Break, Fields, Step};

/// How bodies are cut into parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cut {
    /// As the case says: in one part, or in parts of its `chunks`.
    AsWritten,
    /// Into single octets, and the end comes as an empty part, as it does behind HTTP/1.
    Octets,
}

/// One message on its way.
pub(super) struct Parts {
    pub(super) head: Fields,
    /// `None` where the message has no body at all.
    pub(super) body: Option<Vec<Vec<u8>>>,
    pub(super) trailers: Option<Fields>,
    /// Whether the message breaks off where it would end.
    pub(super) breaks: bool,
}

impl Parts {
    pub(super) fn of_request(step: &Step, cut: Cut) -> Self {
        let request = &step.request;
        let mut head = vec![
            (":method".to_owned(), request.method.clone().into_bytes()),
            (":scheme".to_owned(), b"http".to_vec()),
            (":authority".to_owned(), request.authority.0.clone()),
            (":path".to_owned(), request.path.0.clone()),
        ];
        head.extend(request.headers.0.iter().cloned());
        let size = request.chunks.map(std::num::NonZeroUsize::get);
        let cut_body = |body: &[u8]| chunks(body, size, cut);
        Self {
            head,
            body: request.body.as_ref().map(|body| cut_body(&body.0)),
            trailers: request.trailers.clone().map(|fields| fields.0),
            breaks: false,
        }
    }

    pub(super) fn of_upstream(step: &Step, cut: Cut) -> Self {
        let upstream = &step.upstream;
        let mut head = vec![(
            ":status".to_owned(),
            upstream.status.to_string().into_bytes(),
        )];
        head.extend(upstream.headers.0.iter().cloned());
        let size = upstream.chunks.map(std::num::NonZeroUsize::get);
        // An answer to HEAD has the header fields of one to GET, and no content.
        let body = upstream
            .body
            .as_ref()
            .filter(|_| step.request.method != "HEAD");
        Self {
            head,
            body: body.map(|body| chunks(&body.0, size, cut)),
            trailers: upstream.trailers.clone().map(|fields| fields.0),
            breaks: upstream.breaks == Some(Break::InBody),
        }
    }

    /// Whether nothing follows the head.
    pub(super) fn head_is_all(&self) -> bool {
        self.body.is_none() && self.trailers.is_none() && !self.breaks
    }

    /// The number of octets that the head announces, where it tells the truth.
    pub(super) fn is_well_announced(&self) -> bool {
        let len: usize = self.body.iter().flatten().map(Vec::len).sum();
        announced(&self.head).is_none_or(|announced| announced == len)
    }
}

/// The length that a head announces, where it is a number.
pub(super) fn announced(head: &Fields) -> Option<usize> {
    let (_, value) = head.iter().find(|(name, _)| name == "content-length")?;
    std::str::from_utf8(value).ok()?.parse().ok()
}

fn chunks(body: &[u8], size: Option<usize>, cut: Cut) -> Vec<Vec<u8>> {
    let size = match cut {
        Cut::AsWritten => size.unwrap_or(body.len()).max(1),
        Cut::Octets => 1,
    };
    let mut parts: Vec<Vec<u8>> = body.chunks(size).map(<[u8]>::to_vec).collect();
    if parts.is_empty() || cut == Cut::Octets {
        parts.push(Vec::new());
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_comes_in_parts_of_the_size_that_is_said() {
        let text =
            "{request: {body: abc, chunks: 2}, upstream: {body: defgh, chunks: 3}, expect: {}}";
        let step: Step = serde_saphyr::from_str(text).unwrap();
        let body = |parts: Parts| parts.body.unwrap();
        let request = body(Parts::of_request(&step, Cut::AsWritten));
        assert_eq!(request, [&b"ab"[..], b"c"]);
        let answer = body(Parts::of_upstream(&step, Cut::AsWritten));
        assert_eq!(answer, [&b"def"[..], b"gh"]);
        assert_eq!(body(Parts::of_upstream(&step, Cut::Octets)).len(), 6);
    }
}
