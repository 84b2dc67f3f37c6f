//! The files out of which a contract is put together.

use std::fs;
use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::file;

/// The file that the policy names.
pub(super) const FIRST: usize = 0;

/// The files that were read, each known by its number.
pub(super) struct Sources {
    files: Vec<Source>,
    len_of_others: usize,
}

struct Source {
    /// The one name of the file, by which it is known again.
    identity: PathBuf,
    /// The file as somebody would name it.
    shown: PathBuf,
    /// What it holds, or why it cannot be read.
    value: Result<Value, String>,
}

impl Sources {
    /// The file that the policy names.
    pub(super) fn of(path: &Path, document: &Value) -> Self {
        Self {
            files: vec![Source {
                identity: fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()),
                shown: path.to_owned(),
                value: Ok(document.clone()),
            }],
            len_of_others: 0,
        }
    }

    /// The file to which a reference in another one leads, without its fragment. It is read once.
    ///
    /// # Errors
    /// What is wrong with the reference, as a sentence about it.
    pub(super) fn open(&mut self, uri: &str, from: usize) -> Result<usize, String> {
        if has_scheme(uri) || uri.starts_with("//") {
            return Err(REMOTE.to_owned());
        }
        let path = percent_decode_str(uri).decode_utf8_lossy();
        let folder = self.shown(from).parent().unwrap_or(Path::new(""));
        let shown = folder.join(path.as_ref());
        let identity = fs::canonicalize(&shown)
            .map_err(|error| format!("refers to a file that cannot be read: {error}"))?;
        let known = self.files.iter().position(|file| file.identity == identity);
        let number = known.unwrap_or_else(|| {
            let value = file::document(&shown).map(|read| {
                self.len_of_others += read.len;
                read.content
            });
            self.files.push(Source {
                identity,
                shown,
                value,
            });
            self.files.len() - 1
        });
        match self.files.get(number).map(|file| &file.value) {
            Some(Err(message)) => Err(format!("refers to a file that {message}")),
            _ => Ok(number),
        }
    }

    /// What stands at a place of a file.
    pub(super) fn value(&self, file: usize, pointer: &str) -> Option<&Value> {
        self.files.get(file)?.value.as_ref().ok()?.pointer(pointer)
    }

    /// A file as somebody would name it.
    pub(super) fn shown(&self, file: usize) -> &Path {
        let file = self.files.get(file);
        file.map_or(Path::new(""), |file| &file.shown)
    }

    /// How many octets the files have beside the first.
    pub(super) fn len_of_others(&self) -> usize {
        self.len_of_others
    }

    /// A name for what stands at a place of a file: the last part of its pointer, else that of the
    /// file, without what a component may not be called (OAS 3.2.0 section 4.7).
    pub(super) fn name_of(&self, file: usize, pointer: &str) -> String {
        let last = pointer.rsplit('/').next().filter(|last| !last.is_empty());
        let last = last.map(|last| last.replace("~1", "/").replace("~0", "~"));
        let stem = || Some(self.shown(file).file_stem()?.to_string_lossy().into_owned());
        let name = last.or_else(stem).unwrap_or_default();
        let may = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let name: String = name.chars().filter(may).collect();
        if name.is_empty() {
            "part".to_owned()
        } else {
            name
        }
    }
}

const REMOTE: &str = "refers to another document over the network, which nobody fetches; save it in a \
                      file, and refer to that by its path";

/// RFC 3986 section 3.1. One letter is the drive of a path.
fn has_scheme(uri: &str) -> bool {
    let scheme = uri.split_once(':').map_or("", |(scheme, _)| scheme);
    let is_in_scheme = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    scheme.len() > 1 && scheme.chars().all(is_in_scheme)
}
