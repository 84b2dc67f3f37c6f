//! The filters of this build.

use contract_validation::ContractValidation;
use error_translation::ErrorTranslation;
use idempotency_keys::IdempotencyKeys;
use kit::filter::Registration;
use kit::policy::{did_you_mean, list};
use telemetry_tagging::TelemetryTagging;
use version_negotiation::VersionNegotiation;

/// Every filter, outermost first: the order of the chain on requests.
pub const FILTERS: &[Registration] = &[
    Registration::of::<TelemetryTagging>(),
    Registration::of::<ErrorTranslation>(),
    Registration::of::<VersionNegotiation>(),
    Registration::of::<ContractValidation>(),
    Registration::of::<IdempotencyKeys>(),
];

/// The names of the filters, in the same order.
#[expect(
    clippy::indexing_slicing,
    reason = "The compiler runs this, and finds an index that is out of bounds."
)]
pub const NAMES: [&str; FILTERS.len()] = {
    let mut names = [""; FILTERS.len()];
    let mut index = 0;
    while index < names.len() {
        names[index] = FILTERS[index].name;
        index += 1;
    }
    names
};

/// The name of the module that holds every filter. Its configuration is a bundle.
pub const ALL_FILTERS: &str = "all-filters";

/// The filter of this name.
///
/// # Errors
/// A sentence that says which names there are, and which one was probably meant.
pub fn find(filters: &[Registration], name: &str) -> Result<Registration, String> {
    filters
        .iter()
        .find(|filter| filter.name == name)
        .copied()
        .ok_or_else(|| {
            let known: Vec<&str> = filters.iter().map(|filter| filter.name).collect();
            format!(
                "`{name}` is not a filter of this build; expected {}{}",
                list(&known),
                did_you_mean(name, known.iter().copied())
            )
        })
}
