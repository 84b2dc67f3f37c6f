//! The path that the upstream sees.

use kit::matching::{Captures, PathTemplate, split_query};

use crate::source::{VARIABLE, path_version};

/// What happens to the path of a request that is served.
#[derive(Debug)]
pub(crate) enum UpstreamPath {
    /// It stays.
    Keep,
    /// The segment that holds the version goes.
    Strip(Vec<Strip>),
    /// It is written anew, by the first of these that matches.
    Rewrite(Vec<Rewrite>),
}

/// A path source, and what it is without its version.
#[derive(Debug)]
pub(crate) struct Strip {
    from: PathTemplate,
    to: PathTemplate,
}

/// A path, and what it becomes.
#[derive(Debug)]
pub(crate) struct Rewrite {
    /// The path as it came.
    pub(crate) from: PathTemplate,
    /// The path as the upstream sees it; `{version}` is the version that was resolved.
    pub(crate) to: PathTemplate,
    /// Whether the path must hold a version; else it would be another path that looks alike.
    needs_version: bool,
}

impl UpstreamPath {
    /// The request target for the upstream, if it is another one. The query stays as it is.
    pub(crate) fn apply(&self, target: &str, label: &str) -> Option<String> {
        let path = match self {
            Self::Keep => None,
            Self::Strip(templates) => templates.iter().find_map(|strip| strip.apply(target)),
            Self::Rewrite(rewrites) => rewrites
                .iter()
                .find_map(|rewrite| rewrite.apply(target, label)),
        }?;
        let (before, query) = split_query(target);
        (path != before).then(|| path + query)
    }
}

impl Strip {
    /// Strips the version from paths like this.
    pub(crate) fn new(from: PathTemplate) -> Self {
        Self {
            to: from.without(VARIABLE),
            from,
        }
    }

    fn apply(&self, target: &str) -> Option<String> {
        self.to.render(&path_version(&self.from, target)?)
    }
}

impl Rewrite {
    /// Writes paths like `from` as `to` says.
    pub(crate) fn new(from: PathTemplate, to: PathTemplate) -> Self {
        let needs_version = from.variables().any(|name| name == VARIABLE);
        Self {
            from,
            to,
            needs_version,
        }
    }

    /// The path for the upstream, if this is for the request.
    pub(crate) fn apply(&self, target: &str, label: &str) -> Option<String> {
        let mut captures = self.capture(target)?;
        captures.set(VARIABLE, label.to_owned());
        self.to.render(&captures)
    }

    fn capture<'a>(&'a self, target: &'a str) -> Option<Captures<'a>> {
        if self.needs_version {
            path_version(&self.from, target)
        } else {
            self.from.capture(target)
        }
    }

    /// Whether what it makes is a path that it would change again, so that a request that comes by
    /// twice is never done. It is tried on paths that fit each variable with a text of its own.
    pub(crate) fn leads_back(&self, label: &str) -> bool {
        let once = self.sample(label).and_then(|path| self.apply(&path, label));
        once.is_some_and(|once| self.apply(&once, label).is_some_and(|twice| twice != once))
    }

    fn sample(&self, label: &str) -> Option<String> {
        let names: Vec<&str> = self.from.variables().collect();
        let mut captures = Captures::default();
        for (index, name) in names.into_iter().enumerate() {
            let text = if name == VARIABLE {
                label.to_owned()
            } else {
                format!("sample{index}")
            };
            captures.set(name, text);
        }
        let mut path = self.from.render(&captures)?;
        if self.from.is_open() {
            path = format!("{}/rest/of/it", path.trim_end_matches('/'));
        }
        Some(path)
    }
}
