//! What `treaty check` finds in contracts beyond what a proxy finds as it loads them: schemas that a
//! proxy compiles on first use, and schemas that their dialect does not allow, for which a proxy has
//! no meta-schemas.

use contract_validation::openapi::{self, Nullable, Reading, Undefined};
use contract_validation::protobuf;
use contract_validation::schema::Dialect;
use jsonschema::meta::MetaValidator;
use kit::policy::{Findings, child};
use serde_json::Value;

use crate::contract::{JSON_SCHEMA, OPENAPI, PROTOBUF, outermost_schemas, packed};

/// What was found, with pointers into the configuration.
#[derive(Debug, Default)]
pub(super) struct Examined {
    /// Mistakes.
    pub(super) findings: Findings,
    /// What is not checked, or slow.
    pub(super) notes: Findings,
}

/// Looks at the contracts of the policy at `at` of a configuration that loads.
pub(super) fn examine(configuration: &Value, at: &str) -> Examined {
    let mut examined = Examined::default();
    let policy = configuration.pointer(at);
    let contracts = policy.and_then(|policy| policy.get("contracts")?.as_array());
    let list = format!("{at}/contracts");
    for (index, contract) in contracts.into_iter().flatten().enumerate() {
        let at = child(&list, index);
        for (kind, examine) in [
            (OPENAPI, openapi as fn(&Value, &Value) -> Examined),
            (JSON_SCHEMA, |_, schemas| json_schema(schemas)),
        ] {
            if let Some(held) = contract.get(kind) {
                examined.add(&child(&at, kind), held, &|document| {
                    examine(contract, document)
                });
            }
        }
        let descriptors = contract.get(PROTOBUF).and_then(Value::as_str);
        let descriptors = descriptors.and_then(packed::unpack);
        if let Some(Ok(contract)) = descriptors.map(|octets| protobuf::Contract::read(&octets)) {
            let at = child(&at, PROTOBUF);
            examined.notes.0.extend(below(&at, false, contract.notes()));
        }
    }
    examined
}

impl Examined {
    /// Adds what is found in a contract, which stands as it is or packed at a place.
    fn add(&mut self, at: &str, held: &Value, examine: &dyn Fn(&Value) -> Self) {
        let unpacked = || {
            let text = packed::unpack(held.as_str()?)?;
            serde_json::from_slice(&text).ok()
        };
        let unpacked: Option<Value> = unpacked();
        let found = examine(unpacked.as_ref().unwrap_or(held));
        let is_packed = unpacked.is_some();
        let findings = below(at, is_packed, &found.findings);
        self.findings.0.extend(findings);
        self.notes.0.extend(below(at, is_packed, &found.notes));
    }
}

/// Findings in a contract, as findings in the policy that has it. No pointer leads into a packed
/// one, so the place in it stands in the message.
fn below<'a>(
    at: &'a str,
    is_packed: bool,
    findings: &'a Findings,
) -> impl Iterator<Item = kit::policy::Finding> + 'a {
    findings.0.iter().map(move |finding| {
        let (pointer, message) = (&finding.pointer, &finding.message);
        if is_packed && !pointer.is_empty() {
            return kit::policy::Finding {
                pointer: at.to_owned(),
                message: format!("{message} (in the document at `{pointer}`)"),
            };
        }
        kit::policy::Finding {
            pointer: format!("{at}{pointer}"),
            message: message.clone(),
        }
    })
}

fn openapi(contract: &Value, document: &Value) -> Examined {
    let said = |name: &str| contract.get(name).and_then(Value::as_str);
    let is_lax = said("undefined") == Some("skip");
    let reading = Reading {
        undefined: if is_lax {
            Undefined::Unchecked
        } else {
            Undefined::Refused
        },
        nullable: if said("nullable") == Some("lenient") {
            Nullable::Lenient
        } else {
            Nullable::Strict
        },
    };
    let mut faults = Findings::new();
    let mut notes = Findings::new();
    // The policy has loaded, so the contract can be read.
    if let Ok(contract) = openapi::Contract::read(document, reading) {
        faults = contract.check_schemas();
        notes = contract.notes().clone();
        notes.0.extend(contract.large_schemas().0);
    }
    let dialect = dialect_of(document);
    for (at, schema) in outermost_schemas(document) {
        let dialect = own_dialect(schema).unwrap_or(dialect);
        faults.0.extend(against_meta_schema(&at, schema, dialect).0);
    }
    faults.once();
    if is_lax {
        notes.0.append(&mut faults.0);
        notes.once();
    }
    Examined {
        findings: faults,
        notes,
    }
}

/// The dialect of the schemas of a document. That of 3.0 is nearest to draft 4, from which it has
/// its boolean `exclusiveMinimum` (OAS 3.0.4 section 4.7.24).
fn dialect_of(document: &Value) -> Dialect {
    let said = |name: &str| document.get(name).and_then(Value::as_str);
    if said("openapi").is_some_and(|version| version.starts_with("3.0")) {
        return Dialect::Draft4;
    }
    let declared = said("jsonSchemaDialect").and_then(Dialect::identified);
    declared.unwrap_or_default()
}

fn json_schema(schemas: &Value) -> Examined {
    let mut examined = Examined::default();
    for (name, schema) in schemas.as_object().into_iter().flatten() {
        let dialect = own_dialect(schema).unwrap_or_default();
        let found = against_meta_schema(&child("", name), schema, dialect);
        examined.findings.0.extend(found.0);
    }
    examined
}

fn own_dialect(schema: &Value) -> Option<Dialect> {
    Dialect::identified(schema.get("$schema")?.as_str()?)
}

/// What of a schema its dialect does not allow.
fn against_meta_schema(at: &str, schema: &Value, dialect: Dialect) -> Findings {
    let mut findings = Findings::new();
    for error in meta_schema(dialect).iter_errors(schema) {
        let pointer = format!("{at}{}", error.instance_path());
        let name = name_of(dialect);
        let message = format!("is not as {name} has it: {}", error.masked_with("it"));
        findings.add(pointer, message);
    }
    findings
}

fn meta_schema(dialect: Dialect) -> MetaValidator<'static> {
    match dialect {
        Dialect::Draft4 => jsonschema::draft4::meta::validator(),
        Dialect::Draft6 => jsonschema::draft6::meta::validator(),
        Dialect::Draft7 => jsonschema::draft7::meta::validator(),
        Dialect::Draft2019 => jsonschema::draft201909::meta::validator(),
        Dialect::Draft2020 => jsonschema::draft202012::meta::validator(),
    }
}

fn name_of(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Draft4 => "JSON Schema draft 4",
        Dialect::Draft6 => "JSON Schema draft 6",
        Dialect::Draft7 => "JSON Schema draft 7",
        Dialect::Draft2019 => "JSON Schema 2019-09",
        Dialect::Draft2020 => "JSON Schema 2020-12",
    }
}
