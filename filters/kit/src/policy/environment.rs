//! Secrets come to a policy by name, from the environment of the VM that runs it.

use std::collections::BTreeMap;
use std::fmt;
use std::rc::Rc;

/// The variables of an environment. Their values are shown to nobody, `Debug` included.
#[derive(Clone, Default, PartialEq)]
pub struct Environment(Rc<BTreeMap<String, String>>);

impl Environment {
    /// The value of a variable, if it is set and not empty.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// The names that are set, with their values, for hosts that hand them on.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let variables = self.0.iter();
        variables.map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        // To collect would sort, which is 4 KB of code.
        let mut all = BTreeMap::new();
        for (name, value) in variables {
            all.insert(name, value);
        }
        Self(Rc::new(all))
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_not_shown() {
        let pair = ("KEY".to_owned(), "hidden".to_owned());
        let environment = Environment::from_iter([pair]);
        assert_eq!(environment.get("KEY"), Some("hidden"));
        assert_eq!(format!("{environment:?}"), r#"{"KEY"}"#);
    }

    #[test]
    fn an_empty_variable_is_as_good_as_none() {
        let pair = ("KEY".to_owned(), String::new());
        assert_eq!(Environment::from_iter([pair]).get("KEY"), None);
    }
}
