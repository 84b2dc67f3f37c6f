//! A tree of the segments of templates, so that a path is compared with few of them.
//!
//! A lookup visits each node at most once, however long the path is, and most of them never.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use kit::matching::{PathTemplate, split_query};

/// The places of operations by their templates.
#[derive(Debug, Default)]
pub(super) struct Index {
    root: Node,
}

/// What may follow the same segments.
#[derive(Debug, Default)]
struct Node {
    literals: BTreeMap<String, Node>,
    variables: BTreeMap<Affixes, Node>,
    /// The places of the templates that end here.
    closed: Vec<usize>,
    /// The places of those that end here in `**`.
    open: Vec<usize>,
}

/// The text around a variable. What has the most is the first.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Affixes {
    length: Reverse<usize>,
    prefix: String,
    suffix: String,
}

/// Looks at the places of one template, and says whether one of them will do.
type Pick<'p, T> = &'p mut dyn FnMut(&[usize]) -> Option<T>;

impl Index {
    /// The places of the operations whose templates have the shape of this one.
    pub(super) fn places_mut(&mut self, template: &PathTemplate) -> &mut Vec<usize> {
        let shape = template.shape();
        let path = shape.strip_prefix('/').unwrap_or_default();
        let mut node = &mut self.root;
        if template.is_open() {
            let path = path.strip_suffix("**").unwrap_or(path);
            for segment in path.split_terminator('/') {
                node = node.child_mut(segment);
            }
            return &mut node.open;
        }
        // The root has no segments.
        if !path.is_empty() {
            for segment in path.split('/') {
                node = node.child_mut(segment);
            }
        }
        &mut node.closed
    }

    /// What is picked first of the templates that may match, the most concrete ones first. It is left
    /// to `pick` to say whether one does: the tree lets dot segments and empty values pass.
    pub(super) fn find<T>(&self, target: &str, pick: Pick<'_, T>) -> Option<T> {
        let path = split_query(target).0.strip_prefix('/')?;
        if path.is_empty()
            && let Some(found) = pick(&self.root.closed)
        {
            return Some(found);
        }
        self.root.find(Some(path), pick)
    }
}

impl Node {
    /// The node behind a segment of a template's shape.
    fn child_mut(&mut self, segment: &str) -> &mut Self {
        match segment.split_once("{}") {
            None => self.literals.entry(segment.to_owned()).or_default(),
            Some((prefix, suffix)) => {
                let affixes = Affixes {
                    length: Reverse(prefix.len() + suffix.len()),
                    prefix: prefix.to_owned(),
                    suffix: suffix.to_owned(),
                };
                self.variables.entry(affixes).or_default()
            }
        }
    }

    /// Follows what is left of a path. The depth is that of the templates, not of the path.
    fn find<T>(&self, rest: Option<&str>, pick: Pick<'_, T>) -> Option<T> {
        let Some(rest) = rest else {
            return pick(&self.closed).or_else(|| pick(&self.open));
        };
        let (segment, after) = match rest.split_once('/') {
            Some((segment, after)) => (segment, Some(after)),
            None => (rest, None),
        };
        let segment = PathTemplate::decode(segment);
        if let Some(node) = self.literals.get(segment.as_ref())
            && let Some(found) = node.find(after, pick)
        {
            return Some(found);
        }
        for (affixes, node) in &self.variables {
            if affixes.surround(&segment)
                && let Some(found) = node.find(after, pick)
            {
                return Some(found);
            }
        }
        pick(&self.open)
    }
}

impl Affixes {
    /// Whether a segment begins and ends so.
    fn surround(&self, segment: &str) -> bool {
        let inner = segment.strip_prefix(self.prefix.as_str());
        inner.is_some_and(|inner| inner.ends_with(self.suffix.as_str()))
    }
}
