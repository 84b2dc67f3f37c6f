//! The operations of a service: what stands for the paths of requests, of which there is no end.
//!
//! - `index`: finds the template of a path without trying them all.

mod index;
#[cfg(test)]
mod tests;

use kit::matching::{Captures, PathTemplate};

use crate::method::{self, MethodName};
use index::Index;

/// One operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Operation {
    /// The path template, whose text is the `http.route`.
    pub(crate) route: PathTemplate,
    /// The request methods; any where there is none.
    pub(crate) methods: Vec<MethodName>,
    /// The id, such as `getOrder`.
    pub(crate) id: Option<String>,
}

/// The operations of a service.
///
/// The most concrete template counts whatever the order in which they were added: segment by segment
/// from the left, a literal comes before a variable, as `OpenAPI` 3.1 section 4.8.8.2 has it, a
/// variable with more text around it before one with less, and `**` comes last. A template without
/// an operation for the method is passed over.
#[derive(Debug, Default)]
pub(crate) struct Operations {
    list: Vec<Operation>,
    index: Index,
    /// The methods that are no standard's.
    own_methods: Vec<MethodName>,
}

/// The operation that a request is for.
#[derive(Debug)]
pub(crate) struct Found<'a> {
    /// Its place, for [`Operations::get`].
    pub(crate) place: usize,
    /// The values of the variables in its template.
    pub(crate) captures: Captures<'a>,
}

/// Why an operation can never be found, or not under the name that one expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Conflict {
    /// The earlier operation at this place is for the same requests.
    SameRequests(usize),
    /// The earlier operation at this place is for the same paths, but writes them otherwise; so the
    /// route of a path would hang on the method.
    OtherSpelling(usize),
}

impl Operation {
    /// Whether the template is one path. Then whatever the path says is one of what the policy says.
    pub(crate) fn is_one_path(&self) -> bool {
        !self.route.is_open() && self.route.variables().next().is_none()
    }

    /// Whether some requests are for both, if their paths are.
    fn shares_methods_with(&self, other: &Self) -> bool {
        // An operation for any method stands back behind those that name theirs.
        let both_any = self.methods.is_empty() && other.methods.is_empty();
        both_any || self.methods.iter().any(|own| other.methods.contains(own))
    }

    fn names(&self, method: &str) -> bool {
        self.methods.iter().any(|own| own.as_str() == method)
    }
}

impl Operations {
    /// Adds an operation behind those that are there.
    ///
    /// # Errors
    /// Another one is in its way; then it takes its place in the list, but is never found.
    pub(crate) fn add(&mut self, operation: Operation) -> Result<(), Conflict> {
        let places = self.index.places_mut(&operation.route);
        let conflict = places.iter().find_map(|place| {
            let earlier = self.list.get(*place)?;
            if earlier.route.as_str() != operation.route.as_str() {
                return Some(Conflict::OtherSpelling(*place));
            }
            let is_same = earlier.shares_methods_with(&operation);
            is_same.then_some(Conflict::SameRequests(*place))
        });
        for method in &operation.methods {
            let is_known = method::known(method.as_str().as_bytes()).is_some();
            if !is_known && !self.own_methods.contains(method) {
                self.own_methods.push(method.clone());
            }
        }
        if conflict.is_none() {
            places.push(self.list.len());
        }
        self.list.push(operation);
        conflict.map_or(Ok(()), Err)
    }

    /// The operation that a request is for; its query does not count.
    pub(crate) fn find<'a>(&'a self, method: &str, target: &'a str) -> Option<Found<'a>> {
        self.index.find(target, &mut |places| {
            let place = self.of_method(method, places)?;
            let captures = self.get(place)?.route.capture(target)?;
            Some(Found { place, captures })
        })
    }

    /// The operation at a place.
    pub(crate) fn get(&self, place: usize) -> Option<&Operation> {
        self.list.get(place)
    }

    /// All of them, in the order in which they were added.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Operation> {
        self.list.iter()
    }

    /// The name of a request method: one that every policy knows, or that an operation names.
    pub(crate) fn method<'a>(&'a self, method: &[u8]) -> Option<&'a str> {
        let mut own = self.own_methods.iter().map(MethodName::as_str);
        method::known(method).or_else(|| own.find(|name| name.as_bytes() == method))
    }

    /// Which of the operations at one template is for a method. That for GET is for HEAD too, where
    /// nothing else is said, because HEAD asks for the same without the content (RFC 9110 section
    /// 9.3.2).
    fn of_method(&self, method: &str, places: &[usize]) -> Option<usize> {
        let find = |fits: &dyn Fn(&Operation) -> bool| {
            let mut places = places.iter().copied();
            places.find(|place| self.get(*place).is_some_and(fits))
        };
        find(&|own| own.names(method))
            .or_else(|| find(&|own| method == "HEAD" && own.names("GET")))
            .or_else(|| find(&|own| own.methods.is_empty()))
    }
}
