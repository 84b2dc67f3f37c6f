//! The two forms in which the command tells its results.

/// Who reads the results.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// A person: one line a finding.
    #[default]
    Human,
    /// A program: one JSON object.
    Json,
}
