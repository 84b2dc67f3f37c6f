//! Reads a document from its root down to media types.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use kit::media_range::MediaRange;
use kit::policy::{Findings, child};
use percent_encoding::percent_decode_str;

use crate::parameter::{Form, Location, Parameter, Serialization, Shape, Style, Styled};

use super::compiled::Schemas;
use super::content::{Body, Content, MediaType};
use super::document::{Contract, Reading, Undefined};
use super::json::{Json, Node};
use super::operation::{Declared, Operation, PathItem};
use super::path::{Template, Tree};
use super::response::{Response, Responses, StatusKey};
use super::source::Source;
use super::version::Version;
use super::view::SchemaRef;
use crate::schema::Dialect;

/// How many references may follow each other without anything between them.
const MAX_HOPS: usize = 32;

pub(super) fn read(json: Json, reading: Reading) -> Result<Contract, Findings> {
    let (version, dialect) = versions(json.root())?;
    let source = Box::new(Source {
        json,
        version,
        dialect,
        reading,
    });
    let mut reader = Reader::new(&source);
    let (items, tree) = reader.paths();
    let base_paths = reader.base_paths();
    reader.finish_schemas();
    let Reader {
        mut findings,
        mut notes,
        ..
    } = reader;
    findings.once();
    notes.once();
    findings.or(())?;
    Contract {
        source,
        items,
        tree,
        base_paths,
        notes,
        schemas: Schemas::default(),
    }
    .compiled()
}

fn versions(root: Node<'_>) -> Result<(Version, Dialect), Findings> {
    if !root.is_object() {
        return Err(Findings::one("", "expected an OpenAPI document"));
    }
    if root.has("swagger") {
        let message = "OpenAPI 2.0 is not read; convert the document to 3.0 or later";
        return Err(Findings::one("/swagger", message));
    }
    let Some(declared) = root.get("openapi") else {
        return Err(Findings::one(
            "",
            "`openapi` is missing; expected a version such as \"3.1.1\"",
        ));
    };
    let version = declared
        .as_str()
        .and_then(Version::declared)
        .ok_or_else(|| {
            Findings::one(
                "/openapi",
                "expected a version of 3.0, 3.1 or 3.2, such as \"3.1.1\"",
            )
        })?;
    let dialect = match root.get("jsonSchemaDialect") {
        Some(declared) if version > Version::V3_0 => {
            let uri = declared.as_str().and_then(Dialect::identified);
            uri.ok_or_else(|| Findings::one("/jsonSchemaDialect", UNKNOWN_DIALECT))?
        }
        _ => Dialect::Draft2020,
    };
    Ok((version, dialect))
}

pub(super) const UNKNOWN_DIALECT: &str = "is no known dialect; expected JSON Schema draft 4, 6, 7, 2019-09 or 2020-12, or that of OpenAPI";

/// Why a reference leads nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dangling {
    /// It leads to another document.
    Remote,
    /// It is a name (`$anchor`) or an identifier that a schema of this document may have.
    Named,
    /// There is nothing.
    Missing,
}

impl Dangling {
    pub(super) fn message(self) -> &'static str {
        match self {
            Self::Remote => {
                "refers to another document; put all of it into one first, with `treaty bundle`"
            }
            Self::Named | Self::Missing => "refers to nothing in this document",
        }
    }
}

/// What a local reference leads to, and its pointer.
pub(super) fn resolve<'d>(root: Node<'d>, reference: &str) -> Result<(String, Node<'d>), Dangling> {
    let own = root.get("$self").and_then(Node::as_str);
    let local = own.and_then(|own| reference.strip_prefix(own));
    let local = local
        .filter(|rest| rest.starts_with('#'))
        .unwrap_or(reference);
    let Some(("", fragment)) = local.split_once('#') else {
        return Err(Dangling::Remote);
    };
    let pointer = percent_decode_str(fragment).decode_utf8();
    let pointer = pointer.map_err(|_| Dangling::Missing)?;
    if !pointer.is_empty() && !pointer.starts_with('/') {
        return Err(Dangling::Named);
    }
    let target = root.pointer(&pointer).ok_or(Dangling::Missing)?;
    Ok((pointer.into_owned(), target))
}

/// A document that is read.
pub(super) struct Reader<'d> {
    pub(super) source: &'d Source,
    pub(super) root: Node<'d>,
    pub(super) findings: Findings,
    pub(super) notes: Findings,
    /// Schemas that were seen.
    pub(super) walked: BTreeSet<usize>,
    /// Schemas that something refers to, not walked yet.
    pub(super) pending: Vec<(String, Node<'d>)>,
    /// References by name or identifier, with where they stand.
    pub(super) named: Vec<(String, &'d str)>,
    /// The names and identifiers that schemas have.
    pub(super) names: BTreeSet<String>,
    // What several operations share is read once.
    parameters: BTreeMap<String, Option<Arc<Declared>>>,
    bodies: BTreeMap<String, Arc<Body>>,
    responses: BTreeMap<String, Arc<Response>>,
    operation_ids: BTreeSet<&'d str>,
}

impl<'d> Reader<'d> {
    fn new(source: &'d Source) -> Self {
        Self {
            source,
            root: source.json.root(),
            findings: Findings::new(),
            notes: Findings::new(),
            walked: BTreeSet::new(),
            pending: Vec::new(),
            named: Vec::new(),
            names: BTreeSet::new(),
            parameters: BTreeMap::new(),
            bodies: BTreeMap::new(),
            responses: BTreeMap::new(),
            operation_ids: BTreeSet::new(),
        }
    }

    fn paths(&mut self) -> (Vec<PathItem>, Tree) {
        let mut items = Vec::new();
        let mut tree = Tree::default();
        let Some(paths) = self.root.get("paths") else {
            self.notes.add(
                "",
                "has no `paths`, so that there is nothing to hold requests to",
            );
            return (items, tree);
        };
        for (template, value) in self.members("/paths", paths) {
            if template.starts_with("x-") {
                continue;
            }
            let at = child("/paths", template);
            let parsed = match Template::parse(template) {
                Ok(parsed) => parsed,
                Err(fault) => {
                    self.findings.add(at, fault.message());
                    continue;
                }
            };
            if parsed.repeats() {
                self.undefined(&at, "has one variable twice");
            }
            let mut operations = self.path_item(&at, value, &parsed.names);
            for unnamed in operations.iter_mut().filter(|own| own.name.is_empty()) {
                unnamed.name = format!("{} {template}", unnamed.method);
            }
            let item = PathItem {
                template: template.to_owned(),
                operations: operations.into_iter().map(Rc::new).collect(),
            };
            for other in tree.add(&parsed, items.len()) {
                self.check_shape(&at, &item, items.get(other));
            }
            items.push(item);
        }
        (items, tree)
    }

    /// OAS 3.2.0 section 4.8.1: templates that differ in the names of their variables only "must not
    /// exist as they are identical". Where their methods differ one can still tell which is meant.
    fn check_shape(&mut self, at: &str, item: &PathItem, other: Option<&PathItem>) {
        let shared = |other: &PathItem| item.methods().any(|own| other.operation(own).is_some());
        if other.is_some_and(shared) {
            let message =
                "matches the same paths as another template, and has a method in common with it";
            self.findings.add(at, message);
        } else {
            self.notes.add(
                at,
                "matches the same paths as another template, with other methods",
            );
        }
    }

    /// Notes what the standard does not define.
    fn undefined(&mut self, at: &str, message: &str) {
        match self.source.reading.undefined {
            Undefined::Refused => self.findings.add(at, message),
            Undefined::Unchecked => self.notes.add(at, format!("{message}; it is not checked")),
        }
    }

    fn path_item(&mut self, at: &str, value: Node<'d>, names: &[String]) -> Vec<Operation> {
        let Some((at, value)) = self.follow(at, value) else {
            return Vec::new();
        };
        let shared = self.parameter_list(&at, value);
        let mut operations = Vec::new();
        for (name, value) in self.members(&at, value) {
            let own = child(&at, name);
            let is_method = matches!(
                name,
                "get" | "put" | "post" | "delete" | "options" | "head" | "patch" | "trace"
            ) || (name == "query" && self.source.version >= Version::V3_2);
            if is_method {
                let method = name.to_ascii_uppercase();
                operations.extend(self.operation(method, own, value, &shared, names));
            } else if name == "additionalOperations" && self.source.version >= Version::V3_2 {
                for (method, value) in self.members(&own, value) {
                    let at = child(&own, method);
                    operations.extend(self.operation(method.to_owned(), at, value, &shared, names));
                }
            }
        }
        operations
    }

    fn operation(
        &mut self,
        method: String,
        pointer: String,
        value: Node<'d>,
        shared: &[Arc<Declared>],
        names: &[String],
    ) -> Option<Operation> {
        if !value.is_object() {
            self.findings.add(pointer, "expected an operation");
            return None;
        }
        let id = value.get("operationId").and_then(Node::as_str);
        if id.is_some_and(|id| !self.operation_ids.insert(id)) {
            let at = child(&pointer, "operationId");
            self.findings
                .add(at, "is the name of another operation too");
        }
        let own = self.parameter_list(&pointer, value);
        let is_overridden = |one: &&Arc<Declared>| !own.iter().any(|own| same(own, one));
        let inherited = shared.iter().filter(is_overridden);
        let parameters: Vec<_> = inherited.chain(&own).cloned().collect();
        self.check_places(&pointer, &parameters, names);
        let body = value.get("requestBody");
        let body = body.and_then(|value| self.body(&child(&pointer, "requestBody"), value));
        let responses = match value.get("responses") {
            Some(value) => self.responses(&child(&pointer, "responses"), value),
            None => Responses::default(),
        };
        Some(Operation {
            method,
            // Its path, which stands for one without, is known to the caller.
            name: id.unwrap_or_default().to_owned(),
            pointer,
            parameters,
            body,
            responses,
        })
    }

    /// Holds parameters to their path, and to each other.
    fn check_places(&mut self, at: &str, parameters: &[Arc<Declared>], names: &[String]) {
        let there = |location: Location| {
            let own = parameters.iter().map(|own| &own.parameter);
            own.filter(move |own| own.location == location)
        };
        for name in names {
            if !there(Location::Path).any(|own| own.name == *name) {
                let message = format!(
                    "declares no parameter for the variable `{name}` of its path, which is not checked"
                );
                self.notes.add(at, message);
            }
        }
        if there(Location::Path).any(|own| !names.contains(&own.name)) {
            self.notes.add(
                at,
                "declares a path parameter that its path has no variable for",
            );
        }
        // OAS 3.2.0 section 4.12.1: at most one, and none of `in: query` beside it.
        let whole = there(Location::QueryString).count();
        if whole > 1 || (whole == 1 && there(Location::Query).next().is_some()) {
            let message = "has a parameter `in: querystring` beside others of the query; keep one or the other";
            self.findings.add(at, message);
        }
    }

    fn parameter_list(&mut self, at: &str, value: Node<'d>) -> Vec<Arc<Declared>> {
        let at = child(at, "parameters");
        let mut list: Vec<Arc<Declared>> = Vec::new();
        let Some(values) = value.get("parameters") else {
            return list;
        };
        if !values.is_array() {
            self.findings.add(&at, "expected a list");
        }
        for (index, value) in values.items().enumerate() {
            let at = child(&at, index);
            if let Some(parameter) = self.parameter(&at, value) {
                if list.iter().any(|own| same(own, &parameter)) {
                    self.findings
                        .add(at, "has the name and the place of another one");
                }
                list.push(parameter);
            }
        }
        list
    }

    fn parameter(&mut self, at: &str, value: Node<'d>) -> Option<Arc<Declared>> {
        let (at, value) = self.follow(at, value)?;
        if let Some(known) = self.parameters.get(&at) {
            return known.clone();
        }
        let declared = self.new_parameter(&at, value).map(Arc::new);
        self.parameters.insert(at, declared.clone());
        declared
    }

    fn new_parameter(&mut self, at: &str, value: Node<'d>) -> Option<Declared> {
        let Some(name) = value.get("name").and_then(Node::as_str) else {
            self.findings.add(at, "`name` is missing");
            return None;
        };
        let location = value
            .get("in")
            .and_then(Node::as_str)
            .and_then(Location::named);
        let is_known =
            |own: &Location| self.source.version >= Version::V3_2 || *own != Location::QueryString;
        let Some(location) = location.filter(is_known) else {
            let message = "expected one of `path`, `query`, `header` or `cookie`, and `querystring` from OpenAPI 3.2 on";
            self.findings.add(child(at, "in"), message);
            return None;
        };
        // OAS 3.2.0 section 4.12.2.1: what other parts of a contract describe "shall be ignored".
        let described = ["accept", "content-type", "authorization"];
        if location == Location::Header
            && described.iter().any(|own| own.eq_ignore_ascii_case(name))
        {
            return None;
        }
        self.declared(at, value, name, location)
    }

    /// What a Parameter Object and a Header Object have in common.
    fn declared(
        &mut self,
        at: &str,
        value: Node<'d>,
        name: &str,
        location: Location,
    ) -> Option<Declared> {
        let required = self.flag(at, value, "required").unwrap_or(false);
        if location == Location::Path && !required {
            self.notes.add(
                at,
                "stands in a path without `required: true`; it is required all the same",
            );
        }
        let (serialization, schema) = match (value.get("schema"), value.get("content")) {
            (Some(schema), None) if location != Location::QueryString => {
                let serialization = self.style(at, value, location, schema);
                let schema = self.schema(child(at, "schema"), schema);
                (serialization?, Some(schema))
            }
            (None, Some(content)) => self.parameter_content(&child(at, "content"), content)?,
            (Some(_), None) => {
                self.findings.add(
                    at,
                    "stands for the whole query, which has `content` and no `schema`",
                );
                return None;
            }
            _ => {
                self.findings
                    .add(at, "expected either `schema` or `content`");
                return None;
            }
        };
        Some(Declared {
            parameter: Parameter {
                name: name.to_owned(),
                location,
                required: required || location == Location::Path,
                serialization,
            },
            schema,
        })
    }

    fn style(
        &mut self,
        at: &str,
        value: Node<'d>,
        location: Location,
        schema: Node<'d>,
    ) -> Option<Serialization> {
        let style = match value.get("style") {
            None => Some(Style::default_in(location)),
            Some(name) => name.as_str().and_then(Style::named),
        };
        let style =
            style.filter(|own| *own != Style::Cookie || self.source.version >= Version::V3_2);
        let Some(style) = style else {
            let names = kit::policy::list(&Style::NAMES);
            let message = format!("expected {names} (`cookie` from OpenAPI 3.2 on)");
            self.findings.add(child(at, "style"), message);
            return None;
        };
        let explode = self.flag(at, value, "explode").unwrap_or(style.explodes());
        let allow_empty = self.flag(at, value, "allowEmptyValue").unwrap_or(false);
        // `allowReserved` says what clients need not encode; what is read is the same.
        let shape = self.shape(schema);
        if let Some(fault) = style.fault(location, explode, &shape) {
            let at = if value.get("style").is_some() {
                child(at, "style")
            } else {
                at.to_owned()
            };
            self.undefined(&at, &format!("the style {fault}"));
            return Some(Serialization::Undefined);
        }
        Some(Serialization::Styled(Styled {
            style,
            explode,
            allow_empty: allow_empty && location == Location::Query,
            shape,
        }))
    }

    fn parameter_content(
        &mut self,
        at: &str,
        content: Node<'d>,
    ) -> Option<(Serialization, Option<SchemaRef>)> {
        let mut members = content.members();
        let (Some((range, value)), None) = (members.next(), members.next()) else {
            self.findings.add(at, "expected exactly one media type");
            return None;
        };
        let own = self.media_type(&child(at, range), range, value)?;
        let serialization = match own.form {
            Some(form) => Serialization::Form(form),
            None if is_json(range) => Serialization::Json,
            None => Serialization::Text,
        };
        Some((serialization, own.schema))
    }

    fn body(&mut self, at: &str, value: Node<'d>) -> Option<Arc<Body>> {
        let (at, value) = self.follow(at, value)?;
        if let Some(known) = self.bodies.get(&at) {
            return Some(known.clone());
        }
        let required = self.flag(&at, value, "required").unwrap_or(false);
        let content = if let Some(content) = value.get("content") {
            self.content(&child(&at, "content"), content)
        } else {
            self.findings.add(&at, "`content` is missing");
            Content::default()
        };
        let body = Arc::new(Body { required, content });
        self.bodies.insert(at, body.clone());
        Some(body)
    }

    fn content(&mut self, at: &str, value: Node<'d>) -> Content {
        let mut content = Content::default();
        for (range, value) in self.members(at, value) {
            let at = child(at, range);
            if MediaRange::parse(range.as_bytes()).is_none() {
                self.undefined(&at, "is no media type or range");
                continue;
            }
            content.0.extend(self.media_type(&at, range, value));
        }
        content.sort();
        content
    }

    fn media_type(&mut self, at: &str, range: &str, value: Node<'d>) -> Option<MediaType> {
        let (at, value) = self.follow(at, value)?;
        let schema = value.get("schema");
        let is_form = essence(range).eq_ignore_ascii_case("application/x-www-form-urlencoded");
        let form = schema
            .filter(|_| is_form)
            .map(|schema| self.form(schema, value.get("encoding")));
        let schema = schema.map(|schema| self.schema(child(&at, "schema"), schema));
        let item = value
            .get("itemSchema")
            .filter(|_| self.source.version >= Version::V3_2);
        let item_schema = item.map(|schema| self.schema(child(&at, "itemSchema"), schema));
        Some(MediaType {
            range: range.to_owned(),
            schema,
            item_schema,
            form,
        })
    }

    /// How the fields of a form are read. A field with `style`, `explode` or `allowReserved` is
    /// written like a parameter of a query; any other is what its media type makes of it, which is
    /// JSON for objects (OAS 3.2.0 sections 4.15.1.1 and 4.15.1.2).
    fn form(&mut self, schema: Node<'d>, encoding: Option<Node<'d>>) -> Form {
        let shape = self.shape(schema);
        let (members, others) = shape.members();
        let fields = members.iter().map(|(name, shape)| {
            let own = encoding.and_then(|encoding| encoding.get(name));
            let member = |keyword: &str| own.and_then(|own| own.get(keyword));
            let by_style = ["style", "explode", "allowReserved"]
                .into_iter()
                .any(|keyword| member(keyword).is_some());
            let media = member("contentType").and_then(Node::as_str);
            let style = member("style")
                .and_then(Node::as_str)
                .and_then(Style::named)
                .unwrap_or(Style::Form);
            let is_object = !shape.is_scalar() && (shape.nests() || shape.is_object());
            let serialization =
                if !by_style && (media.is_some_and(is_json) || (media.is_none() && is_object)) {
                    Serialization::Json
                } else {
                    Serialization::Styled(Styled {
                        style,
                        explode: member("explode")
                            .and_then(Node::as_bool)
                            .unwrap_or(style.explodes()),
                        allow_empty: false,
                        shape: shape.clone(),
                    })
                };
            Parameter {
                name: name.clone(),
                location: Location::Query,
                required: false,
                serialization,
            }
        });
        Form {
            fields: fields.collect(),
            others: others.cloned(),
        }
    }

    fn responses(&mut self, at: &str, value: Node<'d>) -> Responses {
        let mut responses = Responses::default();
        for (key, value) in self.members(at, value) {
            if key.starts_with("x-") {
                continue;
            }
            let at = child(at, key);
            let Some(status) = StatusKey::parse(key) else {
                self.findings.add(
                    at,
                    "expected a status such as `404`, a class such as `4XX`, or `default`",
                );
                continue;
            };
            if let Some(response) = self.response(&at, value) {
                responses.0.push((status, response));
            }
        }
        responses
    }

    fn response(&mut self, at: &str, value: Node<'d>) -> Option<Arc<Response>> {
        let (at, value) = self.follow(at, value)?;
        if let Some(known) = self.responses.get(&at) {
            return Some(known.clone());
        }
        let content = value.get("content");
        let content = content.map(|content| self.content(&child(&at, "content"), content));
        let mut headers = Vec::new();
        if let Some(value) = value.get("headers") {
            let at = child(&at, "headers");
            for (name, value) in self.members(&at, value) {
                // OAS 3.2.0 section 4.17.1: `content` says it already.
                if !name.eq_ignore_ascii_case("content-type") {
                    headers.extend(self.header(&child(&at, name), name, value));
                }
            }
        }
        let response = Arc::new(Response {
            pointer: at.clone(),
            headers,
            content: content.unwrap_or_default(),
        });
        self.responses.insert(at, response.clone());
        Some(response)
    }

    fn header(&mut self, at: &str, name: &str, value: Node<'d>) -> Option<Arc<Declared>> {
        let (at, value) = self.follow(at, value)?;
        if value.get("schema").is_none() && value.get("content").is_none() {
            self.notes
                .add(at, "has neither `schema` nor `content`, and is not checked");
            return None;
        }
        self.declared(&at, value, name, Location::Header)
            .map(Arc::new)
    }

    /// What a Reference Object leads to, and where it stands.
    fn follow(&mut self, at: &str, value: Node<'d>) -> Option<(String, Node<'d>)> {
        let (mut at, mut value) = (at.to_owned(), value);
        for _ in 0..MAX_HOPS {
            let Some(reference) = value.get("$ref").and_then(Node::as_str) else {
                if value.is_object() {
                    return Some((at, value));
                }
                self.findings.add(at, "expected an object");
                return None;
            };
            match resolve(self.root, reference) {
                Ok((target, found)) => (at, value) = (target, found),
                Err(dangling) => {
                    self.findings.add(child(&at, "$ref"), dangling.message());
                    return None;
                }
            }
        }
        self.findings.add(child(&at, "$ref"), "refers to itself");
        None
    }

    fn shape(&self, schema: Node<'d>) -> Shape {
        let root = self.root;
        Shape::of(schema, &|reference| {
            resolve(root, reference).ok().map(|(_, target)| target)
        })
    }

    fn members(
        &mut self,
        at: &str,
        value: Node<'d>,
    ) -> impl Iterator<Item = (&'d str, Node<'d>)> + use<'d> {
        if !value.is_object() {
            self.findings.add(at, "expected an object");
        }
        value.members()
    }

    fn flag(&mut self, at: &str, value: Node<'d>, name: &str) -> Option<bool> {
        let value = value.get(name)?;
        if value.as_bool().is_none() {
            self.findings.add(child(at, name), "expected true or false");
        }
        value.as_bool()
    }

    fn base_paths(&mut self) -> Vec<String> {
        let servers = self.root.get("servers");
        let mut paths: Vec<String> = servers
            .into_iter()
            .flat_map(Node::items)
            .filter_map(|server| Some(base_path(server.get("url")?.as_str()?, server)))
            .collect();
        // OAS 3.2.0 section 4.1: without servers, there is one with the URL `/`.
        if paths.is_empty() {
            paths.push(String::new());
        }
        paths.sort_unstable();
        paths.dedup();
        paths
    }
}

/// The path of a server's URL, its variables replaced by their defaults.
fn base_path(url: &str, server: Node<'_>) -> String {
    let mut text = String::new();
    let mut rest = url;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        let default = server
            .get("variables")
            .and_then(|variables| variables.get(name)?.get("default")?.as_str());
        text.push_str(default.unwrap_or_default());
        rest = after;
    }
    text.push_str(rest);
    let path = match text.split_once("://") {
        Some((_, rest)) => rest
            .find('/')
            .and_then(|start| rest.get(start..))
            .unwrap_or(""),
        None => text.as_str(),
    };
    path.trim_end_matches('/').to_owned()
}

/// Whether two parameters have one name in one place; header names have no case.
fn same(one: &Declared, other: &Declared) -> bool {
    let (one, other) = (&one.parameter, &other.parameter);
    let names = match one.location {
        Location::Header => one.name.eq_ignore_ascii_case(&other.name),
        _ => one.name == other.name,
    };
    names && one.location == other.location
}

fn essence(range: &str) -> &str {
    range.split(';').next().unwrap_or(range).trim()
}

fn is_json(range: &str) -> bool {
    let essence = essence(range).to_ascii_lowercase();
    matches!(essence.as_str(), "application/json" | "text/json") || essence.ends_with("+json")
}
