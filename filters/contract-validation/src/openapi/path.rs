//! Path templates of `OpenAPI`: concrete ones before templated ones.

use std::collections::BTreeMap;

use kit::matching::PathTemplate;

/// The variables of a template with what they stand for, as it came: a parameter's style is read
/// before anything is decoded.
pub type Captures<'a> = Vec<(&'a str, &'a str)>;

/// A template is no valid one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It does not start with a slash, or its braces do not match.
    Syntax,
    /// Two variables touch, so that nobody can tell them apart.
    Adjacent,
}

impl Fault {
    pub(super) fn message(self) -> &'static str {
        match self {
            Self::Syntax => {
                "is not a path template; expected a leading slash and variables such as `{id}`"
            }
            Self::Adjacent => "has two variables without anything between them",
        }
    }
}

/// Templates by their segments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tree {
    root: Node,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Node {
    concrete: BTreeMap<String, Node>,
    /// Those with more text between their variables first.
    templated: Vec<(Pattern, Node)>,
    /// More than one where templates differ in the names of their variables only.
    ends: Vec<End>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct End {
    item: usize,
    names: Vec<String>,
}

/// A segment with variables, each between two texts: `{base}...{head}` is `["", "...", ""]`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern(Vec<String>);

impl Tree {
    /// Adds a template; the items of others that match the same paths.
    pub(super) fn add(&mut self, template: &Template, item: usize) -> Vec<usize> {
        let mut node = &mut self.root;
        for pattern in &template.segments {
            node = node.child(pattern.clone());
        }
        let others = node.ends.iter().map(|end| end.item).collect();
        node.ends.push(End {
            item,
            names: template.names.clone(),
        });
        others
    }

    /// The items of the templates that match a path, which comes without its query. At each segment
    /// a concrete template goes before a templated one (OAS 3.2.0 section 4.8.2); where that leads
    /// nowhere, the others are tried, each node of the tree at most once.
    pub(super) fn find<'a>(&'a self, path: &'a str) -> Vec<(usize, Captures<'a>)> {
        let mut values = Vec::new();
        let rest = path.strip_prefix('/');
        let ends = rest.and_then(|rest| self.root.find(Some(rest), &mut values));
        let ends = ends.into_iter().flatten().map(|end| {
            let names = end.names.iter().map(String::as_str);
            (end.item, names.zip(values.iter().copied()).collect())
        });
        ends.collect()
    }
}

/// A template that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template {
    segments: Vec<Pattern>,
    /// The names of its variables.
    pub(super) names: Vec<String>,
}

impl Template {
    pub(super) fn parse(text: &str) -> Result<Self, Fault> {
        let rest = text.strip_prefix('/').ok_or(Fault::Syntax)?;
        let mut names = Vec::new();
        let segments = rest
            .split('/')
            .map(|segment| Pattern::parse(segment, &mut names));
        let segments = segments.collect::<Result<_, _>>()?;
        Ok(Self { segments, names })
    }

    /// Whether a variable stands twice (OAS 3.2.0 section 4.8.2 forbids it).
    pub(super) fn repeats(&self) -> bool {
        let mut names = self.names.iter().enumerate();
        names.any(|(index, name)| self.names.iter().take(index).any(|own| own == name))
    }
}

impl Node {
    fn child(&mut self, pattern: Pattern) -> &mut Self {
        if let [text] = pattern.0.as_slice() {
            let text = PathTemplate::decode(text).into_owned();
            return self.concrete.entry(text).or_default();
        }
        let own = self.templated.iter().position(|(own, _)| *own == pattern);
        let index = own.unwrap_or_else(|| {
            let more = |(own, _): &(Pattern, Self)| own.text() >= pattern.text();
            let index = self.templated.partition_point(more);
            self.templated.insert(index, (pattern, Self::default()));
            index
        });
        match self.templated.get_mut(index) {
            Some((_, node)) => node,
            // It was inserted above.
            None => self.concrete.entry(String::new()).or_default(),
        }
    }

    fn find<'a>(&'a self, rest: Option<&'a str>, values: &mut Vec<&'a str>) -> Option<&'a [End]> {
        let Some(rest) = rest else {
            return (!self.ends.is_empty()).then_some(self.ends.as_slice());
        };
        let (segment, after) = match rest.split_once('/') {
            Some((segment, after)) => (segment, Some(after)),
            None => (rest, None),
        };
        let text = PathTemplate::decode(segment);
        // Where these lead is for a proxy that normalises paths to say, before any filter.
        if matches!(text.as_ref(), "." | "..") {
            return None;
        }
        let concrete = self.concrete.get(text.as_ref());
        if let Some(end) = concrete.and_then(|node| node.find(after, values)) {
            return Some(end);
        }
        for (pattern, node) in &self.templated {
            let before = values.len();
            if pattern.read(segment, values)
                && let Some(end) = node.find(after, values)
            {
                return Some(end);
            }
            values.truncate(before);
        }
        None
    }
}

impl Pattern {
    fn parse(segment: &str, names: &mut Vec<String>) -> Result<Self, Fault> {
        let mut texts = Vec::new();
        let mut rest = segment;
        while let Some((text, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').ok_or(Fault::Syntax)?;
            if text.contains('}') || name.is_empty() || name.contains('{') {
                return Err(Fault::Syntax);
            }
            if text.is_empty() && !texts.is_empty() {
                return Err(Fault::Adjacent);
            }
            texts.push(text.to_owned());
            names.push(name.to_owned());
            rest = after;
        }
        if rest.contains('}') {
            return Err(Fault::Syntax);
        }
        texts.push(rest.to_owned());
        Ok(Self(texts))
    }

    /// The length of the text outside variables.
    fn text(&self) -> usize {
        self.0.iter().map(String::len).sum()
    }

    /// What the variables stand for in a segment, none of them empty; whether it matches.
    ///
    /// Each variable is as short as the text behind it allows. The last text stands at the end, so
    /// that a longer variable before it never helps.
    fn read<'a>(&self, segment: &'a str, values: &mut Vec<&'a str>) -> bool {
        let before = values.len();
        let matched = self.try_read(segment, values).is_some();
        if !matched {
            values.truncate(before);
        }
        matched
    }

    fn try_read<'a>(&self, segment: &'a str, values: &mut Vec<&'a str>) -> Option<()> {
        let (first, others) = self.0.split_first()?;
        let (last, between) = others.split_last()?;
        let mut rest = segment
            .strip_prefix(first.as_str())?
            .strip_suffix(last.as_str())?;
        for text in between {
            let start = rest.chars().next()?.len_utf8();
            let at = rest.get(start..)?.find(text.as_str())?.checked_add(start)?;
            let (value, after) = rest.split_at_checked(at)?;
            values.push(value);
            rest = after.strip_prefix(text.as_str())?;
        }
        if rest.is_empty() {
            return None;
        }
        values.push(rest);
        Some(())
    }
}
