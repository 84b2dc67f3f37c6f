//! The layers of settings, and which of them says what.

use kit::policy::child;

use super::document::PolicyDocument;
use super::settings::Settings;

/// The layers that one rule has, the strongest last.
pub(super) struct Layers<'a> {
    layers: Vec<(String, &'a Settings)>,
}

/// A setting, and where in the document it stands.
pub(super) struct Placed<'a, T> {
    pub(super) at: String,
    pub(super) value: &'a T,
}

impl<'a> Layers<'a> {
    /// The layers of a rule.
    pub(super) fn of(document: &'a PolicyDocument, index: usize) -> Self {
        let mut layers = vec![("/defaults".to_owned(), &document.defaults)];
        let Some(rule) = document.rules.get(index) else {
            return Self { layers };
        };
        if let Some(name) = &rule.service {
            let service = document
                .services
                .iter()
                .find(|service| service.name == *name);
            let runtime = service.and_then(|service| service.runtime);
            if let Some((name, settings)) =
                runtime.and_then(|runtime| document.runtimes.of(runtime))
            {
                layers.push((child("/runtimes", name), settings));
            }
            if let Some(settings) = document.service_settings.of(name.as_str()) {
                layers.push((child("/serviceSettings", name.as_str()), settings));
            }
        }
        let at = child(&child("/rules", index), "settings");
        layers.push((at, &rule.settings));
        Self { layers }
    }

    /// What the strongest layer says that says anything.
    pub(super) fn pick<T>(
        &self,
        name: &str,
        get: impl Fn(&'a Settings) -> Option<&'a T>,
    ) -> Option<Placed<'a, T>> {
        self.layers.iter().rev().find_map(|(at, settings)| {
            get(settings).map(|value| Placed {
                at: child(at, name),
                value,
            })
        })
    }
}
