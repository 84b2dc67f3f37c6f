//! Places in source code: `handlers/order.go:42`, `src/main.rs:4:5`.

use kit::scan::{digits, suffix};

use super::kind::Kind;

/// A place in source code within a word.
pub(super) struct Location {
    /// Where the line number or the column ends, in octets.
    pub(super) end: usize,
    /// The kind of trace in which such a file stands.
    pub(super) kind: Kind,
}

/// The first place in source code in a word: a file name of a known language, a colon, a line
/// number, and perhaps a column.
pub(super) fn location(word: &str) -> Option<Location> {
    word.match_indices(':').find_map(|(colon, _)| {
        let file = word.get(..colon)?;
        let after = word.get(colon + 1..)?;
        let line = digits(after);
        let kind = (line > 0).then(|| of_file(file)).flatten()?;
        let column = after
            .get(line..)
            .and_then(|rest| rest.strip_prefix(':'))
            .map_or(0, digits);
        let column = if column > 0 { column + 1 } else { 0 };
        Some(Location {
            end: colon + 1 + line + column,
            kind,
        })
    })
}

/// The kind of trace in which a file stands; none where its extension is of no language.
pub(super) fn of_file(path: &str) -> Option<Kind> {
    let (name, extension) = suffix(path, 64).rsplit_once('.')?;
    if name.is_empty() {
        return None;
    }
    Some(match extension {
        "go" => Kind::GoPanic,
        // Those of C++ stand in backtraces of Rust, below `main`.
        "rs" | "cc" | "cpp" | "cxx" | "hpp" => Kind::RustPanic,
        "java" | "kt" | "kts" | "scala" | "groovy" | "clj" => Kind::JavaTrace,
        "py" | "pyx" | "pyc" => Kind::PythonTrace,
        "js" | "mjs" | "cjs" | "jsx" | "ts" | "mts" | "cts" | "tsx" | "vue" | "svelte" => {
            Kind::NodeTrace
        }
        "php" | "phtml" => Kind::PhpTrace,
        "rb" | "erb" | "rake" => Kind::RubyTrace,
        "cs" | "vb" | "cshtml" | "razor" => Kind::DotnetTrace,
        "c" | "h" | "S" if name.contains('/') => Kind::RustPanic,
        _ => return None,
    })
}
