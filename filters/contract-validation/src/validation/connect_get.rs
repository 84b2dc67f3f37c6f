//! Calls of Connect by `GET`, whose message stands in the query (Connect protocol, "Unary-Get
//! Request").

use base64::Engine;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use kit::matching::split_query;

use crate::parameter::Pairs;
use crate::plan::DirectionTerms;
use crate::protobuf::{self, Method};
use crate::violation::{Place, Violation, keyword};

use super::content::{self, Coding};
use super::messages::{self, Codec};
use super::tally::Tally;

/// base64 of RFC 4648 section 5, with its padding or without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Holds the message in a query to its type.
pub(super) fn check(
    contract: &protobuf::Contract,
    method: &Method,
    target: &str,
    terms: &DirectionTerms,
    tally: &mut Tally,
) {
    let query = split_query(target).1.trim_start_matches('?');
    let Some(call) = Pairs::query(query).ok().as_ref().and_then(Call::read) else {
        return tally.reject(Violation {
            place: Place::Query,
            ..Violation::in_body("", keyword::MALFORMED, "must be a call of Connect")
        });
    };
    let Some(codec) = Codec::named(&call.encoding) else {
        return content::wrong_media_type(tally);
    };
    let Some(coding) = Coding::named(&call.compression) else {
        return content::coded(terms, tally);
    };
    messages::check(
        contract,
        method.input,
        codec,
        coding,
        &call.message,
        terms,
        tally,
    );
}

/// What a query says.
struct Call {
    message: Vec<u8>,
    encoding: String,
    compression: String,
}

impl Call {
    fn read(pairs: &Pairs<'_>) -> Option<Self> {
        let given = |name: &str| pairs.text_of(name).ok()?;
        let text = |name: &str| pairs.text_of(name).map(Option::unwrap_or_default);
        let message = given("message")?;
        let message = if text("base64").ok()? == "1" {
            BASE64.decode(message).ok()?
        } else {
            message.into_bytes()
        };
        Some(Self {
            message,
            encoding: given("encoding")?,
            compression: text("compression").ok()?,
        })
    }
}
