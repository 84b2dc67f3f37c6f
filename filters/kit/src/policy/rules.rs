//! Rules, which are alike in every policy: what they are called, which exchanges they are for, and
//! which layers of settings they have.

use super::finding::{Findings, child, did_you_mean, list};
use super::layers::{Layers, Runtimes, ServiceSettings};
use super::mode::Mode;
use super::service::{Service, check_services};
use super::value::Name;
use crate::matching::Match;

/// Which requests are held to which settings.
#[derive(Debug)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(
        rename = "Rule",
        deny_unknown_fields,
        bound = "S: schemars::JsonSchema + Default"
    )
)]
pub struct RuleEntry<S> {
    /// The name of the rule.
    pub name: Name,
    /// How far the rule is in force; without it, as far as the policy.
    pub mode: Option<Mode>,
    /// The name of the service that it is for.
    pub service: Option<Name>,
    /// Which requests it is for; without it, those for the hosts of the service.
    #[cfg_attr(feature = "schema", schemars(rename = "match"))]
    pub matches: Option<Match>,
    /// Settings of this rule; they override all others field by field.
    #[cfg_attr(feature = "schema", schemars(default))]
    pub settings: S,
}

crate::object_value!(RuleEntry<S> {
    name: required "name",
    mode: optional "mode",
    service: optional "service",
    matches: optional "match",
    settings: defaulted "settings",
});

impl<S> RuleEntry<S> {
    /// What stands for the service in metrics: its name, else that of the rule.
    pub fn label(&self) -> String {
        self.service.as_ref().unwrap_or(&self.name).0.clone()
    }
}

/// The parts of a policy that say which settings a rule has.
pub struct Rules<'a, S> {
    /// `services`.
    pub services: &'a [Service],
    /// `off`.
    pub off: &'a [Name],
    /// `defaults`.
    pub defaults: &'a S,
    /// `runtimes`.
    pub runtimes: &'a Runtimes<S>,
    /// `serviceSettings`.
    pub service_settings: &'a ServiceSettings<S>,
    /// `rules`.
    pub rules: &'a [RuleEntry<S>],
}

impl<'a, S> Rules<'a, S> {
    /// Turns every rule into one that is ready to use, and finds fault with what no rule alone can
    /// say: names, services, and rules that an earlier one takes everything from. A mistake in a
    /// layer that several rules share is found once.
    pub fn check<T>(
        &self,
        findings: &mut Findings,
        mut rule: impl FnMut(&'a RuleEntry<S>, usize, &mut Findings) -> Option<T>,
    ) -> Vec<T> {
        check_services(self.services, findings);
        let known = self.service_names();
        self.check_off(known.clone(), findings);
        self.check_service_settings(&known, findings);
        let mut ready = Vec::new();
        for (index, own) in self.rules.iter().enumerate() {
            self.check_names(own, index, &known, findings);
            ready.extend(rule(own, index, findings));
        }
        self.check_order(findings);
        if self.rules.is_empty() {
            findings.add(
                "/rules",
                "expected at least one rule; `\"mode\": \"off\"` switches a policy off",
            );
        }
        findings.once();
        ready
    }

    /// The layers of a rule.
    pub fn layers(&self, index: usize) -> Layers<'a, S> {
        let mut layers = vec![("/defaults".to_owned(), self.defaults)];
        let Some(rule) = self.rules.get(index) else {
            return Layers { layers };
        };
        if let Some(name) = &rule.service {
            let runtime = self.service(name).and_then(|service| service.runtime);
            if let Some((name, settings)) = runtime.and_then(|runtime| self.runtimes.of(runtime)) {
                layers.push((child("/runtimes", name), settings));
            }
            if let Some(settings) = self.service_settings.of(name.as_str()) {
                layers.push((child("/serviceSettings", name.as_str()), settings));
            }
        }
        layers.push((child(&child("/rules", index), "settings"), &rule.settings));
        Layers { layers }
    }

    /// Which requests a rule is for: without a match of its own, those for the hosts of its service.
    pub fn match_of(&self, rule: &RuleEntry<S>) -> Match {
        if let Some(matches) = &rule.matches {
            return matches.clone();
        }
        let service = rule.service.as_ref().and_then(|name| self.service(name));
        Match {
            hosts: service
                .map(|service| service.hosts.clone())
                .unwrap_or_default(),
            ..Match::default()
        }
    }

    /// The names of the services: those of `services`, or where there are none, those that rules
    /// give.
    pub fn service_names(&self) -> Vec<&'a str> {
        if self.services.is_empty() {
            let named = self.rules.iter().filter_map(|rule| rule.service.as_ref());
            return named.map(Name::as_str).collect();
        }
        let services = self.services.iter();
        services.map(|service| service.name.as_str()).collect()
    }

    fn service(&self, name: &Name) -> Option<&'a Service> {
        self.services.iter().find(|service| service.name == *name)
    }

    /// What can be switched off is what metrics call a service.
    fn check_off(&self, mut known: Vec<&'a str>, findings: &mut Findings) {
        let alone = self.rules.iter().filter(|rule| rule.service.is_none());
        known.extend(alone.map(|rule| rule.name.as_str()));
        for (index, name) in self.off.iter().enumerate() {
            let at = child("/off", index);
            if self.off.iter().take(index).any(|before| before == name) {
                findings.add(at, "stands here twice; keep one of them");
            } else {
                check_service_name(name.as_str(), &known, at, findings);
            }
        }
    }

    fn check_service_settings(&self, known: &[&str], findings: &mut Findings) {
        for (name, _) in &self.service_settings.0 {
            check_service_name(name, known, child("/serviceSettings", name), findings);
        }
    }

    fn check_names(
        &self,
        rule: &RuleEntry<S>,
        index: usize,
        known: &[&str],
        findings: &mut Findings,
    ) {
        let at = child("/rules", index);
        let mut earlier = self.rules.iter().take(index);
        if earlier.any(|other| other.name == rule.name) {
            let message = "is the name of an earlier rule; names must differ";
            findings.add(child(&at, "name"), message);
        }
        if let Some(service) = &rule.service {
            check_service_name(service.as_str(), known, child(&at, "service"), findings);
        }
    }

    fn check_order(&self, findings: &mut Findings) {
        let matches: Vec<Match> = self.rules.iter().map(|rule| self.match_of(rule)).collect();
        for (index, own) in matches.iter().enumerate() {
            let mut earlier = matches.iter().take(index);
            if let Some(earlier) = earlier.position(|before| before.covers(own)) {
                findings.add(
                    child("/rules", index),
                    format!("can never match: `/rules/{earlier}` takes every such request before"),
                );
            }
        }
    }
}

/// Finds fault with the name of a service that there is not. `known` are the names of
/// [`Rules::service_names`].
pub fn check_service_name(name: &str, known: &[&str], at: String, findings: &mut Findings) {
    if known.contains(&name) {
        return;
    }
    let expected = if known.is_empty() {
        "`services` has none".to_owned()
    } else {
        let hint = did_you_mean(name, known.iter().copied());
        format!("expected {}{hint}", list(known))
    };
    findings.add(at, format!("is not the name of a service; {expected}"));
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[derive(Debug, Default)]
    struct Settings {
        size: Option<u8>,
    }

    crate::object_value!(Settings { size: optional "size" });

    #[derive(Debug)]
    struct Sample {
        services: Vec<Service>,
        off: Vec<Name>,
        defaults: Settings,
        runtimes: Runtimes<Settings>,
        service_settings: ServiceSettings<Settings>,
        rules: Vec<RuleEntry<Settings>>,
    }

    crate::object_value!(Sample {
        services: list "services",
        off: list "off",
        defaults: defaulted "defaults",
        runtimes: defaulted "runtimes",
        service_settings: defaulted "serviceSettings",
        rules: list "rules",
    });

    impl Sample {
        fn read(document: Value) -> Self {
            deserr::deserialize::<_, _, Findings>(document).unwrap()
        }

        fn scope(&self) -> Rules<'_, Settings> {
            Rules {
                services: &self.services,
                off: &self.off,
                defaults: &self.defaults,
                runtimes: &self.runtimes,
                service_settings: &self.service_settings,
                rules: &self.rules,
            }
        }
    }

    /// What is said of a document, and how many rules came of it.
    fn check(document: Value) -> (Vec<String>, usize) {
        let sample = Sample::read(document);
        let mut findings = Findings::new();
        let ready = sample
            .scope()
            .check(&mut findings, |_, index, _| Some(index));
        let said = findings.0.iter().map(ToString::to_string).collect();
        (said, ready.len())
    }

    #[test]
    fn the_strongest_layer_that_says_anything_counts() {
        let mut document = json!({
            "services": [{ "name": "orders", "runtime": "go" }],
            "defaults": { "size": 1 },
            "runtimes": { "go": { "size": 2 }, "rust": { "size": 9 } },
            "serviceSettings": { "orders": { "size": 3 }, "payments": { "size": 9 } },
            "rules": [{ "name": "orders", "service": "orders", "settings": { "size": 4 } }]
        });
        for (layer, size) in [
            ("/rules/0/settings", 4),
            ("/serviceSettings/orders", 3),
            ("/runtimes/go", 2),
            ("/defaults", 1),
        ] {
            let sample = Sample::read(document.clone());
            let layers = sample.scope().layers(0);
            let placed = layers.pick("size", |own| own.size.as_ref()).unwrap();
            assert_eq!((placed.at, *placed.value), (format!("{layer}/size"), size));
            *document.pointer_mut(layer).unwrap() = json!({});
        }
        let sample = Sample::read(document);
        let layers = sample.scope().layers(0);
        assert!(layers.pick("size", |own| own.size.as_ref()).is_none());
    }

    #[test]
    fn a_rule_without_a_service_has_its_own_settings_and_the_defaults_alone() {
        let sample = Sample::read(json!({
            "services": [{ "name": "orders", "runtime": "go" }],
            "runtimes": { "go": { "size": 2 } },
            "serviceSettings": { "orders": { "size": 3 } },
            "rules": [{ "name": "orders" }]
        }));
        let places = sample.scope().layers(0).layers;
        let places: Vec<&str> = places.iter().map(|(at, _)| at.as_str()).collect();
        assert_eq!(places, ["/defaults", "/rules/0/settings"]);
    }

    #[test]
    fn a_rule_without_a_match_is_for_the_hosts_of_its_service() {
        let sample = Sample::read(json!({
            "services": [{ "name": "orders", "hosts": ["orders.example.com"] }],
            "rules": [
                { "name": "own", "service": "orders", "match": { "paths": ["/a"] } },
                { "name": "hosts", "service": "orders" },
                { "name": "all" }
            ]
        }));
        let scope = sample.scope();
        let [own, hosts, all] = [0, 1, 2].map(|index| scope.match_of(&sample.rules[index]));
        assert!(own.hosts.is_empty() && own != all);
        assert_eq!(hosts.hosts, sample.services[0].hosts);
        assert_eq!(all, Match::default());
    }

    #[test]
    fn a_rule_is_known_by_its_service_or_else_by_its_name() {
        let sample = Sample::read(json!({
            "rules": [{ "name": "a", "service": "orders" }, { "name": "b" }]
        }));
        assert_eq!(sample.rules[0].label(), "orders");
        assert_eq!(sample.rules[1].label(), "b");
    }

    #[test]
    fn services_that_only_rules_name_are_known() {
        let document = json!({
            "serviceSettings": { "orders": {}, "payments": {} },
            "rules": [{ "name": "a", "service": "orders" }]
        });
        let expected = "/serviceSettings/payments: is not the name of a service; expected `orders`";
        assert_eq!(check(document), (vec![expected.to_owned()], 1));
    }

    #[test]
    fn where_there_are_no_services_none_is_expected() {
        let document = json!({ "serviceSettings": { "orders": {} }, "rules": [{ "name": "a" }] });
        let expected = "/serviceSettings/orders: is not the name of a service; `services` has none";
        assert_eq!(check(document).0, [expected]);
    }

    #[test]
    fn only_what_metrics_call_a_service_can_be_switched_off_and_each_once() {
        let document = json!({
            "services": [{ "name": "orders" }],
            "off": ["orders", "ordres", "orders", "a"],
            "rules": [{ "name": "a" }]
        });
        assert_eq!(
            check(document).0,
            [
                "/off/1: is not the name of a service; expected one of `orders` or `a`; did you mean \
                 `orders`?",
                "/off/2: stands here twice; keep one of them",
            ]
        );
    }

    #[test]
    fn what_no_rule_alone_can_say_is_found() {
        let document = json!({
            "services": [{ "name": "orders", "hosts": ["orders.example.com"] }, { "name": "orders" }],
            "serviceSettings": { "a/b": {} },
            "rules": [
                { "name": "a", "match": { "hosts": ["*.example.com"] } },
                { "name": "a", "service": "orders" },
                { "name": "b", "service": "oders", "match": {} }
            ]
        });
        let (said, ready) = check(document);
        assert_eq!(ready, 3);
        assert_eq!(
            said,
            [
                "/services/1/name: is the name of an earlier service; names must differ",
                "/serviceSettings/a~1b: is not the name of a service; expected one of `orders` or \
                 `orders`",
                "/rules/1/name: is the name of an earlier rule; names must differ",
                "/rules/2/service: is not the name of a service; expected one of `orders` or \
                 `orders`; did you mean `orders`?",
                "/rules/1: can never match: `/rules/0` takes every such request before",
            ]
        );
    }

    #[test]
    fn a_policy_without_rules_is_refused() {
        let expected =
            "/rules: expected at least one rule; `\"mode\": \"off\"` switches a policy off";
        assert_eq!(check(json!({})), (vec![expected.to_owned()], 0));
    }

    #[test]
    fn a_mistake_in_a_layer_that_rules_share_is_found_once() {
        let sample = Sample::read(json!({
            "rules": [{ "name": "a", "match": { "paths": ["/a"] } }, { "name": "b" }]
        }));
        let mut findings = Findings::new();
        let ready: Vec<()> = sample.scope().check(&mut findings, |_, _, findings| {
            findings.add("/defaults/size", "is too small");
            None
        });
        assert!(ready.is_empty());
        assert_eq!(findings, Findings::one("/defaults/size", "is too small"));
    }
}
