//! How a problem looks to a client of plain HTTP, and which look it gets.

mod accept;
mod aip193;
mod json_api;
mod problem_xml;
#[cfg(test)]
mod tests;

use deserr::Deserr;
use kit::problem::Problem;

/// A format of problems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr)]
#[deserr(rename_all = camelCase)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename_all = "camelCase")
)]
pub(crate) enum Format {
    /// `application/problem+json` (RFC 9457 section 3).
    ProblemJson,
    /// `application/problem+xml` (RFC 9457 appendix B).
    ProblemXml,
    /// `application/vnd.api+json`, as JSON:API 1.1 tells errors.
    JsonApi,
    /// `application/json`, as AIP-193 tells errors.
    Aip193,
}

impl Format {
    /// The value of `Content-Type`. It has no parameters: none of the types defines one that would
    /// say more, and JSON:API forbids all but its own.
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::ProblemJson => "application/problem+json",
            Self::ProblemXml => "application/problem+xml",
            Self::JsonApi => "application/vnd.api+json",
            Self::Aip193 => "application/json",
        }
    }

    /// The content that tells a problem in this format.
    pub(crate) fn write(self, problem: &Problem) -> Vec<u8> {
        match self {
            Self::ProblemJson => problem.document(),
            Self::ProblemXml => problem_xml::write(problem),
            Self::JsonApi => json_api::write(problem),
            Self::Aip193 => aip193::write(problem),
        }
    }
}
