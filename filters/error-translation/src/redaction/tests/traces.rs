//! Traces as programs print them, whole and cut.
//!
//! They are the output of small programs in Go 1.26, Rust 1.95, Java 17, Python 3.11 and Node.js 20;
//! those of PHP, .NET and Ruby are written by hand.

use super::clean;

/// A nil dereference in a debug build.
const GO_NIL: &str = r"panic: runtime error: invalid memory address or nil pointer dereference
[signal SIGSEGV: segmentation violation code=0x1 addr=0x8 pc=0x65f748]

goroutine 1 [running]:
main.deref(...)
	/home/app/main.go:7
main.main()
	/home/app/main.go:15 +0x3c8";

/// `panic(err)` in a release build.
const GO_ERROR: &str = r"panic: load order: connection refused

goroutine 1 [running]:
main.main()
	./main.go:17 +0x5ff";

/// What a recovering middleware writes with `debug.Stack()`.
const GO_RECOVERED: &str = r"panic: assignment to entry in nil map
goroutine 1 [running]:
runtime/debug.Stack()
	/usr/local/go/src/runtime/debug/stack.go:26 +0x5e
main.main.recovered.func3.1()
	/home/app/main.go:11 +0x45
panic({0x6f8c80?, 0x9ff2f0?})
	/usr/local/go/src/runtime/panic.go:860 +0x13a
main.(*Store).Put(...)
	/home/app/main.go:6
main.(*panicky).ServeHTTP(0x0?, {0x0?, 0xffffffffffffffff?}, 0xffffffffffffffff?)
	/home/app/main.go:10 +0x47
main.main.recovered.func3({0x77cfe8?, 0x1d9714bb8200?}, 0x7572bf?)
	/home/app/main.go:11 +0x63
net/http.HandlerFunc.ServeHTTP(...)
	/usr/local/go/src/net/http/server.go:2286
main.main()
	/home/app/main.go:23 +0x4de";

/// What `net/http` logs of a handler that panics.
const GO_SERVING: &str = r"2026/11/21 10:55:11 http: panic serving 127.0.0.1:45974: assignment to entry in nil map
goroutine 18 [running]:
net/http.(*conn).serve.func1()
	/usr/local/go/src/net/http/server.go:1897 +0xbd
panic({0x6f8c80?, 0x9ff2f0?})
	/usr/local/go/src/runtime/panic.go:860 +0x13a
main.(*Store).Put(...)
	/home/app/main.go:6
main.(*panicky).ServeHTTP(0x4804f9?, {0x62de80?, 0xce0fa86040?}, 0xce0fa3bb30?)
	/home/app/main.go:10 +0x47
net/http.serverHandler.ServeHTTP({0xce0fa86040?}, {0x77d0d8?, 0xce0fab8000?}, 0x1?)
	/usr/local/go/src/net/http/server.go:3311 +0x8e
net/http.(*conn).serve(0xce0fa90090, {0x77d7c8, 0xce0fa82120})
	/usr/local/go/src/net/http/server.go:2067 +0x690
created by net/http.(*Server).Serve in goroutine 8
	/usr/local/go/src/net/http/server.go:3464 +0x485";

/// A fatal error.
const GO_CONCURRENT: &str = r"fatal error: concurrent map writes

goroutine 26 [running]:
internal/runtime/maps.fatal({0x75d2d9?, 0x0?})
	/usr/local/go/src/runtime/panic.go:1181 +0x18
main.main.func2()
	/home/app/main.go:26 +0x28
created by main.main in goroutine 1
	/home/app/main.go:26 +0x66e";

/// A dump of all goroutines.
const GO_GOROUTINES: &str = r"panic: runtime error: index out of range [3] with length 0

goroutine 8 [running]:
main.index(...)
	/home/app/main.go:8
main.main.func1()
	/home/app/main.go:20 +0xa
created by main.main in goroutine 1
	/home/app/main.go:20 +0x647

goroutine 1 [select (no cases)]:
main.main()
	/home/app/main.go:20 +0x64c";

/// `Result::unwrap()`, with a backtrace.
const RUST_ERR: &str = r"thread 'main' (41) panicked at a.rs:4:59:
called `Result::unwrap()` on an `Err` value: ParseIntError { kind: InvalidDigit }
stack backtrace:
   0: __rustc::rust_begin_unwind
             at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/std/src/panicking.rs:689:5
   1: core::panicking::panic_fmt
             at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs:80:14
   2: core::result::unwrap_failed
             at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/result.rs:1867:5
   3: core::result::Result<T,E>::unwrap
             at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/result.rs:1233:23
   4: a::parse
             at ./rs/a.rs:4:59
   5: a::main
             at ./rs/a.rs:10:13
   6: core::ops::function::FnOnce::call_once
             at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/ops/function.rs:250:5
note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.";

/// A full backtrace, cut at both ends.
const RUST_FULL: &str = r"thread 'main' (41) panicked at a.rs:3:83:
called `Option::unwrap()` on a `None` value
stack backtrace:
   0:     0x5637f052869a - std[e28293b1aa0f68bd]::backtrace_rs::backtrace::libunwind::trace
                               at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/std/src/../../backtrace/src/backtrace/libunwind.rs:117:9
   1:     0x5637f052869a - std[e28293b1aa0f68bd]::backtrace_rs::backtrace::trace_unsynchronized::<std[e28293b1aa0f68bd]::sys::backtrace::_print_fmt::{closure#1}>
                               at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/std/src/../../backtrace/src/backtrace/mod.rs:66:14
   2:     0x5637f052869a - std[e28293b1aa0f68bd]::sys::backtrace::_print_fmt
                               at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/std/src/sys/backtrace.rs:74:9
                               at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/alloc/src/boxed.rs:2240:9
  21:     0x557f163f5b1f - <std[e28293b1aa0f68bd]::sys::thread::unix::Thread>::new::thread_start
                               at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/std/src/sys/thread/unix.rs:118:17
  22:     0x7fa3e5cb21f5 - start_thread
                               at ./nptl/pthread_create.c:442:8
  23:     0x7fa3e5d328ec - clone3
                               at ./misc/../sysdeps/unix/sysv/linux/x86_64/clone3.S:81:0
  24:                0x0 - <unknown>";

/// A release build, with a backtrace.
const RUST_RELEASE: &str = r"thread 'main' (41) panicked at a.rs:3:83:
called `Option::unwrap()` on a `None` value
stack backtrace:
   0: __rustc::rust_begin_unwind
             at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/std/src/panicking.rs:689:5
   1: core::panicking::panic_fmt
             at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs:80:14
   2: core::panicking::panic
             at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/panicking.rs:150:5
   3: core::option::unwrap_failed
             at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/option.rs:2236:5
   4: a::load
   5: a::main
note: Some details are omitted, run with `RUST_BACKTRACE=full` for a verbose backtrace.";

/// `assert_eq!`, without a backtrace.
const RUST_ASSERT: &str = r"thread 'main' (41) panicked at a.rs:15:14:
assertion `left == right` failed: totals
  left: 2
 right: 11
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace";

/// The form before 1.73.
const RUST_OLD: &str = r"thread 'main' panicked at 'index out of bounds: the len is 1 but the index is 9', src/main.rs:5:53
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace";

/// A captured backtrace, as `anyhow` prints it.
const RUST_CAPTURED: &str = r"   0: a::main
             at ./rs/a.rs:18:25
   1: core::ops::function::FnOnce::call_once
             at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/ops/function.rs:250:5
   2: std::sys::backtrace::__rust_begin_short_backtrace
             at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/std/src/sys/backtrace.rs:166:18
   3: std::rt::lang_start::{{closure}}
             at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/std/src/rt.rs:206:18
   4: <&dyn core::ops::function::Fn<(), Output = i32> + core::marker::Sync + core::panic::unwind_safe::RefUnwindSafe as core::ops::function::FnOnce<()>>::call_once
             at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/core/src/ops/function.rs:287:21
   5: std::panicking::catch_unwind::do_call::<&dyn core::ops::function::Fn<(), Output = i32> + core::marker::Sync + core::panic::unwind_safe::RefUnwindSafe, i32>
             at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/std/src/rt.rs:205:5
  14: main
  15: __libc_start_call_main
             at ./csu/../sysdeps/nptl/libc_start_call_main.h:58:16
  16: __libc_start_main_impl
             at ./csu/../csu/libc-start.c:360:3
  17: _start";

/// An exception with a cause.
const JAVA_CAUSE: &str = r#"Exception in thread "main" java.lang.IllegalStateException: order service failed
	at A.main(A.java:5)
Caused by: java.lang.ClassNotFoundException: com.example.Missing
	at java.base/jdk.internal.loader.BuiltinClassLoader.loadClass(BuiltinClassLoader.java:641)
	at java.base/jdk.internal.loader.ClassLoaders$AppClassLoader.loadClass(ClassLoaders.java:188)
	at java.base/java.lang.ClassLoader.loadClass(ClassLoader.java:525)
	at java.base/java.lang.Class.forName0(Native Method)
	at java.base/java.lang.Class.forName(Class.java:375)
	... 1 more"#;

/// A null pointer.
const JAVA_NULL: &str = r#"Exception in thread "main" java.lang.NullPointerException: Cannot invoke "String.trim()" because the return value of "java.util.Map.get(Object)" is null
	at A$Repo.find(A.java:2)
	at A.main(A.java:4)"#;

/// A suppressed exception.
const JAVA_SUPPRESSED: &str = r#"Exception in thread "main" java.lang.Exception: outer
	at A.main(A.java:7)
	Suppressed: java.lang.RuntimeException: inner
		... 1 more"#;

/// Two exceptions in a chain.
const PYTHON_CHAIN: &str = r#"Traceback (most recent call last):
  File "/home/app/a.py", line 4, in handler
    try: find({}, "x")
         ^^^^^^^^^^^^^
  File "/home/app/a.py", line 2, in find
    def find(d,k): return d[k]
                          ~^^^
KeyError: 'x'

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/home/app/a.py", line 9, in <module>
    case "chain": handler()
                  ^^^^^^^^^
  File "/home/app/a.py", line 5, in handler
    except KeyError as e: raise RuntimeError("order failed") from e
                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
RuntimeError: order failed"#;

/// An exception group.
const PYTHON_GROUP: &str = r#"  + Exception Group Traceback (most recent call last):
  |   File "/home/app/a.py", line 14, in <module>
  |     raise ExceptionGroup("many",[ValueError("a"),TypeError("b")])
  | ExceptionGroup: many (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | ValueError: a
    +---------------- 2 ----------------
    | TypeError: b
    +------------------------------------"#;

/// A recursion without end.
const PYTHON_DEEP: &str = r#"Traceback (most recent call last):
  File "/home/app/a.py", line 18, in <module>
    r(0)
  File "/home/app/a.py", line 17, in r
    def r(n): return r(n+1)
                     ^^^^^^
  File "/home/app/a.py", line 17, in r
    def r(n): return r(n+1)
                     ^^^^^^
  File "/home/app/a.py", line 17, in r
    def r(n): return r(n+1)
                     ^^^^^^
  [Previous line repeated 996 more times]
RecursionError: maximum recursion depth exceeded"#;

/// An error of syntax.
const PYTHON_SYNTAX: &str = r#"Traceback (most recent call last):
  File "/home/app/a.py", line 19, in <module>
    case "syntax": exec("def f(:\n pass")
                   ^^^^^^^^^^^^^^^^^^^^^^
  File "<string>", line 1
    def f(:
          ^
SyntaxError: invalid syntax"#;

/// A type error that nobody caught.
const NODE_TYPE: &str = r"/home/app/a.js:1
const fs=require('fs'); class Repo { find(o){ return o.x.y; } async afind(o){ await null; return o.x.y; } }
                                                         ^

TypeError: Cannot read properties of undefined (reading 'y')
    at Repo.find (/home/app/a.js:1:58)
    at Object.<anonymous> (/home/app/a.js:2:51)
    at Module._compile (node:internal/modules/cjs/loader:1521:14)
    at Module._extensions..js (node:internal/modules/cjs/loader:1623:10)
    at Module.load (node:internal/modules/cjs/loader:1266:32)
    at Module._load (node:internal/modules/cjs/loader:1091:12)
    at Function.executeUserEntryPoint [as runMain] (node:internal/modules/run_main:164:12)
    at node:internal/main/run_main_module:28:49

Node.js v20.20.2";

/// An asynchronous function.
const NODE_ASYNC: &str = r"/home/app/a.js:1
const fs=require('fs'); class Repo { find(o){ return o.x.y; } async afind(o){ await null; return o.x.y; } }
                                                                                                     ^

TypeError: Cannot read properties of undefined (reading 'y')
    at Repo.afind (/home/app/a.js:1:102)
    at async /home/app/a.js:3:28

Node.js v20.20.2";

/// An error of the system, with its members.
const NODE_FILE: &str = r"node:fs:573
  return binding.open(
                 ^

Error: ENOENT: no such file or directory, open '/app/config/secret.json'
    at Object.openSync (node:fs:573:18)
    at Object.readFileSync (node:fs:452:35)
    at Object.<anonymous> (/home/app/a.js:4:20)
    at Module._compile (node:internal/modules/cjs/loader:1521:14)
    at Module._extensions..js (node:internal/modules/cjs/loader:1623:10)
    at Module.load (node:internal/modules/cjs/loader:1266:32)
    at Module._load (node:internal/modules/cjs/loader:1091:12)
    at Function.executeUserEntryPoint [as runMain] (node:internal/modules/run_main:164:12)
    at node:internal/main/run_main_module:28:49 {
  errno: -2,
  code: 'ENOENT',
  syscall: 'open',
  path: '/app/config/secret.json'
}

Node.js v20.20.2";

/// An error with a cause.
const NODE_CAUSE: &str = r"/home/app/a.js:6
 case 'cause': try { new Repo().find({}) } catch(e) { throw new Error('order failed',{cause:e}) } break;
                                                      ^

Error: order failed
    at Object.<anonymous> (/home/app/a.js:6:61)
    at Module._compile (node:internal/modules/cjs/loader:1521:14)
    ... 4 lines matching cause stack trace ...
    at node:internal/main/run_main_module:28:49 {
  [cause]: TypeError: Cannot read properties of undefined (reading 'y')
      at Repo.find (/home/app/a.js:1:58)
      at Object.<anonymous> (/home/app/a.js:6:33)
      at Module._compile (node:internal/modules/cjs/loader:1521:14)";

/// A fatal error.
const PHP: &str = r"PHP Fatal error:  Uncaught Exception: order failed in /home/app/src/Orders.php:12
Stack trace:
#0 /home/app/src/Handler.php(31): Orders->find(42)
#1 [internal function]: Handler->get(Object(Request))
#2 /home/app/public/index.php(9): call_user_func(Array)
#3 {main}
  thrown in /home/app/src/Orders.php on line 12";

/// An unhandled exception with an inner one.
const DOTNET: &str = r"Unhandled exception. System.InvalidOperationException: order failed
 ---> System.NullReferenceException: Object reference not set to an instance of an object.
   at Acme.Orders.Repository.Find(String id) in C:\src\Acme\Repository.cs:line 12
   at Acme.Orders.Service.<GetAsync>d__3.MoveNext()
   --- End of inner exception stack trace ---
   at Acme.Orders.Service.Get(String id)
   at Program.<Main>$(String[] args) in C:\src\Acme\Program.cs:line 4";

/// A missing method.
const RUBY: &str = r"/home/app/lib/orders.rb:12:in 'Orders#find': undefined method 'total' for nil (NoMethodError)

    order.total
         ^^^^^^
	from /home/app/lib/handler.rb:4:in 'Handler#call'
	from /home/app/config.ru:3:in '<main>'";

const TRACES: &[&str] = &[
    GO_NIL,
    GO_ERROR,
    GO_RECOVERED,
    GO_SERVING,
    GO_CONCURRENT,
    GO_GOROUTINES,
    RUST_ERR,
    RUST_FULL,
    RUST_RELEASE,
    RUST_ASSERT,
    RUST_OLD,
    RUST_CAPTURED,
    JAVA_CAUSE,
    JAVA_NULL,
    JAVA_SUPPRESSED,
    PYTHON_CHAIN,
    PYTHON_GROUP,
    PYTHON_DEEP,
    PYTHON_SYNTAX,
    NODE_TYPE,
    NODE_ASYNC,
    NODE_FILE,
    NODE_CAUSE,
    PHP,
    DOTNET,
    RUBY,
];

/// Blank lines do not count: what is left of them says nothing.
fn lines(trace: &str) -> Vec<&str> {
    trace
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect()
}

#[test]
fn whole_traces_are_withheld() {
    for trace in TRACES {
        assert_eq!(clean(trace), None, "{trace}");
    }
}

#[test]
fn any_three_lines_of_a_trace_are_withheld() {
    let left: Vec<_> = TRACES
        .iter()
        .flat_map(|trace| {
            let lines = lines(trace);
            let parts: Vec<String> = lines.windows(3).map(|part| part.join("\n")).collect();
            parts
        })
        .filter(|part| clean(part).is_some())
        .collect();
    assert!(left.is_empty(), "{left:#?}");
}

#[test]
fn traces_in_one_line_are_withheld() {
    for trace in TRACES {
        for joint in [" ", "\\n", "<br>\n", "\r\n"] {
            assert_eq!(clean(&lines(trace).join(joint)), None, "{joint:?} {trace}");
        }
    }
}

#[test]
fn traces_within_a_sentence_are_withheld() {
    for trace in TRACES {
        assert_eq!(
            clean(&format!("order 42 failed: {trace}\nsorry")),
            None,
            "{trace}"
        );
    }
}
