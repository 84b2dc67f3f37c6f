//! Every Treaty filter in one module: one VM, one header read, one flush.
//!
//! The configuration names the filters that this placement runs, each with its policy:
//! `{"version": 1, "filters": {"version-negotiation": {…}}}`. The order of the chain is the one
//! below, outermost first, whatever the order in the document.
#![cfg(feature = "module")]

shell::export_bundle!(
    telemetry_tagging::TelemetryTagging,
    error_translation::ErrorTranslation,
    version_negotiation::VersionNegotiation,
    contract_validation::ContractValidation,
    idempotency_keys::IdempotencyKeys,
);
