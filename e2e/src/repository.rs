//! Where the parts lie in the repository.

use std::env;
use std::path::{Path, PathBuf};

/// The root of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the crate lies in the repository")
}

/// The folder of the built modules: `TREATY_DIST`, or `dist` in the repository.
pub fn dist() -> PathBuf {
    env::var_os("TREATY_DIST").map_or_else(|| root().join("dist"), PathBuf::from)
}
