//! Two path templates and a request target, a line each: what is captured renders to the same path,
//! and a template that covers another matches whatever that one matches.

#![no_main]

use kit::matching::{PathTemplate, split_query};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut lines = text.splitn(3, '\n');
    let Some(Ok(template)) = lines.next().map(str::parse::<PathTemplate>) else {
        return;
    };
    let other = lines.next().map(str::parse::<PathTemplate>);
    let target = lines.next().unwrap_or_default();
    assert!(template.covers(&template));
    for name in template.variables() {
        assert!(template.without(name).variables().all(|own| own != name));
    }
    let captures = template.capture(target);
    assert_eq!(captures.is_some(), template.matches(target));
    if let Some(captures) = &captures {
        let path = split_query(target).0;
        let rendered = template
            .render(captures)
            .expect("every variable has a value");
        assert!(
            template.matches(&rendered),
            "{rendered:?} is no path like it"
        );
        // The root is written with its slash, however little is left of it.
        if !path.contains('%') && rendered != "/" {
            assert_eq!(rendered, path);
        }
    }
    if let Some(Ok(other)) = other
        && template.covers(&other)
        && other.matches(target)
    {
        assert!(captures.is_some(), "it covers what it does not match");
    }
});
