//! What Envoy logs of each request.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::poll::poll;

/// An access log of JSON lines, read as they appear. Envoy writes a line after the response is
/// through, so a test that has its answer may still have to wait for it.
#[derive(Debug)]
pub struct AccessLog {
    path: PathBuf,
    /// Where the first line starts that was not read yet.
    offset: u64,
    /// Holds the file, if it is this value's own.
    _folder: Option<TempDir>,
}

impl AccessLog {
    /// A log in a folder of its own; [`crate::Listener::access_log`] makes Envoy write to it.
    pub fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self {
            path: folder.path().join("access.jsonl"),
            offset: 0,
            _folder: Some(folder),
        }
    }

    /// A log that is written anyway, such as [`crate::Envoy::stdout`].
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            offset: 0,
            _folder: None,
        }
    }

    /// Where it is written.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The logger with which Envoy writes these fields of each request to it.
    pub(crate) fn logger(&self, fields: &Value) -> Value {
        json!({
            "name": "envoy.access_loggers.file",
            "typed_config": {
                "@type":
                    "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
                "path": self.path,
                "log_format": {"json_format": fields},
            },
        })
    }

    /// The next line; `None` if there is none within the time.
    pub fn next_line(&mut self, within: Duration) -> Option<Value> {
        poll(within, || self.read_line())
    }

    fn read_line(&mut self) -> Option<Value> {
        let mut file = File::open(&self.path).ok()?;
        file.seek(SeekFrom::Start(self.offset)).ok()?;
        let mut written = Vec::new();
        file.read_to_end(&mut written).ok()?;
        // The last line may be half written.
        let end = written.iter().position(|octet| *octet == b'\n')?;
        self.offset += end as u64 + 1;
        let line = &written[..end];
        Some(
            serde_json::from_slice(line).unwrap_or_else(|error| {
                panic!("not a JSON line ({error}): {}", line.escape_ascii())
            }),
        )
    }
}

impl Default for AccessLog {
    fn default() -> Self {
        Self::new()
    }
}
