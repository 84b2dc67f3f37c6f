//! Path items and operations.

use std::rc::Rc;
use std::sync::Arc;

use crate::parameter::{Location, Parameter};

use super::content::Body;
use super::response::Responses;
use super::view::SchemaRef;

/// One path with its operations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathItem {
    /// The template, as it was written.
    pub template: String,
    /// The operations, in the order in which they stand.
    pub operations: Vec<Rc<Operation>>,
}

impl PathItem {
    /// The operation of a method. Methods have a case (RFC 9110 section 9.1).
    pub fn operation(&self, method: &str) -> Option<&Rc<Operation>> {
        self.operations.iter().find(|own| own.method == method)
    }

    /// The methods, for `Allow` (RFC 9110 section 10.2.1).
    pub fn methods(&self) -> impl Iterator<Item = &str> {
        self.operations.iter().map(|own| own.method.as_str())
    }
}

/// One operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// The method, in capitals where it is one of those that the standard names.
    pub method: String,
    /// What stands for it in policies and metrics: its `operationId`, else its method and the
    /// template of its path, such as `GET /orders/{id}`.
    pub name: String,
    /// Where it stands in the document.
    pub pointer: String,
    /// The parameters, those of the path item with those of the operation over them.
    pub parameters: Vec<Arc<Declared>>,
    /// The body of requests.
    pub body: Option<Arc<Body>>,
    /// The answers.
    pub responses: Responses,
}

impl Operation {
    /// The parameters that stand in one place.
    pub fn parameters_in(&self, location: Location) -> impl Iterator<Item = &Declared> {
        let there = move |own: &&Arc<Declared>| own.parameter.location == location;
        self.parameters.iter().filter(there).map(Arc::as_ref)
    }

    /// Whether a parameter of that name and place is declared: what other parameters leave to it.
    pub fn claims(&self, location: Location, name: &str) -> bool {
        self.parameters_in(location)
            .any(|own| own.parameter.name == name)
    }
}

/// A parameter or a header, and the schema of its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// How it is read.
    pub parameter: Parameter,
    /// What its value is held to.
    pub schema: Option<SchemaRef>,
}
