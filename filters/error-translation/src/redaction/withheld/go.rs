//! Panics of Go: what `runtime`, `net/http` and `debug.Stack` print.

use kit::scan::{Place, Sign, digits};

use super::{Rule, always, line, number, word};

pub(super) const SIGNS: &[Sign<Rule>] = &[
    Sign::new("panic: ", word),
    Sign::new("panic({", word),
    Sign::new("panic(0x", word),
    Sign::new("panic serving ", always),
    Sign::new("panic recovered", word),
    Sign::new("fatal error: ", line),
    Sign::new("goroutine ", goroutine),
    Sign::new(" in goroutine ", number),
    Sign::new("runtime error: ", word),
    Sign::new("runtime/debug.", word),
    Sign::new("debug.Stack()", word),
    Sign::new("runtime.gopanic", word),
    Sign::new("runtime.goexit", word),
    Sign::new("[signal SIG", always),
    Sign::new("net/http.(*", always),
    Sign::new("invalid memory address or nil pointer dereference", always),
    Sign::new("index out of range [", word),
    Sign::new("slice bounds out of range [", word),
    Sign::new("assignment to entry in nil map", always),
    Sign::new("interface conversion: ", word),
    Sign::new("integer divide by zero", word),
    Sign::new("all goroutines are asleep", always),
    Sign::new("concurrent map ", concurrent_map),
    Sign::new("send on closed channel", word),
    Sign::new("close of closed channel", word),
    Sign::new("close of nil channel", word),
    Sign::new("makeslice: ", word),
    Sign::new("reflect: call of ", word),
    Sign::new("reflect.Value.", word),
    Sign::new(".go:", frame),
    Sign::new("(0x", call),
    Sign::new("({0x", call),
    Sign::new("(...)", inlined),
];

/// `goroutine 1 [running]:` and `goroutine 1 gp=0x…`.
fn goroutine(place: Place<'_>) -> bool {
    let after = place.after();
    let rest = after.get(digits(after)..).unwrap_or("");
    digits(after) > 0 && (rest.starts_with(" [") || rest.starts_with(" gp="))
}

fn concurrent_map(place: Place<'_>) -> bool {
    ["writes", "read and map write", "iteration and"]
        .iter()
        .any(|rest| place.after().starts_with(rest))
}

/// `/app/main.go:12 +0x1d`, at the start of a line or not.
fn frame(place: Place<'_>) -> bool {
    let after = place.after();
    digits(after) > 0
        && after
            .get(digits(after)..)
            .is_some_and(|rest| rest.starts_with(" +0x"))
}

/// `main.(*Store).Put(0xc000012345, {0x1, 0x2})` as the begin of a line: a qualified name without
/// a space, right before the arguments.
fn call(place: Place<'_>) -> bool {
    let name = place.before_on_line().trim_start();
    let name = name.rsplit_once("\\n").map_or(name, |(_, name)| name);
    name.contains('.') && !name.contains(' ')
}

/// `main.deref(...)`, whose arguments were inlined, as a line of its own.
fn inlined(place: Place<'_>) -> bool {
    let rest = place.after_on_line();
    call(place) && (rest.trim().is_empty() || rest.starts_with("\\n"))
}
