//! The treaty command: policies and cases checked and tested without a proxy.
