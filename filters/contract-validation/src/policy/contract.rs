//! One contract of a policy.

use std::rc::Rc;

use deserr::Deserr;
use kit::object_value;
use kit::policy::value::Name;
use kit::policy::{Document, Findings, child};

use super::contract_document::{ContractDocument, in_packed, in_place};
use super::packed::Packed;
use crate::json_schema::JsonSchemas;
use crate::openapi::{self, Nullable, Reading, Undefined};
use crate::plan::{Contract, NamedContract};
use crate::protobuf;

/// A contract: what a service published.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(
        rename = "Contract",
        rename_all = "camelCase",
        deny_unknown_fields,
        extend("oneOf" = [
            { "required": ["openapi"] },
            { "required": ["jsonSchema"] },
            { "required": ["protobuf"] },
            { "required": ["contractFile"] }
        ])
    )
)]
pub(super) struct ContractEntry {
    /// The name, by which rules refer to it; it stands in metrics.
    pub(super) name: Name,
    /// An `OpenAPI` document of version 3.0, 3.1 or 3.2, or a string: its JSON text in base64, gzip
    /// or not.
    openapi: Option<ContractDocument>,
    /// A JSON Schema for the contents of requests (`request`), of successful responses
    /// (`response`), or of both, in an object; or a string: its JSON text in base64, gzip or not.
    json_schema: Option<ContractDocument>,
    /// A serialised `google.protobuf.FileDescriptorSet` with all that it imports, in base64, gzip or
    /// not.
    protobuf: Option<Packed>,
    /// A file with one of these, in JSON, YAML or binary, relative to the policy. A proxy reads no
    /// files: `treaty bundle` puts it in place.
    contract_file: Option<String>,
    /// What becomes of parts of an `OpenAPI` document to which the standard gives no meaning;
    /// `reject` without it.
    undefined: Option<UndefinedEntry>,
    /// Whether `nullable: true` without `type`, which has no meaning in `OpenAPI` 3.0, admits `null`;
    /// `strict` without it.
    nullable: Option<NullableEntry>,
}

object_value!(ContractEntry {
    name: required "name",
    openapi: optional "openapi",
    json_schema: optional "jsonSchema",
    protobuf: optional "protobuf",
    contract_file: optional "contractFile",
    undefined: optional "undefined",
    nullable: optional "nullable",
});

/// What becomes of parts to which the standard gives no meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr)]
#[deserr(rename_all = camelCase)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Undefined", rename_all = "camelCase")
)]
enum UndefinedEntry {
    /// They are mistakes of the contract.
    Reject,
    /// They are not checked, which `treaty check` tells.
    Skip,
}

/// What `nullable: true` without `type` means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserr)]
#[deserr(rename_all = camelCase)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Nullable", rename_all = "camelCase")
)]
enum NullableEntry {
    /// Nothing, as `OpenAPI` 3.0.4 says.
    Strict,
    /// That `null` is admitted, as many generators of documents mean it.
    Lenient,
}

/// A kind of contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// An `OpenAPI` document.
    OpenApi,
    /// A schema for each direction.
    JsonSchema,
    /// Protobuf descriptors.
    Protobuf,
}

impl Kind {
    /// The name of the member that holds it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::OpenApi => "openapi",
            Self::JsonSchema => "jsonSchema",
            Self::Protobuf => "protobuf",
        }
    }
}

/// A contract, as far as it could be read.
pub(super) struct ReadContract {
    /// The name, by which rules refer to it.
    pub(super) name: Name,
    /// What it is, where that can be told.
    pub(super) kind: Option<Kind>,
    /// The contract, unless something is wrong with it.
    pub(super) contract: Option<Rc<NamedContract>>,
}

impl ContractEntry {
    /// Reads the contract that stands at a place.
    pub(super) fn read(self, at: &str, findings: &mut Findings) -> ReadContract {
        self.check_members(at, findings);
        let (kind, read) = if let Some(document) = &self.openapi {
            let read = read_openapi(at, document, self.reading()).map(Contract::OpenApi);
            (Some(Kind::OpenApi), Some(read))
        } else if let Some(document) = &self.json_schema {
            let read = read_json_schema(at, document).map(Contract::JsonSchema);
            (Some(Kind::JsonSchema), Some(read))
        } else if let Some(Packed(octets)) = &self.protobuf {
            let at = child(at, Kind::Protobuf.as_str());
            let read = protobuf::Contract::read(octets).map(Contract::Protobuf);
            let read = read.map_err(|found| in_packed(&at, found));
            (Some(Kind::Protobuf), Some(read))
        } else {
            (None, None)
        };
        let contract = read.and_then(|read| read.map_err(|found| findings.0.extend(found.0)).ok());
        let named = |contract| {
            Rc::new(NamedContract {
                name: self.name.0.clone(),
                contract,
            })
        };
        ReadContract {
            contract: contract.map(named),
            name: self.name,
            kind,
        }
    }

    /// How an `OpenAPI` document is read.
    fn reading(&self) -> Reading {
        Reading {
            undefined: match self.undefined {
                Some(UndefinedEntry::Skip) => Undefined::Unchecked,
                Some(UndefinedEntry::Reject) | None => Undefined::Refused,
            },
            nullable: match self.nullable {
                Some(NullableEntry::Lenient) => Nullable::Lenient,
                Some(NullableEntry::Strict) | None => Nullable::Strict,
            },
        }
    }

    /// Finds fault with what stands beside each other.
    fn check_members(&self, at: &str, findings: &mut Findings) {
        let kinds = [
            self.openapi.is_some(),
            self.json_schema.is_some(),
            self.protobuf.is_some(),
            self.contract_file.is_some(),
        ];
        if kinds.into_iter().filter(|there| *there).count() != 1 {
            let message =
                "expected exactly one of `openapi`, `jsonSchema`, `protobuf` or `contractFile`";
            findings.add(at, message);
        }
        if self.contract_file.is_some() {
            findings.add(
                child(at, "contractFile"),
                "names a file, and a proxy reads none; put the contract in place with `treaty \
                 bundle`",
            );
        }
        let is_other = self.json_schema.is_some() || self.protobuf.is_some();
        for (name, there) in [
            ("undefined", self.undefined.is_some()),
            ("nullable", self.nullable.is_some()),
        ] {
            if there && is_other && self.openapi.is_none() {
                findings.add(child(at, name), "is for `openapi` only");
            }
        }
    }
}

/// Reads an `OpenAPI` document.
fn read_openapi(
    at: &str,
    document: &ContractDocument,
    reading: Reading,
) -> Result<openapi::Contract, Findings> {
    let at = child(at, Kind::OpenApi.as_str());
    match document {
        ContractDocument::Plain(value) => {
            openapi::Contract::read(value, reading).map_err(|found| in_place(&at, found))
        }
        ContractDocument::Packed(Packed(text)) => {
            openapi::Contract::read_text(text, reading).map_err(|found| in_packed(&at, found))
        }
    }
}

/// Reads a schema for each direction.
fn read_json_schema(at: &str, document: &ContractDocument) -> Result<JsonSchemas, Findings> {
    let at = child(at, Kind::JsonSchema.as_str());
    match document {
        ContractDocument::Plain(value) => {
            JsonSchemas::read(value).map_err(|found| in_place(&at, found))
        }
        ContractDocument::Packed(Packed(text)) => Document::parse(text)
            .and_then(|document| JsonSchemas::read(document.value()))
            .map_err(|found| in_packed(&at, found)),
    }
}
