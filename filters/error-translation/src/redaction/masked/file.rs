//! Paths in a file system, and places in source code.

use std::ops::Range;

use kit::scan::{digits, prefix, run, suffix};

use super::word::Word;
use crate::redaction::source::{location, of_file};

/// First segments of paths in the file system of a machine or a container, and of no API.
const ROOTS: [&str; 15] = [
    "home", "usr", "var", "srv", "opt", "root", "tmp", "etc", "proc", "mnt", "Users", "private",
    "nix", "rustc", "Library",
];
/// First segments that an API may have as well: not a file where the path names a resource.
const WORKPLACES: [&str; 16] = [
    "app",
    "src",
    "go",
    "build",
    "workspace",
    "workspaces",
    "code",
    "lib",
    "bin",
    "sbin",
    "run",
    "dev",
    "sys",
    "vendor",
    "target",
    "boot",
];
/// Folders in which sources stand.
const SOURCES: [&str; 11] = [
    "src", "internal", "pkg", "cmd", "lib", "app", "crates", "vendor", "target", "dist", "test",
];
/// Ends of files that no client has, beside those of sources.
const PRIVATE: [&str; 12] = [
    "so", "dll", "exe", "jar", "war", "class", "env", "pem", "key", "p12", "sock", "sqlite",
];

/// The longest path in quotes that may have spaces, in octets.
const LONGEST_IN_QUOTES: usize = 512;

/// The path in a word, which may go on behind it; by octets of the text.
pub(super) fn find(word: Word<'_>) -> Option<Range<usize>> {
    windows(word).or_else(|| unix(word)).or_else(|| place(word))
}

/// An absolute path, or one from `~`, `.` or `..`; also after a colon.
fn unix(word: Word<'_>) -> Option<Range<usize>> {
    let offset = if word.itself.starts_with(['/', '~', '.']) {
        0
    } else {
        word.itself.find(":/").map(|colon| colon + 1)?
    };
    let path = word
        .itself
        .get(offset..)?
        .trim_end_matches(['.', ':', '!', '?']);
    if !is_file(path) {
        return None;
    }
    let start = word.start + offset;
    Some(start..in_quotes(word.text, start).unwrap_or(start + path.len()))
}

fn is_file(path: &str) -> bool {
    let bare = location(path).map_or(path, |found| prefix(path, found.end));
    let name = bare.split(':').next().unwrap_or("");
    if let Some(relative) = name
        .strip_prefix("./")
        .or_else(|| name.strip_prefix("../"))
        .or_else(|| name.strip_prefix("~/"))
    {
        return name.starts_with('~') && !relative.is_empty() || ends_as_file(name);
    }
    let Some(absolute) = name.strip_prefix('/') else {
        return false;
    };
    let Some((root, rest)) = absolute.split_once('/') else {
        return ends_as_file(name);
    };
    let is_rooted = ROOTS.contains(&root) && !rest.is_empty();
    let is_work = WORKPLACES.contains(&root) && !rest.is_empty() && !is_resource(rest);
    is_rooted || is_work || ends_as_file(name)
}

/// Whether a path names a resource of an API: no segment has a dot, and one is an identifier.
fn is_resource(path: &str) -> bool {
    let is_id = |segment: &str| {
        let is_number = digits(segment) == segment.len();
        let is_uuid = segment.len() == 36 && segment.bytes().filter(|b| *b == b'-').count() == 4;
        !segment.is_empty() && (is_number || is_uuid)
    };
    !path.contains('.') && (path.ends_with('/') || path.split('/').any(is_id))
}

fn ends_as_file(path: &str) -> bool {
    let extension = suffix(path, 64).rsplit_once('.').map_or("", |(_, end)| end);
    of_file(path).is_some() || PRIVATE.contains(&extension)
}

/// Where the quotes end in which a path stands; it may have spaces in them.
fn in_quotes(text: &str, start: usize) -> Option<usize> {
    let quote = text.get(..start)?.chars().next_back()?;
    let rest = prefix(text.get(start..)?, LONGEST_IN_QUOTES);
    let end = matches!(quote, '"' | '\'' | '`')
        .then(|| rest.find([quote, '\n']))
        .flatten()?;
    rest.get(end..)?.starts_with(quote).then_some(start + end)
}

/// `C:\app\x.cs`, also with spaces in it, and `\\server\share`.
fn windows(word: Word<'_>) -> Option<Range<usize>> {
    if !is_drive(word.itself) && !is_share(word.itself) {
        return None;
    }
    let mut end = word.start;
    let mut at = word.start;
    for part in word.text.get(word.start..)?.split_inclusive(' ') {
        let name = prefix(part, run(part, |b| !b" \"'`<>|*?\n\t,;".contains(&b)));
        // A word belongs to the path as long as a folder ends in it.
        if at > word.start && !name.contains('\\') {
            break;
        }
        end = at + name.trim_end_matches(['.', ':', ')', ']']).len();
        at += part.len();
        if name.len() + 1 != part.len() {
            break;
        }
    }
    Some(word.start..end)
}

fn is_drive(word: &str) -> bool {
    matches!(word.as_bytes(), [drive, b':', b'\\', ..] if drive.is_ascii_alphabetic())
}

/// Regular expressions have backslashes, too; but no two names with one between them.
fn is_share(word: &str) -> bool {
    let Some(share) = word.strip_prefix("\\\\") else {
        return false;
    };
    let (server, folder) = share
        .trim_start_matches('\\')
        .split_once('\\')
        .unwrap_or_default();
    let is_name = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
    server.len() >= 2
        && run(server, is_name) == server.len()
        && folder
            .trim_start_matches('\\')
            .starts_with(|c: char| c.is_ascii_alphanumeric() || c == '$')
}

/// `handlers/order.go:42`, `src/orders/main.rs`.
fn place(word: Word<'_>) -> Option<Range<usize>> {
    if let Some(found) = location(word.itself) {
        let file = prefix(word.itself, found.end);
        let file = file.trim_end_matches(|c: char| c.is_ascii_digit() || c == ':');
        let start = file.rfind(':').map_or(0, |colon| colon + 1);
        return Some(word.start + start..word.start + found.end);
    }
    let path = word.itself.trim_end_matches(['.', ':']);
    let (folder, _) = path.split_once('/')?;
    (SOURCES.contains(&folder) && of_file(path).is_some())
        .then(|| word.start..word.start + path.len())
}
