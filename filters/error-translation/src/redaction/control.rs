//! Control characters: they have no place in what leaves, and are written out in a log.

use std::borrow::Cow;

/// A text without control characters but line feeds and tabs, and without the escape sequences of
/// terminals. A lone carriage return ends a line, too.
pub(super) fn without(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unwanted) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\x1b' => skip_sequence(&mut rest),
            '\r' if rest.peek() != Some(&'\n') => out.push('\n'),
            _ if is_unwanted(c) => {}
            _ => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// A text in one line of at most `max` octets, in which control characters are written `\n`, `\t`
/// or `\u{1b}`. One that is longer ends with `…`.
pub(super) fn escaped(text: &str, max: usize) -> String {
    let mut out = String::new();
    // Where the text can still be cut so that the mark of the cut fits.
    let mut cut = 0;
    for c in text.chars() {
        let before = out.len();
        push_escaped(&mut out, c);
        if out.len() > max {
            out.truncate(cut);
            if cut + '…'.len_utf8() <= max {
                out.push('…');
            }
            return out;
        }
        if before + '…'.len_utf8() <= max {
            cut = before;
        }
        if out.len() + '…'.len_utf8() <= max {
            cut = out.len();
        }
    }
    out
}

fn push_escaped(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\t' => out.push_str("\\t"),
        // Line separators and marks that turn the direction of writing round, too: they forge lines.
        _ if c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}') => {
            out.extend(c.escape_unicode());
        }
        _ => out.push(c),
    }
}

/// Skips what follows ESC: a control sequence of ECMA-48 section 5.4, else nothing.
fn skip_sequence(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    if rest.next_if_eq(&'[').is_none() {
        return;
    }
    while rest.next_if(|c| matches!(c, '\x20'..='\x3f')).is_some() {}
    rest.next_if(|c| matches!(c, '\x40'..='\x7e'));
}

fn is_unwanted(c: char) -> bool {
    c.is_control() && c != '\n' && c != '\t'
}
