//! Problems as JSON:API 1.1 has them: a list of error objects, one for each violation.

use kit::problem::{Problem, Violation};
use serde_json::{Map, Value, json};

type Object = Map<String, Value>;

/// The relations of links that lead to more about a problem, the nearest first.
const ABOUT: [&str; 3] = ["about", "describedby", "help"];

pub(super) fn write(problem: &Problem) -> Vec<u8> {
    let violations = problem.violations();
    let mut meta = meta(problem, &violations);
    let mut errors: Vec<Object> = violations
        .iter()
        .map(|violation| of_violation(problem, violation))
        .collect();
    if errors.is_empty() {
        errors.push(of_whole(problem, &mut meta));
    }
    let mut document = Object::new();
    match errors.as_mut_slice() {
        [one] => {
            identify(one, &mut meta);
            put_meta(one, meta);
        }
        // What is true of all of them stands once, and no two may have one id.
        _ => add_object(&mut document, "meta", meta),
    }
    document.insert("errors".to_owned(), errors.into());
    document.insert("jsonapi".to_owned(), json!({"version": "1.1"}));
    serde_json::to_vec(&document).unwrap_or_default()
}

/// The only error object of a problem without violations.
fn of_whole(problem: &Problem, meta: &mut Object) -> Object {
    let mut error = common(problem);
    add(&mut error, "code", code(problem));
    add(&mut error, "detail", &problem.detail);
    if meta.get("code").is_some_and(Value::is_string) {
        meta.remove("code");
    }
    error
}

fn of_violation(problem: &Problem, violation: &Violation<'_>) -> Object {
    let mut error = common(problem);
    add(
        &mut error,
        "code",
        violation.code.as_deref().unwrap_or(code(problem)),
    );
    add(&mut error, "detail", violation.detail);
    let (source, meta) = place(violation);
    add_object(&mut error, "source", source);
    add_object(&mut error, "meta", meta);
    error
}

/// Which part of the request a violation is about: `source`, as far as it has a member for it, and
/// `meta`.
fn place(violation: &Violation<'_>) -> (Object, Object) {
    let (mut source, mut meta) = (Object::new(), Object::new());
    // The empty pointer is the whole content.
    if let Some(pointer) = &violation.pointer {
        source.insert("pointer".to_owned(), pointer.as_ref().into());
    }
    let field = violation.field.unwrap_or_default();
    match violation.place {
        Some("query") => add(&mut source, "parameter", field),
        Some("header") => add(&mut source, "header", field),
        place => {
            add(&mut meta, "field", field);
            add(&mut meta, "in", place.unwrap_or_default());
        }
    }
    (source, meta)
}

/// What all error objects of a problem share.
fn common(problem: &Problem) -> Object {
    let mut links = Object::new();
    add(&mut links, "about", about(problem).unwrap_or_default());
    if problem.type_uri != "about:blank" {
        add(&mut links, "type", &problem.type_uri);
    }
    let mut error = Object::new();
    add_object(&mut error, "links", links);
    // It is a string here, other than in RFC 9457.
    add(&mut error, "status", &problem.status.to_string());
    add(&mut error, "title", &problem.title);
    error
}

/// The service's own code, else the reason.
fn code(problem: &Problem) -> &str {
    let own = problem.extensions.get("code").and_then(Value::as_str);
    own.unwrap_or(&problem.reason)
}

/// Where more about this occurrence is to be read.
fn about(problem: &Problem) -> Option<&str> {
    let link = |rel: &str| problem.links.iter().find(|link| link.rel == rel);
    let instance = problem.instance.as_deref();
    instance.filter(|uri| is_locator(uri)).or_else(|| {
        let link = ABOUT.into_iter().find_map(link)?;
        Some(link.href.as_str())
    })
}

/// Whether a URI reference leads somewhere, rather than being a mere name such as a `urn:uuid:`.
fn is_locator(uri: &str) -> bool {
    let is_relative = || {
        !uri.split(['/', '?', '#'])
            .next()
            .is_some_and(|first| first.contains(':'))
    };
    uri.starts_with("https://") || uri.starts_with("http://") || is_relative()
}

/// What a problem says and JSON:API has no member for.
fn meta(problem: &Problem, violations: &[Violation<'_>]) -> Object {
    let mut meta = members(&problem.extensions);
    if !violations.is_empty() {
        meta.remove("errors");
        add(&mut meta, "detail", &problem.detail);
    }
    let name = problem.instance.as_deref().filter(|uri| !is_locator(uri));
    add(&mut meta, "instance", name.unwrap_or_default());
    meta
}

/// Gives an error object the id of the occurrence.
fn identify(error: &mut Object, meta: &mut Object) {
    for name in ["requestId", "instance"] {
        if meta.get(name).is_some_and(Value::is_string)
            && let Some(id) = meta.remove(name)
        {
            error.insert("id".to_owned(), id);
            return;
        }
    }
}

/// Says what is true of the whole problem in its only error object, beside what is there.
fn put_meta(error: &mut Object, mut meta: Object) {
    if let Some(Value::Object(own)) = error.remove("meta") {
        meta.extend(own);
    }
    add_object(error, "meta", meta);
}

fn add_object(object: &mut Object, name: &str, members: Object) {
    if !members.is_empty() {
        object.insert(name.to_owned(), members.into());
    }
}

fn add(object: &mut Object, name: &str, text: &str) {
    if !text.is_empty() {
        object.insert(name.to_owned(), text.into());
    }
}

/// The members whose names JSON:API allows, however deep they stand.
fn members(object: &Object) -> Object {
    let allowed = object.iter().filter(|(name, _)| is_member_name(name));
    allowed
        .map(|(name, value)| (name.clone(), with_member_names(value)))
        .collect()
}

fn with_member_names(value: &Value) -> Value {
    match value {
        Value::Object(object) => members(object).into(),
        Value::Array(items) => items.iter().map(with_member_names).collect(),
        other => other.clone(),
    }
}

/// JSON:API 1.1, "Member Names"; an `@` may stand in front ("@-Members").
fn is_member_name(name: &str) -> bool {
    let name = name.strip_prefix('@').unwrap_or(name);
    let is_global = |c: char| c.is_ascii_alphanumeric() || !c.is_ascii();
    let is_inner = |c: char| is_global(c) || matches!(c, '-' | '_' | ' ');
    name.starts_with(is_global) && name.ends_with(is_global) && name.chars().all(is_inner)
}
