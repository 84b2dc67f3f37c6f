//! Octets as a case file: none panics, and a case that loads has the same outcome twice.

#![no_main]

use std::fs;

use libfuzzer_sys::fuzz_target;
use treaty::case::CaseFile;
use treaty::{native, registry};

fuzz_target!(|text: &[u8]| {
    let name = format!("treaty-fuzz-case-{}.yaml", std::process::id());
    let path = std::env::temp_dir().join(name);
    fs::write(&path, text).expect("the folder for temporary files can be written");
    match CaseFile::load(&path) {
        Err(errors) => assert!(!errors.to_string().is_empty()),
        Ok(file) => {
            for case in &file.cases {
                let outcome = native::observe(case, registry::FILTERS);
                assert_eq!(outcome, native::observe(case, registry::FILTERS));
            }
        }
    }
});
