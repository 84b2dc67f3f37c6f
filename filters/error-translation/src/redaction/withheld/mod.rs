//! Texts of which nothing may leave: traces of nine kinds.

mod dotnet;
mod frame;
mod go;
mod java;
mod node;
mod php;
mod python;
mod qualified;
mod ruby;
mod rust;
mod sql;

use kit::scan::{Place, Sign, Signs, digits};

use super::kind::{Kind, Kinds};

/// Says whether a sign counts where it stands.
type Rule = fn(Place<'_>) -> bool;

/// Finds the texts that are withheld.
pub(super) struct Withheld {
    signs: Signs<Kind, Rule>,
    on: Kinds,
}

impl Withheld {
    /// Looks for the kinds that are on.
    pub(super) fn new(on: Kinds) -> Self {
        let groups: [(Kind, &'static [Sign<Rule>]); 9] = [
            (Kind::GoPanic, go::SIGNS),
            (Kind::RustPanic, rust::SIGNS),
            (Kind::JavaTrace, java::SIGNS),
            (Kind::PythonTrace, python::SIGNS),
            (Kind::NodeTrace, node::SIGNS),
            (Kind::PhpTrace, php::SIGNS),
            (Kind::DotnetTrace, dotnet::SIGNS),
            (Kind::RubyTrace, ruby::SIGNS),
            (Kind::Sql, sql::SIGNS),
        ];
        Self {
            signs: Signs::new(groups.into_iter().filter(|(kind, _)| on.contains(*kind))),
            on,
        }
    }

    /// Why a text is withheld; none where it is not.
    pub(super) fn find(&self, text: &str) -> Option<Kind> {
        let sign = self
            .signs
            .look(text, &mut |kind, rule, place| rule(place).then_some(kind));
        sign.or_else(|| frame::find(text).filter(|kind| self.on.contains(*kind)))
    }
}

/// The words say it all.
fn always(_: Place<'_>) -> bool {
    true
}

/// They begin a word.
fn word(place: Place<'_>) -> bool {
    place.opens_word()
}

/// They stand alone: no letter, digit or `_` is next to them.
fn alone(place: Place<'_>) -> bool {
    place.opens_word() && place.closes_word()
}

/// They begin a line.
fn line(place: Place<'_>) -> bool {
    place.opens_line()
}

/// A number follows.
fn number(place: Place<'_>) -> bool {
    digits(place.after()) > 0
}
