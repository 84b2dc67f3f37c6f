//! What services tell of a panic that they caught: all of it, with the backtrace that the hook took
//! where it happened.

use std::{
    any::Any,
    backtrace::Backtrace,
    cell::Cell,
    convert::Infallible,
    panic::{self, PanicHookInfo},
    process,
    thread::{self, Thread},
};

/// A panic that was caught.
#[derive(Default)]
pub(crate) struct Panic {
    pub(crate) message: String,
    /// The name of the thread in quotes, and its number in brackets.
    pub(crate) thread: String,
    /// File, line and column.
    pub(crate) location: String,
    /// The frames, as [`Backtrace`] writes them.
    pub(crate) backtrace: String,
}

thread_local! {
    /// The last panic of this thread.
    static LAST: Cell<Option<Panic>> = const { Cell::new(None) };
}

/// Has each panic noted before it is told on stderr as usual.
pub(crate) fn note_all() {
    let tell = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        LAST.set(Some(Panic::of(info)));
        tell(info);
    }));
}

/// Runs what is certain to panic, and catches that.
pub(crate) fn catch(crash: fn() -> Infallible) -> Panic {
    let Err(_) = panic::catch_unwind(crash);
    LAST.take().unwrap_or_default()
}

impl Panic {
    fn of(info: &PanicHookInfo) -> Self {
        Self {
            message: message(info.payload()).to_owned(),
            thread: named(&thread::current()),
            location: info.location().map(ToString::to_string).unwrap_or_default(),
            backtrace: Backtrace::force_capture().to_string(),
        }
    }
}

/// The number is the system's for the main thread: a program cannot ask for that of another.
fn named(thread: &Thread) -> String {
    let name = thread.name().unwrap_or("<unnamed>");
    format!("'{name}' ({})", process::id())
}

fn message(payload: &(dyn Any + Send)) -> &str {
    payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("Box<dyn Any>")
}
