use proptest::prelude::*;

use super::super::Format::{self, Aip193, JsonApi, ProblemJson, ProblemXml};
use super::ALL;

fn choose(offered: &[Format], accept: &str) -> Format {
    Format::choose(offered, [accept.as_bytes()].into_iter())
}

#[test]
fn without_accept_the_first_offer_is_sent() {
    assert_eq!(
        Format::choose(&[JsonApi, ProblemJson], [].into_iter()),
        JsonApi
    );
    assert_eq!(Format::choose(&[], [].into_iter()), ProblemJson);
}

#[test]
fn the_preferred_offer_is_sent() {
    let cases: [(&[Format], &str, Format); 34] = [
        // The type itself.
        (&ALL, "application/problem+json", ProblemJson),
        (&ALL, "application/problem+xml", ProblemXml),
        (&ALL, "application/vnd.api+json", JsonApi),
        (&ALL, "application/json", Aip193),
        (&ALL, "APPLICATION/Problem+XML", ProblemXml),
        // The syntax, the kind, anything.
        (&[ProblemJson, ProblemXml], "application/xml", ProblemXml),
        (&[ProblemJson, ProblemXml], "text/xml", ProblemXml),
        (&[ProblemXml, ProblemJson], "text/json", ProblemJson),
        (&[ProblemXml, JsonApi], "application/json", JsonApi),
        (
            &[ProblemXml, ProblemJson],
            "application/*+json",
            ProblemJson,
        ),
        (
            &[ProblemXml, ProblemJson],
            "application/vnd.acme.v2+json",
            ProblemJson,
        ),
        (
            &[ProblemJson, ProblemXml],
            "application/soap+xml",
            ProblemXml,
        ),
        (&[JsonApi, ProblemJson], "application/*", JsonApi),
        (&[JsonApi, ProblemJson], "*/*", JsonApi),
        (&[JsonApi, ProblemJson], "application/json", JsonApi),
        // At equal weights the narrower range wins.
        (
            &[ProblemXml, ProblemJson],
            "application/json, */*",
            ProblemJson,
        ),
        (
            &[ProblemJson, JsonApi],
            "application/json, application/vnd.api+json",
            JsonApi,
        ),
        (&[ProblemJson, Aip193], "application/json", Aip193),
        // Weights.
        (
            &[ProblemJson, ProblemXml],
            "application/problem+json;q=0.5, application/problem+xml;q=0.6",
            ProblemXml,
        ),
        (
            &[ProblemJson, ProblemXml],
            "application/xml;q=0.9, */*;q=0.8",
            ProblemXml,
        ),
        (
            &[ProblemJson, ProblemXml],
            "application/xml;q=0.7, */*;q=0.8",
            ProblemJson,
        ),
        // The narrowest range gives the weight, wherever it stands and whatever wider ones say.
        (
            &[ProblemJson, ProblemXml],
            "*/*, application/problem+json;q=0.1",
            ProblemXml,
        ),
        (
            &[ProblemJson, ProblemXml],
            "application/problem+json;q=0, */*",
            ProblemXml,
        ),
        (
            &[ProblemJson, ProblemXml],
            "application/json;q=0, */*",
            ProblemXml,
        ),
        (
            &[ProblemJson, ProblemXml],
            "*/*;q=0.1, application/problem+xml;q=0",
            ProblemJson,
        ),
        // Of equally narrow ranges the most generous counts.
        (
            &[ProblemXml, ProblemJson],
            "text/json;q=0, application/json",
            ProblemJson,
        ),
        // Who refuses another type has not refused this one.
        (
            &[ProblemJson, ProblemXml],
            "application/vnd.acme+json;q=0, */*",
            ProblemJson,
        ),
        // A range with parameters counts after one without.
        (
            &[ProblemXml, ProblemJson],
            "application/problem+json;v=2;q=0, application/problem+json, application/problem+xml;q=0.5",
            ProblemJson,
        ),
        (
            &[ProblemXml, ProblemJson],
            "application/problem+json;charset=utf-8",
            ProblemJson,
        ),
        (
            &[ProblemJson, JsonApi],
            r#"application/vnd.api+json;profile="a,b""#,
            JsonApi,
        ),
        // Nothing fits, or nothing can be read.
        (
            &[ProblemXml, ProblemJson],
            "text/html, image/png",
            ProblemXml,
        ),
        (&[ProblemXml, ProblemJson], "*/*;q=0", ProblemXml),
        (
            &[ProblemXml, ProblemJson],
            "application/problem+json;q=2",
            ProblemXml,
        ),
        (&[ProblemXml, ProblemJson], ",;=, json", ProblemXml),
    ];
    for (offered, accept, expected) in cases {
        assert_eq!(choose(offered, accept), expected, "{accept}");
    }
}

#[test]
fn several_field_lines_are_one_list() {
    let lines = [&b"text/html"[..], b"application/problem+xml"];
    assert_eq!(Format::choose(&ALL, lines.into_iter()), ProblemXml);
}

#[test]
fn only_the_first_hundred_ranges_count() {
    let padded = |number| format!("{}application/problem+xml", "a/b, ".repeat(number));
    assert_eq!(choose(&ALL, &padded(99)), ProblemXml);
    assert_eq!(choose(&ALL, &padded(100)), ProblemJson);
}

proptest! {
    #[test]
    fn whatever_accept_says_the_choice_is_one_of_the_offer(
        lines in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..3),
        first in 0..4_usize,
    ) {
        let offered = &ALL[first..];
        let chosen = Format::choose(offered, lines.iter().map(Vec::as_slice));
        prop_assert!(offered.contains(&chosen));
    }

    #[test]
    fn a_type_that_is_refused_is_not_chosen_while_another_is_taken(refused in 0..4_usize) {
        let accept = format!("{};q=0, */*;q=0.1", ALL[refused].media_type());
        prop_assert_ne!(choose(&ALL, &accept), ALL[refused]);
    }
}
