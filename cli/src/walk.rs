//! The files below the paths of a command line.

use std::fs::{self, DirEntry};
use std::io;
use std::path::{Path, PathBuf};

/// Every JSON and YAML file at or below `path`, in the order of their names.
///
/// A path that is a file is taken whatever its ending. Hidden folders, folders of caches and build
/// output (those with a `CACHEDIR.TAG`) and what `skips` picks are left out below a folder, but not
/// when they are the path itself.
///
/// # Errors
/// A path that does not exist or cannot be read.
pub(crate) fn files(path: &Path, skips: &dyn Fn(&Path) -> bool) -> io::Result<Vec<PathBuf>> {
    if !fs::metadata(path)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    collect(path, skips, &mut found)?;
    Ok(found)
}

fn collect(
    folder: &Path,
    skips: &dyn Fn(&Path) -> bool,
    found: &mut Vec<PathBuf>,
) -> io::Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<DirEntry>>>()?;
    entries.sort_by_key(DirEntry::path);
    for entry in entries {
        let path = entry.path();
        // Links to folders are not followed: they may lead in a circle.
        if entry.file_type()?.is_dir() {
            if !is_hidden(&path) && !path.join("CACHEDIR.TAG").exists() && !skips(&path) {
                collect(&path, skips, found)?;
            }
        } else if has_known_ending(&path) {
            found.push(path);
        }
    }
    Ok(())
}

fn is_hidden(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

fn has_known_ending(path: &Path) -> bool {
    path.extension()
        .is_some_and(|ending| ["json", "yaml", "yml"].iter().any(|known| ending == *known))
}
