//! What is cut from `jsonschema`, and the little that is put in its place.
//!
//! V8 compiles a module before the proxy listens, so what no request needs costs every start.

use crate::source::{at_least_one, drop_functions, implementations, replace_path, Source};

/// One thing that is different from `jsonschema`.
pub(crate) struct Edit {
    /// Its name, for the message where it no longer applies.
    pub(crate) name: &'static str,
    /// Makes it.
    pub(crate) apply: fn(&mut Source) -> Result<(), String>,
}

/// All of them, in the order in which they apply.
pub(crate) const EDITS: &[Edit] = &[
    Edit {
        name: "the crate is included in another",
        apply: inner_attributes,
    },
    Edit {
        name: "no tests",
        apply: tests,
    },
    Edit {
        name: "no canonical forms of schemas",
        apply: canonical,
    },
    Edit {
        name: "no annotations and output formats",
        apply: annotations,
    },
    Edit {
        name: "no meta-schemas",
        apply: meta_schemas,
    },
    Edit {
        name: "one engine of regular expressions",
        apply: regular_expressions,
    },
    Edit {
        name: "no second run for unfinished matches",
        apply: unfinished_matches,
    },
    Edit {
        name: "one kind of map",
        apply: maps,
    },
    Edit {
        name: "errors are collected, and nothing else",
        apply: validate,
    },
    Edit {
        name: "no inlining by decree",
        apply: inlining,
    },
    Edit {
        name: "no errors of alternatives",
        apply: alternatives,
    },
    Edit {
        name: "no more errors than are told",
        apply: cap,
    },
    Edit {
        name: "the formats int32 and int64",
        apply: integer_formats,
    },
];

/// An included file has no attributes and no documentation of the crate.
fn inner_attributes(source: &mut Source) -> Result<(), String> {
    let text = source.file("lib.rs")?;
    let is_inner = |line: &str| line.starts_with("//!") || line.starts_with("#![");
    let before = text.len();
    *text = text
        .split_inclusive('\n')
        .filter(|line| !is_inner(line))
        .collect();
    at_least_one(before - text.len(), "#!")
}

/// They are in the way of the edits that follow, and are never compiled.
fn tests(source: &mut Source) -> Result<(), String> {
    let mut found = 0;
    for text in source.files("") {
        if let Some(at) = text.find("#[cfg(test)]\nmod tests") {
            text.truncate(at);
            found += 1;
        }
    }
    at_least_one(found, "mod tests")
}

/// An application of its own, a third of the source. One constant of it is used elsewhere.
fn canonical(source: &mut Source) -> Result<(), String> {
    source.drop_files("canonical/")?;
    source.replace("lib.rs", "pub mod canonical;\n", "")?;
    source.replace("lib.rs", "pub use canonical::CanonicalizationError;\n", "")?;
    source.drop_block("lib.rs", "pub fn canonicalize(")?;
    source.replace(
        "keywords/helpers.rs",
        "crate::canonical::json::U64_UPPER_EXCLUSIVE_F64",
        "18_446_744_073_709_551_616.0",
    )
}

/// Nobody asks for them, but they are methods of a trait behind pointers, which the linker keeps.
fn annotations(source: &mut Source) -> Result<(), String> {
    let mut found = 0;
    for prefix in ["keywords/", "node.rs"] {
        for text in source.files(prefix) {
            found += drop_functions(text, "evaluate");
            found += drop_functions(text, "evaluate_with_location");
        }
    }
    at_least_one(found, "fn evaluate")?;
    source.replace_body(
        "validator.rs",
        "fn evaluate(",
        "EvaluationResult::valid_empty()",
    )
}

/// They would be a second engine over `serde_json::Value`, built anew for each schema on wasm.
/// `treaty check` holds schemas to them, natively.
fn meta_schemas(source: &mut Source) -> Result<(), String> {
    let check = "if config.validate_schema {\n        validate_schema(draft, schema)?;\n    }\n";
    source.replace("compiler.rs", check, "")?;
    source.replace("compiler.rs", "    validate_schema(draft, schema)?;\n", "")
}

/// `regex-lite` takes linear time and a tenth of the room of `regex` and `fancy-regex`, and the
/// simplest patterns need no machine at all. What cannot be done so is refused at load.
fn regular_expressions(source: &mut Source) -> Result<(), String> {
    let variant = "    Regex {\n        size_limit: Option<usize>,\n        dfa_size_limit: Option<usize>,\n    },\n";
    source.replace("options.rs", variant, "")?;
    source.drop_block("options.rs", "impl PatternOptions<Regex> {")?;
    for keyword in ["pattern", "pattern_properties", "additional_properties"] {
        let path = format!("keywords/{keyword}.rs");
        source.drop_block(&path, "PatternEngineOptions::Regex { .. } => {")?;
    }
    source.drop_block(
        "keywords/unevaluated_properties.rs",
        "crate::options::PatternEngineOptions::Regex { .. } => {",
    )?;
    source.drop_block("properties.rs", "pub(crate) fn compile_regex_patterns<")?;
    let import = " compile_regex_patterns,";
    source.replace("keywords/additional_properties.rs", import, "")?;
    source.drop_block(
        "compiler.rs",
        "pub(crate) fn get_or_compile_standard_regex(",
    )?;
    source.replace(
        "compiler.rs",
        "            PatternEngineOptions::Regex { .. } => (None, None, None),\n",
        "",
    )?;
    source.drop_block("regex.rs", "impl RegexEngine for fancy_regex::Regex {")?;
    source.drop_block("regex.rs", "impl RegexEngine for regex::Regex {")?;
    source.drop_block("regex.rs", "pub(crate) fn build_standard_regex(")?;
    source.replace_body(
        "regex.rs",
        "pub(crate) fn build_fancy_regex(",
        "Pattern::new(translated).ok_or(())",
    )?;
    let text = source.file("regex.rs")?;
    text.push_str(include_str!("pattern.rs"));
    text.push_str(include_str!("flat_classes.rs"));
    let mut found = 0;
    for text in source.files("") {
        found += replace_path(text, "fancy_regex::Regex", "crate::regex::Pattern");
        found += replace_path(text, "regex::Regex", "crate::regex::Pattern");
        found += replace_path(text, "fancy_regex::Error", "std::convert::Infallible");
    }
    at_least_one(found, "regex::Regex")
}

/// A linear engine finishes every match.
fn unfinished_matches(source: &mut Source) -> Result<(), String> {
    source.drop_block("validator.rs", "if let Some(first) = ctx.matches {")?;
    source.replace(
        "validator.rs",
        "        match ctx.matches {
            None => valid,
            Some(first) => self.valid_under_every_outcome(&instance, *first),
        }
",
        "        valid\n",
    )
}

/// Validators of objects exist once for small sets of properties and once for large ones.
fn maps(source: &mut Source) -> Result<(), String> {
    let choice = "if map.len() < HASHMAP_THRESHOLD";
    for path in ["keywords/additional_properties.rs", "properties.rs"] {
        source.replace(path, choice, "if false")?;
    }
    Ok(())
}

/// `validate` says of the first error what `collect_errors` says of all, in code of its own.
fn validate(source: &mut Source) -> Result<(), String> {
    let mut found = 0;
    for prefix in ["keywords/", "node.rs"] {
        for text in source.files(prefix) {
            let mut blocks = implementations(text, " for ");
            blocks.reverse();
            for (start, end) in blocks {
                let block = &text[start..end];
                let head = block.split('{').next().unwrap_or_default();
                let is_ours = head.contains("Validate for ") || head.contains("Validate<F> for ");
                if !is_ours || !block.contains("fn collect_errors<") {
                    continue;
                }
                let mut block = block.to_owned();
                found += drop_functions(&mut block, "validate");
                text.replace_range(start..end, &block);
            }
        }
    }
    at_least_one(found, "fn validate")?;
    let declared = "        ctx: &mut ValidationContext,
    ) -> Result<(), ValidationError<'i>>;
";
    source.replace(
        "validator.rs",
        declared,
        "        ctx: &mut ValidationContext,
    ) -> Result<(), ValidationError<'i>> {
        let mut errors = Vec::new();
        self.collect_errors(instance, location, tracker, ctx, &mut errors);
        errors.into_iter().next().map_or(Ok(()), Err)
    }
",
    )
}

/// The optimiser is told to keep the module small.
fn inlining(source: &mut Source) -> Result<(), String> {
    let mut found = 0;
    for text in source.files("") {
        found += text.matches("#[inline(always)]").count();
        *text = text.replace("#[inline(always)]", "");
    }
    at_least_one(found, "#[inline(always)]")
}

/// What each alternative of `anyOf` and `oneOf` lacks is not told: that it is none of them is.
/// Collecting it would take memory for every alternative at every level.
fn alternatives(source: &mut Source) -> Result<(), String> {
    let of_each = "schema.collect_errors(instance, location, tracker, ctx, &mut branch);\n";
    let of_one = "self.node
                        .collect_errors(instance, location, tracker, ctx, &mut branch);\n";
    source.replace("keywords/any_of.rs", of_each, "")?;
    source.replace("keywords/one_of.rs", of_each, "")?;
    source.replace("keywords/one_of.rs", of_one, "")?;
    source.replace(
        "keywords/any_of.rs",
        "        let mut branch = Vec::new();
        self.node
            .collect_errors(instance, location, tracker, ctx, &mut branch);\n",
        "        let branch = Vec::new();\n",
    )
}

/// A large array of wrong elements would make an error of each before the first is told. Schemas,
/// keywords that assert, and names of members are where errors of many values come from.
fn cap(source: &mut Source) -> Result<(), String> {
    source.file("lib.rs")?.push_str(
        "
/// How many errors of one value are collected before the rest of it is left alone. The schemas
/// around the last one may still add what they have to say of their own value.
pub const MAX_ERRORS: usize = 64;
",
    );
    let full = "errors.len() >= crate::MAX_ERRORS";
    let of_schemas = "        match &self.inner.validators {
            NodeValidators::Keyword(kvs) => {
                for (entry, metadata)";
    source.replace(
        "node.rs",
        of_schemas,
        &format!("        if {full} {{\n            return;\n        }}\n{of_schemas}"),
    )?;
    let of_keywords = "if let Err(error) = self.validate(instance, location, tracker, ctx) {";
    source.replace(
        "validator.rs",
        of_keywords,
        &format!("if {full} {{\n            return;\n        }}\n        {of_keywords}"),
    )?;
    let of_names = "let mut name_errors = Vec::new();
        for (name, _) in object.members() {\n";
    source.replace(
        "keywords/property_names.rs",
        of_names,
        &format!("{of_names}            if {full} {{\n                return;\n            }}\n"),
    )
}

/// `OpenAPI`'s formats of numbers (its format registry), which `jsonschema` leaves to custom
/// formats, which it has for strings alone.
fn integer_formats(source: &mut Source) -> Result<(), String> {
    source.replace(
        "keywords/format.rs",
        "            let draft = ctx.draft();
            match builtin_format(draft, format) {
",
        "            if let Some(range) = integer_range(format) {
                return Some(Ok(Box::new(IntegerFormatValidator {
                    location: ctx.location().join(\"format\"),
                    format: format.clone(),
                    range,
                })));
            }
            let draft = ctx.draft();
            match builtin_format(draft, format) {
",
    )?;
    source
        .file("keywords/format.rs")?
        .push_str(include_str!("integer_format.rs"));
    Ok(())
}
