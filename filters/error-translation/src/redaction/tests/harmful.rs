//! Texts of which something must not leave.

use super::{clean, cleaned};

/// A text, and what must not be left of it.
const MASKED: &[(&str, &[&str])] = &[
    // Paths.
    (
        "open /app/config/secret.json: no such file or directory",
        &["/app", "secret.json"],
    ),
    ("open '/app/My Files/x.json' failed", &["/app", "Files"]),
    ("cannot read /home/orders/.ssh/id_rsa", &["/home", "id_rsa"]),
    (
        "stat /var/run/secrets/kubernetes.io/serviceaccount/token",
        &["/var", "kubernetes"],
    ),
    ("mkdir /tmp/upload-42: permission denied", &["/tmp"]),
    ("config at /etc/orders/config.yaml is broken", &["/etc"]),
    ("/usr/local/bin/orders exited", &["/usr"]),
    ("/opt/acme/orders/lib failed", &["/opt"]),
    ("/root/.aws/credentials", &["/root", ".aws"]),
    ("/srv/orders/data", &["/srv"]),
    ("/go/src/github.com/acme/orders", &["/go/", "github"]),
    ("/workspace/orders/x", &["/workspace"]),
    ("/Users/ann/dev/orders", &["/Users", "ann"]),
    ("template \"/srv/x/y.tmpl\" is missing", &["/srv"]),
    ("failed in handlers/order.go:42", &["order.go", "42"]),
    ("order.go:42: connection refused", &["order.go"]),
    ("error at src/orders/handler.rs", &["handler.rs"]),
    ("see ./orders/handler.rs", &["handler.rs"]),
    ("~/.kube/config is unreadable", &[".kube"]),
    ("/data/handlers/order.py", &["order.py"]),
    ("/x/libcrypto.so is missing", &["libcrypto"]),
    (
        "load C:\\app\\orders\\appsettings.json failed",
        &["C:\\", "appsettings"],
    ),
    (
        "Could not find C:\\Program Files\\Acme\\x.config.",
        &["Program", "Acme", "x.config"],
    ),
    (
        "\\\\fileserver\\share\\orders.csv is locked",
        &["fileserver", "orders.csv"],
    ),
    ("file:///app/config.json", &["/app"]),
    ("ファイル/app/config.jsonが見つかりません", &["/app"]),
    ("path=/var/lib/orders/db", &["/var"]),
    ("sqlite:/var/lib/orders.db", &["/var", "orders.db"]),
    // Addresses.
    (
        "dial tcp 10.0.0.7:5432: connect: connection refused",
        &["10.0.0.7", "5432"],
    ),
    ("192.168.1.20 timed out", &["192.168"]),
    ("172.16.4.9:8080 refused", &["172.16", "8080"]),
    ("127.0.0.1:6379 refused", &["127.0", "6379"]),
    ("169.254.169.254 answered", &["169.254"]),
    ("100.64.3.4 is away", &["100.64"]),
    ("bound to 0.0.0.0:8080", &["0.0.0.0", "8080"]),
    ("10.96.0.0/16 is full", &["10.96", "/16"]),
    (
        "read tcp 10.0.0.1:443->10.0.0.2:51234: i/o timeout",
        &["10.0.0.1", "10.0.0.2", "51234"],
    ),
    ("addr=10.1.2.3,port=80", &["10.1.2.3"]),
    ("tcp(10.1.2.3:3306)", &["10.1.2.3", "3306"]),
    ("[::1]:8080 refused", &["::1", "8080"]),
    ("fe80::1%eth0 is link-local", &["fe80", "eth0"]),
    ("fd12:3456:789a::1 refused", &["fd12"]),
    ("::ffff:10.0.0.1 refused", &["10.0.0.1", "ffff"]),
    (
        "Connection refused: orders-db/10.0.0.1:5432",
        &["10.0.0.1", "5432"],
    ),
    (
        "last error: UNKNOWN: ipv4:10.0.0.1:50051: Failed to connect",
        &["10.0.0.1", "50051"],
    ),
    (
        "Error while dialing: dial tcp 10.0.0.1:50051: connect: connection refused",
        &["10.0.0.1"],
    ),
    // Hosts.
    (
        "orders.default.svc.cluster.local is down",
        &["orders.default", "cluster"],
    ),
    (
        "orders.default.svc:8080 is down",
        &["orders.default", "8080"],
    ),
    ("db.prod.internal:5432 refused", &["db.prod", "5432"]),
    ("printer.local is away", &["printer"]),
    ("ldap.acme.corp did not answer", &["acme.corp"]),
    ("nas.lan did not answer", &["nas.lan"]),
    ("DB01.ACME.INTRA did not answer", &["DB01"]),
    ("localhost:5432 refused", &["localhost", "5432"]),
    ("ip-10-0-0-1.ec2.internal", &["ip-10"]),
    ("node ip-10-0-0-1 is not ready", &["ip-10"]),
    ("kubernetes.default said no", &["kubernetes.default"]),
    ("pod orders-7d9f8b6c5d-x2x7k crashed", &["7d9f8b6c5d"]),
    (
        "dial tcp: lookup orders-db on 10.96.0.10:53: no such host",
        &["orders-db", "10.96"],
    ),
    (
        "dial tcp orders-db:5432: connect: connection refused",
        &["orders-db", "5432"],
    ),
    ("lookup payments: no such host", &["payments"]),
    ("could not connect to orders-db:5432", &["orders-db"]),
    ("getaddrinfo ENOTFOUND orders-db", &["orders-db"]),
    ("connect ECONNREFUSED redis:6379", &["redis", "6379"]),
    (
        "connection to server at \"orders-db\" (172.17.0.2), port 5432 failed",
        &["orders-db", "172.17"],
    ),
    (
        "could not translate host name \"orders-db\" to address",
        &["orders-db"],
    ),
    (
        "host=orders-db port=5432 user=orders password=hunter2 dbname=orders",
        &["orders-db", "hunter2"],
    ),
    (
        "error sending request for url (http://payments:8080/v1/charges)",
        &["payments:", "8080"],
    ),
    (
        "Get \"http://orders.default.svc.cluster.local:8080/v1\": EOF",
        &["orders.default", "8080"],
    ),
    (
        "Post \"https://10.1.2.3/x\": context deadline exceeded",
        &["10.1.2.3"],
    ),
    (
        "postgres://orders:hunter2@db.prod:5432/orders?sslmode=disable",
        &["orders", "hunter2", "5432", "sslmode"],
    ),
    ("cannot reach postgresql://db/orders.", &["db/orders"]),
    ("redis://cache:6379/0 is away", &["cache", "6379"]),
    ("amqp://guest:guest@mq:5672/", &["guest", "5672"]),
    (
        "mongodb+srv://u:p,a;ss@cluster0.x.mongodb.net/db",
        &["p,a;ss", "cluster0"],
    ),
    (
        "mongodb://u:p@h1:27017,h2:27017/db?replicaSet=rs",
        &["h1", "h2", "rs"],
    ),
    (
        "jdbc:postgresql://db:5432/orders?user=a&password=b",
        &["5432", "user", "password"],
    ),
    (
        "orders:hunter2@tcp(db:3306)/orders?parseTime=true",
        &["hunter2", "3306"],
    ),
    (
        "outbound|8080||orders.default.svc.cluster.local",
        &["8080", "orders"],
    ),
    (
        "orders.abc123.eu-west-1.rds.amazonaws.com:5432",
        &["abc123", "5432"],
    ),
    (
        "Server=db;Database=orders;User Id=sa;Password=Pa55;",
        &["=db", "Pa55"],
    ),
];

/// Texts of which nothing may be left, and what they are.
const WITHHELD: &[(&str, &str)] = &[
    (
        "goPanic",
        "panic: runtime error: index out of range [7] with length 1",
    ),
    ("goPanic", "recovered from panic: boom"),
    (
        "goPanic",
        "runtime error: invalid memory address or nil pointer dereference",
    ),
    ("goPanic", "goroutine 42 [running]:"),
    (
        "goPanic",
        "[signal SIGSEGV: segmentation violation code=0x1 addr=0x8 pc=0x65f748]",
    ),
    (
        "goPanic",
        "http: panic serving 127.0.0.1:45974: assignment to entry in nil map",
    ),
    ("goPanic", "assignment to entry in nil map"),
    (
        "goPanic",
        "interface conversion: interface {} is int, not string",
    ),
    ("goPanic", "fatal error: concurrent map writes"),
    (
        "goPanic",
        "fatal error: all goroutines are asleep - deadlock!",
    ),
    ("goPanic", "main.(*Store).Put(...)\n\t/app/main.go:6"),
    ("goPanic", "boom main.main() /app/main.go:17 +0x5ff"),
    ("goPanic", "\t./main.go:17 +0x5ff"),
    ("goPanic", "created by main.main in goroutine 1"),
    ("goPanic", "main.handle(0xc0000b4000, {0x1, 0x2})"),
    (
        "goPanic",
        "reflect: call of reflect.Value.Type on zero Value",
    ),
    (
        "rustPanic",
        "thread 'main' panicked at src/main.rs:4:59:\nboom",
    ),
    (
        "rustPanic",
        "thread 'main' (23674) panicked at src/main.rs:4:59:",
    ),
    (
        "rustPanic",
        "thread 'tokio-runtime-worker' panicked at 'boom', src/main.rs:4:5",
    ),
    ("rustPanic", "task 7 panicked at src/main.rs:4:5"),
    ("rustPanic", "called `Option::unwrap()` on a `None` value"),
    (
        "rustPanic",
        "called `Result::unwrap()` on an `Err` value: ParseIntError { kind: InvalidDigit }",
    ),
    (
        "rustPanic",
        "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace",
    ),
    ("rustPanic", "stack backtrace:"),
    ("rustPanic", "   0: core::panicking::panic_fmt"),
    ("rustPanic", "   5: orders::main"),
    ("rustPanic", "  22:     0x7fa3e5cb21f5 - start_thread"),
    (
        "rustPanic",
        "at /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library/std/src/panicking.rs:689:5",
    ),
    ("rustPanic", "             at ./src/main.rs:10:13"),
    (
        "rustPanic",
        "index out of bounds: the len is 1 but the index is 9",
    ),
    ("rustPanic", "attempt to subtract with overflow"),
    (
        "rustPanic",
        "assertion `left == right` failed: totals\n  left: 2\n right: 11",
    ),
    ("rustPanic", "assertion failed: order.is_open()"),
    ("rustPanic", "already borrowed: BorrowMutError"),
    (
        "rustPanic",
        "cannot load the order\n\nCaused by:\n    connection refused",
    ),
    ("javaTrace", "\tat com.acme.Orders.find(Orders.java:12)"),
    (
        "javaTrace",
        "at java.base/java.lang.Class.forName0(Native Method)",
    ),
    (
        "javaTrace",
        "Exception in thread \"main\" java.lang.IllegalStateException: x",
    ),
    (
        "javaTrace",
        "java.lang.NullPointerException: Cannot invoke \"String.trim()\"",
    ),
    ("javaTrace", "com.acme.orders.OrderNotFoundException: 42"),
    ("javaTrace", "Caused by: java.sql.Failure: x"),
    ("javaTrace", "\t... 12 more"),
    ("javaTrace", "at com.acme.OrdersKt.main(Orders.kt:3)"),
    ("javaTrace", "at acme.Orders$.find(Orders.scala:9)"),
    ("javaTrace", "x; nested exception is y"),
    (
        "javaTrace",
        "boom\\n\\tat com.acme.Orders.find(Orders.java:12)\\n",
    ),
    ("pythonTrace", "Traceback (most recent call last):"),
    ("pythonTrace", "  File \"/app/x.py\", line 4, in handler"),
    ("pythonTrace", "KeyError: 'x'"),
    (
        "pythonTrace",
        "requests.exceptions.ConnectionError: HTTPConnectionPool(host='x', port=80)",
    ),
    ("pythonTrace", "    find({}, \"x\")\n    ^^^^^^^^^^^^^"),
    ("nodeTrace", "    at Repo.find (/app/x.js:1:58)"),
    ("nodeTrace", "    at async /app/x.js:3:28"),
    (
        "nodeTrace",
        "at async Promise.all (index 0)\n    at async f (/app/x.ts:3:28)",
    ),
    (
        "nodeTrace",
        "    at node:internal/main/run_main_module:28:49 {",
    ),
    ("nodeTrace", "at file:///app/x.mjs:1:2"),
    ("nodeTrace", "    at new Promise (<anonymous>)"),
    (
        "nodeTrace",
        "TypeError: Cannot read properties of undefined (reading 'y')",
    ),
    ("nodeTrace", "Error: Cannot find module '/app/x'"),
    (
        "nodeTrace",
        "Error: x at f (/app/x.js:1:2) at g (/app/y.js:3:4)",
    ),
    (
        "phpTrace",
        "PHP Fatal error:  Uncaught Exception: x in /app/x.php:12",
    ),
    ("phpTrace", "<b>Fatal error</b>: Uncaught Exception"),
    (
        "phpTrace",
        "Stack trace:\n#0 /app/x.php(12): f()\n#1 {main}",
    ),
    ("phpTrace", "#0 /app/x.php(12): f()"),
    ("phpTrace", "#1 {main}"),
    ("phpTrace", "Division by zero in /app/x.php on line 12"),
    ("phpTrace", "Boom in /app/x.php:12"),
    (
        "dotnetTrace",
        "   at Acme.Orders.Get(String id) in C:\\src\\Orders.cs:line 12",
    ),
    ("dotnetTrace", "   at Acme.Orders.<Get>d__3.MoveNext()"),
    (
        "dotnetTrace",
        "System.NullReferenceException: Object reference not set to an instance of an object.",
    ),
    (
        "dotnetTrace",
        "Microsoft.Data.SqlClient.SqlException (0x80131904): x",
    ),
    ("dotnetTrace", "--- End of inner exception stack trace ---"),
    ("rubyTrace", "app/models/order.rb:12:in 'find'"),
    ("rubyTrace", "from /app/x.rb:3:in `block in <main>'"),
    ("rubyTrace", "undefined method 'name' for nil"),
    (
        "sql",
        "pq: duplicate key value violates unique constraint \"orders_pkey\"",
    ),
    (
        "sql",
        "ERROR: duplicate key value violates unique constraint \"x\" (SQLSTATE 23505)",
    ),
    (
        "sql",
        "insert or update on table \"a\" violates foreign key constraint \"b\"",
    ),
    ("sql", "syntax error at or near \"FROM\""),
    ("sql", "relation \"orders\" does not exist"),
    ("sql", "column \"id\" does not exist"),
    (
        "sql",
        "null value in column \"id\" of relation \"orders\" violates not-null constraint",
    ),
    (
        "sql",
        "Error 1062 (23000): Duplicate entry '1' for key 'orders.PRIMARY'",
    ),
    ("sql", "Error 1146 (42S02): x"),
    (
        "sql",
        "You have an error in your SQL syntax; check the manual",
    ),
    ("sql", "Duplicate entry 'ann' for key 'users.email'"),
    ("sql", "Table 'shop.orders' doesn't exist"),
    ("sql", "UNIQUE constraint failed: orders.id"),
    ("sql", "SQLITE_BUSY: database is locked"),
    ("sql", "no such table: orders"),
    ("sql", "ORA-00942: table or view does not exist"),
    ("sql", "Invalid object name 'dbo.Orders'."),
    ("sql", "Violation of PRIMARY KEY constraint 'PK'"),
    ("sql", "sql: no rows in result set"),
    ("sql", "sql: Scan error on column index 0"),
    ("sql", "error returned from database: x"),
    (
        "sql",
        "no rows returned by a query that expected to return at least one row",
    ),
    ("sql", "SELECT * FROM orders"),
    ("sql", "SELECT id, total FROM orders WHERE id = $1"),
    (
        "sql",
        "select o1_0.id,o1_0.total from orders o1_0 where o1_0.id=?",
    ),
    ("sql", "SELECT ID FROM ORDERS WHERE ID = 1"),
    ("sql", "query failed: select * from orders"),
    ("sql", "select id from orders where id = 42"),
    ("sql", "SELECT\n  id\nFROM orders"),
    ("sql", "INSERT INTO orders (id) VALUES (1)"),
    ("sql", "insert into orders values (1)"),
    ("sql", "UPDATE orders SET total = 1 WHERE id = 2"),
    ("sql", "update orders set total=1"),
    ("sql", "DELETE FROM orders WHERE id = 1"),
    ("sql", "delete from orders where id = 1"),
    ("sql", "orders WHERE id = 1 LIMIT 1"),
    ("sql", "SequelizeDatabaseError: x"),
    ("sql", "(psycopg2.errors.UniqueViolation) x"),
    ("sql", "E11000 duplicate key error collection: shop.orders"),
];

#[test]
fn what_must_not_leave_is_masked() {
    let left: Vec<_> = MASKED
        .iter()
        .map(|(text, secrets)| (text, secrets, cleaned(text)))
        .filter(|(_, secrets, (clean, found))| {
            found.is_empty()
                || clean.as_deref().is_none_or(|clean| {
                    !clean.contains("[redacted]")
                        || secrets.iter().any(|secret| clean.contains(secret))
                })
        })
        .collect();
    assert!(left.is_empty(), "{left:#?}");
}

#[test]
fn traces_and_sql_are_withheld() {
    let left: Vec<_> = WITHHELD
        .iter()
        .filter(|(_, text)| clean(text).is_some())
        .collect();
    assert!(left.is_empty(), "{left:#?}");
}

#[test]
fn what_is_withheld_is_named() {
    let misnamed: Vec<_> = WITHHELD
        .iter()
        .map(|(name, text)| (name, text, cleaned(text).1))
        .filter(|(name, _, found)| found != &[**name])
        .collect();
    assert!(misnamed.is_empty(), "{misnamed:#?}");
}

#[test]
fn only_the_place_is_masked() {
    for (text, expected) in [
        (
            "open /app/config/secret.json: no such file or directory",
            "open [redacted]: no such file or directory",
        ),
        (
            "dial tcp 10.0.0.7:5432: connect: connection refused",
            "dial tcp [redacted]: connect: connection refused",
        ),
        (
            "Get \"http://orders.default.svc.cluster.local:8080/v1\": EOF",
            "Get \"http://[redacted]/v1\": EOF",
        ),
        (
            "https://ann:hunter2@example.com/x",
            "https://[redacted]@example.com/x",
        ),
        ("[::1]:8080 refused", "[redacted] refused"),
        ("password=hunter2&x=1", "password=[redacted]&x=1"),
        (
            "pod orders-7d9f8b6c5d-x2x7k crashed",
            "pod [redacted] crashed",
        ),
        (
            "Could not find C:\\Program Files\\Acme\\x.config.",
            "Could not find [redacted].",
        ),
        (
            "ファイル/app/config.jsonが見つかりません",
            "ファイル[redacted]が見つかりません",
        ),
        (
            "AKIAIOSFODNN7EXAMPLE and /tmp/x and 10.0.0.1",
            "[redacted] and [redacted] and [redacted]",
        ),
    ] {
        assert_eq!(clean(text).as_deref(), Some(expected), "{text}");
    }
}
