//! What is looked for in texts, and sets of it.

use std::rc::Rc;

/// One kind of thing that must not leave the mesh.
///
/// The first nine withhold the whole text, because what is left of a trace or a statement still
/// tells how a service is built; of the others only the place is masked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
pub(crate) enum Kind {
    /// Panics, runtime errors and goroutine dumps of Go.
    GoPanic,
    /// Panics and backtraces of Rust.
    RustPanic,
    /// Stack traces of Java, Kotlin and Scala.
    JavaTrace,
    /// Tracebacks of Python.
    PythonTrace,
    /// Stack traces of JavaScript.
    NodeTrace,
    /// Fatal errors and stack traces of PHP.
    PhpTrace,
    /// Stack traces of .NET.
    DotnetTrace,
    /// Backtraces of Ruby.
    RubyTrace,
    /// SQL statements, and errors in the words of a database.
    Sql,
    /// Paths in a file system, and places in source code.
    Path,
    /// IP addresses that mean something only inside: private, shared, loopback and link-local.
    Address,
    /// Names of hosts inside, pods and connection strings.
    Host,
    /// Credentials: tokens, keys, passwords, cookies.
    Token,
    /// Members of a document that are meant for its developers, such as `stack` or `debug`.
    Debug,
}

impl Kind {
    /// Every kind.
    pub(crate) const ALL: [Self; 14] = [
        Self::GoPanic,
        Self::RustPanic,
        Self::JavaTrace,
        Self::PythonTrace,
        Self::NodeTrace,
        Self::PhpTrace,
        Self::DotnetTrace,
        Self::RubyTrace,
        Self::Sql,
        Self::Path,
        Self::Address,
        Self::Host,
        Self::Token,
        Self::Debug,
    ];

    /// The name, as it stands in policies and metrics.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::GoPanic => "goPanic",
            Self::RustPanic => "rustPanic",
            Self::JavaTrace => "javaTrace",
            Self::PythonTrace => "pythonTrace",
            Self::NodeTrace => "nodeTrace",
            Self::PhpTrace => "phpTrace",
            Self::DotnetTrace => "dotnetTrace",
            Self::RubyTrace => "rubyTrace",
            Self::Sql => "sql",
            Self::Path => "path",
            Self::Address => "address",
            Self::Host => "host",
            Self::Token => "token",
            Self::Debug => "debug",
        }
    }

    fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// A set of kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Kinds(u16);

impl Kinds {
    /// Every kind: what a policy starts from.
    pub(crate) fn all() -> Self {
        Kind::ALL.into_iter().collect()
    }

    /// Adds a kind.
    pub(crate) fn insert(&mut self, kind: Kind) {
        self.0 |= kind.bit();
    }

    /// Takes a kind out.
    pub(crate) fn remove(&mut self, kind: Kind) {
        self.0 &= !kind.bit();
    }

    /// Whether a kind is in the set.
    pub(crate) fn contains(self, kind: Kind) -> bool {
        self.0 & kind.bit() != 0
    }

    /// The kinds in the set.
    pub(crate) fn iter(self) -> impl Iterator<Item = Kind> {
        Kind::ALL
            .into_iter()
            .filter(move |kind| self.contains(*kind))
    }
}

impl FromIterator<Kind> for Kinds {
    fn from_iter<I: IntoIterator<Item = Kind>>(kinds: I) -> Self {
        let mut set = Self::default();
        kinds.into_iter().for_each(|kind| set.insert(kind));
        set
    }
}

/// What was found in the texts of one answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Found {
    kinds: Kinds,
    own: Vec<Rc<str>>,
}

impl Found {
    /// Whether nothing was found.
    pub(crate) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a trace or a statement was found, of whose text nothing leaves.
    pub(crate) fn has_trace(&self) -> bool {
        self.kinds.iter().any(|kind| kind <= Kind::Sql)
    }

    /// The names of what was found, as they stand in policies: of kinds, and of own patterns.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let kinds = self.kinds.iter().map(|kind| -> &str { kind.name() });
        kinds.chain(self.own.iter().map(AsRef::as_ref))
    }

    /// Adds a kind.
    pub(super) fn insert(&mut self, kind: Kind) {
        self.kinds.insert(kind);
    }

    /// Adds kinds.
    pub(super) fn insert_all(&mut self, kinds: Kinds) {
        self.kinds.0 |= kinds.0;
    }

    /// Adds an own pattern.
    pub(super) fn insert_own(&mut self, name: &Rc<str>) {
        if !self.own.contains(name) {
            self.own.push(name.clone());
        }
    }
}
