//! The values of tags: taken when they are there, told at once, and written where they belong.

use std::borrow::Cow;
use std::rc::Rc;

use kit::exchange::Exchange;

use super::request::{members, set_or_remove};
use super::seen::Seen;
use crate::personal::{self, Keep, Kinds};
use crate::source::{self, Phase, Source};
use crate::step::Lost;
use crate::tag::Tag;
use crate::{facts, fields, metrics, semconv};

/// What a source has: a value or none, or why what is there is no value.
type Found<'a> = Result<Option<Cow<'a, str>>, &'static str>;

impl Seen {
    /// Takes the values that are there from this event on.
    pub(super) fn evaluate(&mut self, phase: Phase, x: &mut Exchange<'_>) {
        if !self.phases.insert(phase) {
            return;
        }
        let plan = Rc::clone(&self.plan);
        if phase == Phase::Request {
            self.read_baggage(x);
        }
        self.tell_attributes(phase, x);
        for (place, tag) in plan.tags.iter().enumerate() {
            if tag.phase == phase {
                self.take(place, tag, x);
            }
        }
    }

    fn read_baggage(&mut self, x: &Exchange<'_>) {
        let keys: Vec<&str> = self.plan.baggage_keys().collect();
        if !keys.is_empty() {
            self.baggage = members(&keys, x.headers());
        }
    }

    /// Takes what is left at the end, because its event never came.
    pub(super) fn evaluate_all(&mut self, x: &mut Exchange<'_>) {
        self.request_content.end();
        self.response_content.end();
        for phase in [
            Phase::RequestEnd,
            Phase::Response,
            Phase::Outcome,
            Phase::ResponseEnd,
            Phase::End,
        ] {
            self.evaluate(phase, x);
        }
        if !self.dropped.is_empty() {
            x.tell(&facts::DROPPED, &self.dropped);
        }
    }

    /// Tells the upstream the tags that it is to have. A field of a tag is the filter's: without a
    /// value, what the client sent under its name goes.
    pub(super) fn write_request_headers(&self, x: &mut Exchange<'_>) {
        if !self.enforced {
            return;
        }
        for (tag, value) in self.plan.tags.iter().zip(&self.values) {
            if let Some(name) = &tag.sinks.request_header {
                set_or_remove(x, name, value.as_deref());
            }
        }
    }

    /// Tells the client the correlation id and the tags that it is to have, and keeps from it who
    /// answered, where the policy says so.
    pub(super) fn write_response_headers(&self, x: &mut Exchange<'_>) {
        if !self.enforced {
            return;
        }
        let plan = &self.plan;
        let correlation = plan.correlation.as_ref().filter(|rule| rule.responds);
        if let Some(rule) = correlation
            && let Some(id) = &self.correlation_id
        {
            set_or_remove(x, &rule.header, Some(id));
        }
        let answered_by = plan.answered_by.as_ref().filter(|rule| rule.removes);
        for name in answered_by.iter().flat_map(|rule| rule.fields()) {
            set_or_remove(x, name, None);
        }
        for (tag, value) in plan.tags.iter().zip(&self.values) {
            if let Some(name) = &tag.sinks.response_header {
                set_or_remove(x, name, value.as_deref());
            }
        }
    }

    /// Tells the attributes of OpenTelemetry that are known from this event on.
    fn tell_attributes(&self, phase: Phase, x: &mut Exchange<'_>) {
        let Some(attributes) = &self.plan.attributes else {
            return;
        };
        let told: Vec<(&'static str, String)> = match phase {
            Phase::Request => {
                let request = semconv::Request {
                    method: x.headers().get(fields::METHOD).unwrap_or_default(),
                    known_method: self.method.as_deref(),
                    route: self.route(),
                    rpc: self.rpc.as_ref(),
                };
                let told = attributes.semconv.request_attributes(&request).into_iter();
                told.map(|(name, value)| (name, self.clean(&value)))
                    .collect()
            }
            Phase::Outcome => {
                let semconv = attributes.semconv;
                let told = semconv.response_attributes(self.outcome(), self.rpc.as_ref());
                let told = told.into_iter();
                told.map(|(name, value)| (name, value.into_owned()))
                    .collect()
            }
            _ => return,
        };
        for (name, value) in told {
            if let Some(fact) = attributes.fact(name) {
                x.tell(fact, &value);
            }
        }
    }

    /// What clients make up, such as a method, may hold anything.
    fn clean(&self, value: &str) -> String {
        let kinds = self.policy.personal;
        personal::mask(value, kinds, Keep::Nothing, &mut Kinds::default()).into_owned()
    }

    fn take(&mut self, place: usize, tag: &Tag, x: &mut Exchange<'_>) {
        let mut masked = if tag.source.is_target() {
            self.found_in_target
        } else {
            Kinds::default()
        };
        let (value, previous) = match self.find(tag, x) {
            Err(reason) => (Err(reason), None),
            Ok(found) => {
                let salt = || self.salt_of(tag);
                let previous = match &tag.previous {
                    Some(_) => tag.steps.previous(found.clone(), &salt),
                    None => None,
                };
                let value = tag.steps.apply(found, &salt, &mut masked);
                (value.map_err(Lost::name), previous)
            }
        };
        for kind in masked.iter() {
            x.count(&metrics::PERSONAL_DATA, &[&tag.name, kind.name()]);
        }
        let value = value.and_then(|value| value.map(|value| fit(value, tag.limit)).transpose());
        match value {
            Ok(Some(value)) => {
                if tag.sinks.is_told() {
                    x.tell(&tag.fact, &value);
                }
                if let (Some(fact), Some(previous)) = (&tag.previous, previous)
                    && tag.sinks.is_told()
                {
                    x.tell(fact, &previous);
                }
                if let Some(own) = self.values.get_mut(place) {
                    *own = Some(value);
                }
            }
            Ok(None) => {}
            Err(reason) => self.drop_tag(tag, reason, x),
        }
    }

    fn drop_tag(&mut self, tag: &Tag, reason: &'static str, x: &mut Exchange<'_>) {
        x.count(&metrics::TAGS_DROPPED, &[&tag.name, reason]);
        if !self.dropped.is_empty() {
            self.dropped.push(',');
        }
        self.dropped.push_str(&tag.name);
    }

    fn salt_of(&self, tag: &Tag) -> Option<String> {
        let name = tag.steps.salt()?;
        let place = self.plan.tags.iter().position(|tag| tag.name == name)?;
        self.values.get(place)?.clone()
    }

    fn find<'a>(&'a self, tag: &'a Tag, x: &'a Exchange<'_>) -> Found<'a> {
        match &tag.source {
            Source::Header(name) | Source::ResponseHeader(name) => source::field(x.headers(), name),
            Source::RequestTrailer(name) | Source::ResponseTrailer(name) => {
                source::field(x.trailers(), name)
            }
            Source::PathParameter(name) => Ok(value_of(&self.path_parameters, name)),
            Source::Query(name) => Ok(x
                .headers()
                .text(fields::PATH)
                .and_then(|target| source::query(target, name))),
            Source::Cookie(name) => {
                let value = source::cookie(x.headers(), name)?;
                Ok(value.map(Cow::Borrowed))
            }
            Source::Property(property) => Ok(property.read(x)?.map(Cow::Owned)),
            Source::Baggage(key) => Ok(value_of(&self.baggage, key)),
            Source::RequestBody(pointer) => {
                let document = self.request_content.document()?;
                Ok(document
                    .and_then(|document| source::member(document, pointer))
                    .map(Cow::Owned))
            }
            Source::ResponseBody(pointer) => {
                let document = self.response_content.document()?;
                Ok(document
                    .and_then(|document| source::member(document, pointer))
                    .map(Cow::Owned))
            }
            Source::Fact(fact) => Ok(x.fact(fact).map(Cow::Owned)),
            Source::Constant(value) => Ok(Some(Cow::Borrowed(value))),
            Source::Exchange(known) => Ok(self.known(*known)),
        }
    }
}

fn value_of<'a>(values: &'a [(String, String)], name: &str) -> Option<Cow<'a, str>> {
    let mut values = values.iter();
    let (_, value) = values.find(|(own, _)| own == name)?;
    Some(Cow::Borrowed(value))
}

/// A value that can stand in a header, a log and a label: without control characters, and cut to its
/// limit at a character.
fn fit(mut value: String, limit: usize) -> Result<String, &'static str> {
    if value.chars().any(char::is_control) {
        return Err("control_character");
    }
    value.truncate(value.floor_char_boundary(limit));
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_cut_at_a_character() {
        assert_eq!(fit("aé".to_owned(), 2).as_deref(), Ok("a"));
        assert_eq!(fit("aé".to_owned(), 3).as_deref(), Ok("aé"));
    }

    #[test]
    fn a_value_with_a_line_break_is_no_value() {
        assert_eq!(fit("a\r\nb".to_owned(), 9), Err("control_character"));
    }
}
