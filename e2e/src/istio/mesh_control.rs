//! The program with Istio's own code in it.

use std::env;
use std::path::PathBuf;

use crate::repository;

/// `MESH_CONTROL_BIN`, or the one that `make mesh-control` builds.
pub(super) fn binary() -> PathBuf {
    env::var_os("MESH_CONTROL_BIN")
        .map_or_else(
            || repository::root().join(".venv/istio/mesh-control"),
            PathBuf::from,
        )
        .canonicalize()
        .expect("mesh-control is missing: run `make mesh-control`, or set MESH_CONTROL_BIN")
}
