//! Where the parts lie in the repository.

use std::env;
use std::path::{Path, PathBuf};

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the crate lies in the repository")
}

/// The folder of the built modules: `TREATY_DIST`, or `dist` in the repository.
pub fn dist() -> PathBuf {
    env::var_os("TREATY_DIST").map_or_else(|| root().join("dist"), PathBuf::from)
}

/// The text of a file in the repository.
pub(crate) fn read(path: &str) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
