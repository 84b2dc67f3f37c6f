//! Settings in layers: `defaults`, then the runtime's, then the service's, then the rule's.

use deserr::{Deserr, IntoValue, Value, ValuePointerRef};

use super::finding::{Findings, child};
use super::service::Runtime;
use super::value::Members;

/// The layers that one rule has, the strongest last.
pub struct Layers<'a, S> {
    pub(super) layers: Vec<(String, &'a S)>,
}

/// A setting, and where in the document it stands.
pub struct Placed<'a, T> {
    /// Where, as a JSON Pointer.
    pub at: String,
    /// What was said there.
    pub value: &'a T,
}

impl<'a, S> Layers<'a, S> {
    /// What the strongest layer says that says anything. `name` is the setting's in the document.
    pub fn pick<T>(
        &self,
        name: &str,
        get: impl Fn(&'a S) -> Option<&'a T>,
    ) -> Option<Placed<'a, T>> {
        self.all(name, get).next()
    }

    /// What every layer says that says anything, the strongest first.
    pub fn all<T: 'a>(
        &self,
        name: &str,
        get: impl Fn(&'a S) -> Option<&'a T>,
    ) -> impl Iterator<Item = Placed<'a, T>> {
        self.layers.iter().rev().filter_map(move |(at, settings)| {
            get(settings).map(|value| Placed {
                at: child(at, name),
                value,
            })
        })
    }

    /// The settings of each layer, the weakest first.
    pub fn settings(&self) -> impl Iterator<Item = &'a S> {
        self.layers.iter().map(|(_, settings)| *settings)
    }
}

/// Settings by runtime.
#[derive(Debug, Default)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(rename = "Runtimes", deny_unknown_fields)
)]
pub struct Runtimes<S> {
    /// Services in Go.
    go: Option<S>,
    /// Services in Rust.
    rust: Option<S>,
    /// Services in anything else.
    other: Option<S>,
}

crate::object_value!(Runtimes<S> {
    go: optional "go",
    rust: optional "rust",
    other: optional "other",
});

impl<S> Runtimes<S> {
    /// The settings of a runtime, with the name under which they stand.
    pub(super) fn of(&self, runtime: Runtime) -> Option<(&'static str, &S)> {
        let (name, settings) = match runtime {
            Runtime::Go => ("go", &self.go),
            Runtime::Rust => ("rust", &self.rust),
            Runtime::Other => ("other", &self.other),
        };
        settings.as_ref().map(|settings| (name, settings))
    }
}

/// Settings by the name of a service.
#[derive(Debug)]
pub struct ServiceSettings<S>(pub(super) Vec<(String, S)>);

impl<S> Default for ServiceSettings<S> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<S: Deserr<Findings>> Deserr<Findings> for ServiceSettings<S> {
    fn deserialize_from_value<V: IntoValue>(
        value: Value<V>,
        location: ValuePointerRef<'_>,
    ) -> Result<Self, Findings> {
        let members = Members::open(value, location)?;
        members.all().map(Self)
    }
}

impl<S> ServiceSettings<S> {
    /// The settings of a service.
    pub(super) fn of(&self, service: &str) -> Option<&S> {
        let mut all = self.0.iter();
        all.find(|(name, _)| name == service)
            .map(|(_, settings)| settings)
    }
}
