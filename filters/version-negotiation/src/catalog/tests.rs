use proptest::prelude::*;

use super::*;
use crate::version::Scheme;

const NOW: SystemTime = SystemTime::UNIX_EPOCH;

fn listed(scheme: Scheme, text: &str, declared: Option<State>) -> Listed {
    let version = scheme.parse(text).unwrap();
    Listed {
        label: version.to_string(),
        version,
        life: Life {
            declared,
            ..Life::default()
        },
        advice: Advice::default(),
        variants: Vec::new(),
    }
}

/// A catalog of versions, of which `~` marks previews and `!` retired ones.
fn catalog(scheme: Scheme, resolution: Resolution, versions: &[&str]) -> Catalog {
    let read = |text: &&str| match text.split_at(1) {
        ("~", text) => listed(scheme, text, Some(State::Preview)),
        ("!", text) => listed(scheme, text, Some(State::Retired)),
        _ => listed(scheme, text, None),
    };
    Catalog::new(versions.iter().map(read).collect(), resolution)
}

fn resolved(catalog: &Catalog, scheme: Scheme, text: &str) -> String {
    let asked = scheme.parse(text).unwrap();
    catalog
        .resolve(&asked, NOW)
        .map_or_else(|| "none".into(), |listed| listed.label.clone())
}

#[test]
fn exact_means_equal() {
    let own = catalog(Scheme::Semver, Resolution::Exact, &["1.2", "1.2.3", "~2"]);
    let of = |text| resolved(&own, Scheme::Semver, text);
    assert_eq!(of("1.2.0"), "1.2");
    assert_eq!(of("1.2.3"), "1.2.3");
    assert_eq!(of("1"), "none");
    assert_eq!(of("2"), "2");
}

#[test]
fn compatible_means_the_newest_of_the_series() {
    let versions = [
        "1.0.0",
        "1.2.0",
        "1.4.2",
        "!1.5.0",
        "~1.6.0",
        "1.7.0-rc.1",
        "2.1",
        "!3.0",
        "~4",
    ];
    let own = catalog(Scheme::Semver, Resolution::Compatible, &versions);
    let of = |text| resolved(&own, Scheme::Semver, text);
    assert_eq!(of("1"), "1.4.2");
    assert_eq!(of("1.2"), "1.4.2");
    assert_eq!(of("1.4.2"), "1.4.2");
    assert_eq!(of("1.6.0"), "1.6.0", "a preview is reached by its name");
    assert_eq!(of("1.6"), "none", "and by nothing else");
    assert_eq!(of("1.7.0-rc.1"), "1.7.0-rc.1");
    assert_eq!(of("1.5.0"), "1.5.0", "only the retired one is new enough");
    assert_eq!(of("2"), "2.1");
    assert_eq!(of("2.2"), "none");
    assert_eq!(of("3"), "3.0");
    assert_eq!(of("4"), "4");
    assert_eq!(of("0"), "none");
}

#[test]
fn waterfall_means_the_nearest_earlier() {
    let versions = ["2025-01-01", "!2025-06-01", "2026-01-01", "~2026-06-01"];
    let own = catalog(Scheme::Date, Resolution::Waterfall, &versions);
    let of = |text| resolved(&own, Scheme::Date, text);
    assert_eq!(of("2024-12-31"), "none");
    assert_eq!(of("2025-01-01"), "2025-01-01");
    assert_eq!(of("2025-05-31"), "2025-01-01");
    assert_eq!(
        of("2025-07-01"),
        "2025-06-01",
        "nobody is moved to what they did not ask for"
    );
    assert_eq!(of("2026-06-01"), "2026-06-01");
    assert_eq!(of("2026-06-02"), "2026-01-01");
}

#[test]
fn newest_and_oldest_leave_out_previews_and_what_is_gone() {
    let own = catalog(Scheme::Integer, Resolution::Exact, &["!1", "3", "2", "~4"]);
    assert_eq!(own.oldest(NOW).unwrap().label, "2");
    assert_eq!(own.newest(NOW).unwrap().label, "3");
    assert_eq!(own.supported(NOW), ["2", "3"]);
    let gone = catalog(Scheme::Integer, Resolution::Exact, &["!1", "!2", "~3"]);
    assert_eq!(gone.newest(NOW).unwrap().label, "2");
    assert_eq!(gone.oldest(NOW).unwrap().label, "2");
}

fn semver() -> impl Strategy<Value = String> {
    (0_u8..3, 0_u8..4, 0_u8..3, 1_usize..4).prop_map(|(major, minor, patch, parts)| {
        let all = [major, minor, patch].map(|part| part.to_string());
        all[..parts].join(".")
    })
}

fn semvers() -> impl Strategy<Value = Catalog> {
    let versions = prop::collection::vec((semver(), 0..3_u8), 1..10);
    versions.prop_map(|versions| {
        let mut list: Vec<Listed> = Vec::new();
        for (text, state) in versions {
            let declared = [None, Some(State::Preview), Some(State::Retired)][usize::from(state)];
            let own = listed(Scheme::Semver, &text, declared);
            if list.iter().all(|other| other.version != own.version) {
                list.push(own);
            }
        }
        Catalog::new(list, Resolution::Exact)
    })
}

proptest! {
    #[test]
    fn resolution_keeps_its_laws(mut own in semvers(), text in semver()) {
        let asked = Scheme::Semver.parse(&text).unwrap();
        let major = |version: &Version| version.to_string().split('.').next().map(str::to_owned);
        for resolution in [Resolution::Exact, Resolution::Compatible, Resolution::Waterfall] {
            own.resolution = resolution;
            let Some(found) = own.resolve(&asked, NOW) else { continue };
            prop_assert!(own.iter().any(|listed| Rc::ptr_eq(listed, found)), "it is listed");
            match resolution {
                Resolution::Exact => prop_assert_eq!(&found.version, &asked),
                Resolution::Compatible => {
                    prop_assert!(found.version >= asked);
                    prop_assert_eq!(major(&found.version), major(&asked));
                }
                Resolution::Waterfall => prop_assert!(found.version <= asked),
            }
            if found.is_preview() {
                prop_assert_eq!(&found.version, &asked);
            }
        }
    }
}
