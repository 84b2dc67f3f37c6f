//! Pages of HTML, of which the title alone is of use.

use std::borrow::Cow;

use quick_xml::escape::unescape;

use super::{Dialect, value};
use crate::failure::Failure;

/// How many octets of a page are looked at; a title stands near the beginning.
const LOOKED_AT: usize = 64 * 1024;

/// Reads a page: the text of its `title`, or of its first `h1`, and nothing of what follows.
pub(super) fn read(body: &[u8]) -> Failure {
    let page = String::from_utf8_lossy(body.get(..LOOKED_AT).unwrap_or(body));
    Failure {
        title: element(&page, "title").or_else(|| element(&page, "h1")),
        ..Failure::of(Dialect::Html)
    }
}

/// The text of the first element with this name, outside comments, scripts and styles.
fn element(page: &str, name: &str) -> Option<String> {
    let mut rest = page;
    loop {
        let (_, tag) = rest.split_once('<')?;
        rest = if let Some(comment) = tag.strip_prefix("!--") {
            comment.split_once("-->")?.1
        } else if let Some(after) = opened(tag, "script") {
            split_at_end(after, "script")?.1
        } else if let Some(after) = opened(tag, "style") {
            split_at_end(after, "style")?.1
        } else if let Some(after) = opened(tag, name) {
            let (content, rest) = split_at_end(after, name)?;
            if let Some(text) = text(content) {
                return Some(text);
            }
            rest
        } else {
            tag
        };
    }
}

/// What follows the start tag, where it is one of this name. Names have no case. Of a tag that does
/// not end nothing follows, so that no page is searched twice.
fn opened<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let after = strip_name(tag, name)?;
    let is_whole = after.starts_with(['>', '/', ' ', '\t', '\n', '\r']);
    is_whole.then(|| after.split_once('>').map_or("", |(_, content)| content))
}

/// What stands before the end tag of this name and after the beginning of it.
fn split_at_end<'a>(content: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    content.match_indices("</").find_map(|(at, _)| {
        let (content, tag) = content.split_at_checked(at)?;
        let after = strip_name(tag.strip_prefix("</")?, name)?;
        Some((content, after))
    })
}

fn strip_name<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (own, after) = text.split_at_checked(name.len())?;
    own.eq_ignore_ascii_case(name).then_some(after)
}

/// Text without tags and references, with single spaces. One reference that XML does not know
/// leaves all of them as they are.
fn text(content: &str) -> Option<String> {
    let mut plain = String::with_capacity(content.len());
    let (before, tags) = content.split_once('<').unwrap_or((content, ""));
    let after_tags = tags.split('<').filter_map(|tag| tag.split_once('>'));
    let texts = std::iter::once(before).chain(after_tags.map(|(_, text)| text));
    for word in texts.flat_map(str::split_whitespace) {
        plain.push_str(word);
        plain.push(' ');
    }
    let plain = unescape(&plain).unwrap_or(Cow::Borrowed(&plain));
    value::trimmed(&plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_title_is_read_and_nothing_else() {
        for (page, title) in [
            (
                "<html><head><title>502 Bad Gateway</title></head><body><h1>no</h1></body></html>",
                Some("502 Bad Gateway"),
            ),
            ("<TITLE lang=en>\n  A\n  B </TITLE>", Some("A B")),
            ("<h1>Not <em>found</em></h1><p>secret", Some("Not found")),
            ("<title></title><h1>Second</h1>", Some("Second")),
            (
                "<title>A &amp; B &lt;C&gt; &#39;</title>",
                Some("A & B <C> '"),
            ),
            ("<title>A&nbsp;B</title>", Some("A&nbsp;B")),
            ("<!-- <title>x</title> --><title>y</title>", Some("y")),
            ("<script>'<title>x</title>'</script><h1>y</h1>", Some("y")),
            ("<titles>x</titles>", None),
            ("<title>never closed", None),
            ("<p>only a paragraph</p>", None),
            ("<", None),
            ("<title", None),
        ] {
            assert_eq!(read(page.as_bytes()).title.as_deref(), title, "{page}");
        }
    }

    #[test]
    fn a_page_of_beginnings_takes_no_long_time() {
        for part in [
            "<", "<h1", "<h1>", "<script", "<!--", "</h1", "<title>&", "&#",
        ] {
            let page = part.repeat(3_000_000 / part.len());
            let _ = read(page.as_bytes());
        }
    }
}
