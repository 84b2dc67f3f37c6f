//! SQL statements, and errors in the words of databases and of the libraries that talk to them.
//!
//! "record not found" is not among them: it says to a client what it should say.

use kit::scan::{Place, Sign, digits, is_word, prefix, run};

use super::{Rule, alone, always, line, word};

pub(super) const SIGNS: &[Sign<Rule>] = &[
    // Statements.
    Sign::new("SELECT ", select),
    Sign::new("Select ", select),
    Sign::new("select ", select),
    Sign::new("SELECT\n", select),
    Sign::new("INSERT INTO ", insert),
    Sign::new("insert into ", insert),
    Sign::new("UPDATE ", update),
    Sign::new("update ", update),
    Sign::new("DELETE FROM ", delete),
    Sign::new("delete from ", delete),
    Sign::new("WHERE ", condition),
    Sign::new("CREATE TABLE ", word),
    Sign::new("ALTER TABLE ", word),
    Sign::new("DROP TABLE ", word),
    Sign::new("TRUNCATE TABLE ", word),
    Sign::new("ON CONFLICT ", word),
    Sign::new("ON DUPLICATE KEY UPDATE", word),
    // PostgreSQL.
    Sign::new("pq: ", word),
    Sign::new("SQLSTATE", always),
    Sign::new("violates unique constraint", always),
    Sign::new("violates foreign key constraint", always),
    Sign::new("violates check constraint", always),
    Sign::new("violates not-null constraint", always),
    Sign::new("violates exclusion constraint", always),
    Sign::new("violates row-level security", always),
    Sign::new("duplicate key value violates", always),
    Sign::new("syntax error at or near", always),
    Sign::new("relation \"", does_not_exist),
    Sign::new("relation \\\"", does_not_exist),
    Sign::new("column \"", column),
    Sign::new("invalid input syntax for type", always),
    Sign::new("invalid input value for enum", always),
    Sign::new("value too long for type character", always),
    Sign::new("deadlock detected", word),
    Sign::new("could not serialize access", always),
    Sign::new("canceling statement due to", always),
    Sign::new("current transaction is aborted", always),
    Sign::new("password authentication failed for user", always),
    Sign::new("no pg_hba.conf entry", always),
    Sign::new("remaining connection slots are reserved", always),
    Sign::new("permission denied for table", always),
    Sign::new("permission denied for relation", always),
    Sign::new("is not present in table", always),
    Sign::new("is still referenced from table", always),
    Sign::new("psycopg2.", word),
    Sign::new("asyncpg.", word),
    Sign::new("org.postgresql.", word),
    Sign::new("PSQLException", always),
    Sign::new("PG::", word),
    // MySQL.
    Sign::new("Error ", mysql_error),
    Sign::new("ERROR ", mysql_error),
    Sign::new("error in your SQL syntax", always),
    Sign::new("Duplicate entry '", always),
    Sign::new("Unknown column '", always),
    Sign::new("Unknown table '", always),
    Sign::new("Unknown database '", always),
    Sign::new("Table '", table),
    Sign::new("Lock wait timeout exceeded", always),
    Sign::new("Deadlock found when trying", always),
    Sign::new("a foreign key constraint fails", always),
    Sign::new("Data too long for column", always),
    Sign::new("Data truncated for column", always),
    Sign::new("Out of range value for column", always),
    Sign::new("Incorrect string value: '", always),
    Sign::new("doesn't have a default value", always),
    Sign::new("Access denied for user '", always),
    Sign::new("MySQL server", always),
    Sign::new("Mysql2::", always),
    Sign::new("pymysql.", word),
    // SQLite.
    Sign::new("UNIQUE constraint failed", always),
    Sign::new("NOT NULL constraint failed", always),
    Sign::new("FOREIGN KEY constraint failed", always),
    Sign::new("CHECK constraint failed", always),
    Sign::new("PRIMARY KEY constraint failed", always),
    Sign::new("SQLITE_", word),
    Sign::new("no such table: ", always),
    Sign::new("no such column: ", always),
    Sign::new("database is locked", always),
    Sign::new("attempt to write a readonly database", always),
    Sign::new("\": syntax error", always),
    // Oracle.
    Sign::new("ORA-", oracle),
    Sign::new("PLS-", oracle),
    Sign::new("TNS-", oracle),
    // SQL Server.
    Sign::new("Violation of PRIMARY KEY", always),
    Sign::new("Violation of UNIQUE KEY", always),
    Sign::new("Cannot insert duplicate key", always),
    Sign::new("Cannot insert the value NULL", always),
    Sign::new("conflicted with the FOREIGN KEY", always),
    Sign::new("conflicted with the REFERENCE", always),
    Sign::new("conflicted with the CHECK", always),
    Sign::new("Invalid object name '", always),
    Sign::new("Invalid column name '", always),
    Sign::new("Incorrect syntax near", always),
    Sign::new("String or binary data would be truncated", always),
    Sign::new("Unclosed quotation mark after", always),
    Sign::new("Login failed for user '", always),
    Sign::new("mssql: ", word),
    // Libraries.
    Sign::new("sql: ", database_sql),
    Sign::new("error returned from database", always),
    Sign::new("no rows returned by a query", always),
    Sign::new("pool timed out while waiting", always),
    Sign::new("DatabaseErrorKind", always),
    Sign::new("DatabaseError(", always),
    Sign::new("QueryBuilderError", always),
    Sign::new("QueryFailedError", always),
    Sign::new("SequelizeDatabaseError", always),
    Sign::new("SequelizeUniqueConstraintError", always),
    Sign::new("PrismaClient", always),
    Sign::new("Invalid `prisma.", always),
    Sign::new("sqlalchemy.", word),
    Sign::new("[SQL: ", always),
    Sign::new("django.db.", word),
    Sign::new("ActiveRecord::", word),
    Sign::new("PDOException", always),
    Sign::new("Doctrine\\DBAL", always),
    Sign::new("SQLException", always),
    Sign::new("SQLSyntaxErrorException", always),
    Sign::new("bad SQL grammar", always),
    Sign::new("could not execute statement", line),
    Sign::new("could not execute query", line),
    Sign::new("could not extract ResultSet", always),
    Sign::new("DataIntegrityViolation", always),
    Sign::new("HikariPool-", always),
    Sign::new("MongoServerError", always),
    Sign::new("MongoError", always),
    Sign::new("E11000 duplicate key", always),
    Sign::new("WRONGTYPE Operation against", always),
    Sign::new("TransactionRolledbackError", alone),
];

/// Words that may follow "from" in English, and are no table.
const ARTICLES: [&str; 14] = [
    "the", "a", "an", "this", "that", "these", "those", "your", "our", "my", "their", "one",
    "each", "any",
];

/// `SELECT columns FROM table`. Capitals around small letters say enough; else the columns have to
/// be a list, and something has to be there that English has not.
fn select(place: Place<'_>) -> bool {
    let after = place.after();
    let Some(from) = find_from(after) else {
        return false;
    };
    let columns = after.get(..from).unwrap_or("").trim();
    let rest = after
        .get(from + " from ".len()..)
        .unwrap_or("")
        .trim_start();
    let table = first_word(rest);
    if !place.opens_word() || columns.is_empty() || is_article(table) {
        return false;
    }
    let shouted = place
        .text
        .get(place.start..place.end)
        .is_some_and(is_shouted)
        && after
            .get(from..from + " from ".len())
            .is_some_and(is_shouted);
    if shouted && has_lower(columns) | has_lower(table) {
        return true;
    }
    let is_list = columns.split(',').all(|column| is_column(column.trim()));
    let is_code = columns.contains(['*', '.', '(', '"', '`', '_']);
    is_list && (is_code || goes_on(rest.get(table.len()..).unwrap_or("")))
}

/// `INSERT INTO table (…) VALUES (…)`.
fn insert(place: Place<'_>) -> bool {
    let table = first_word(place.after());
    let rest = place.after().get(table.len()..).unwrap_or("").trim_start();
    place.opens_word()
        && !is_article(table)
        && (is_shouted_place(place) && !is_shouted(table)
            || rest.starts_with('(')
            || starts_fold(rest, "values")
            || starts_fold(rest, "select "))
}

/// `UPDATE table SET column = …`.
fn update(place: Place<'_>) -> bool {
    let table = first_word(place.after());
    let rest = place.after().get(table.len()..).unwrap_or("").trim_start();
    let set = starts_fold(rest, "set ").then(|| rest.get(4..)).flatten();
    place.opens_word() && set.is_some_and(|set| prefix(set, 256).contains('='))
}

/// `DELETE FROM table WHERE …`.
fn delete(place: Place<'_>) -> bool {
    let table = first_word(place.after());
    let rest = place.after().get(table.len()..).unwrap_or("");
    place.opens_word()
        && !table.is_empty()
        && !is_article(table)
        && (is_shouted_place(place) && !is_shouted(table) || goes_on(rest))
}

/// `WHERE column = …`, as it is left of a statement that was cut.
fn condition(place: Place<'_>) -> bool {
    let column = first_word(place.after());
    let rest = place.after().get(column.len()..).unwrap_or("");
    let operator = rest.trim_start().trim_start_matches(['(', ')']);
    place.opens_word()
        && !column.is_empty()
        && [
            "=", "<", ">", "IN (", "LIKE ", "IS NULL", "IS NOT", "BETWEEN ",
        ]
        .iter()
        .any(|sign| operator.starts_with(sign))
}

/// `relation "orders" does not exist`.
fn does_not_exist(place: Place<'_>) -> bool {
    place.after_on_line().contains("does not exist")
}

/// `column "id" does not exist`, `null value in column "id" of relation "orders"`.
fn column(place: Place<'_>) -> bool {
    let rest = place.after_on_line();
    [
        "does not exist",
        "of relation",
        "violates",
        "is of type",
        "is ambiguous",
    ]
    .iter()
    .any(|words| rest.contains(words))
}

/// `Error 1062 (23000): …`, `ERROR 1064 (42000)`.
fn mysql_error(place: Place<'_>) -> bool {
    let after = place.after();
    digits(after) == 4
        && after
            .get(4..)
            .and_then(|rest| rest.strip_prefix(" ("))
            .is_some_and(|state| run(state, |b| b.is_ascii_alphanumeric()) == 5)
}

/// `Table 'shop.orders' doesn't exist`.
fn table(place: Place<'_>) -> bool {
    place.after_on_line().contains("' doesn't exist")
}

/// The errors of Go's `database/sql`, but not a field of the name.
fn database_sql(place: Place<'_>) -> bool {
    let texts = [
        "no rows",
        "Scan ",
        "database is",
        "transaction ",
        "connection is",
        "statement is",
        "converting ",
        "expected ",
        "unknown driver",
        "Rows are",
        "named ",
        "driver ",
    ];
    place.opens_word() && texts.iter().any(|text| place.after().starts_with(text))
}

/// `ORA-00942`.
fn oracle(place: Place<'_>) -> bool {
    place.opens_word() && digits(place.after()) == 5
}

/// Where ` FROM ` begins.
fn find_from(text: &str) -> Option<usize> {
    text.as_bytes().windows(6).position(|window| {
        matches!(window, [before, word @ .., after]
            if before.is_ascii_whitespace()
                && after.is_ascii_whitespace()
                && word.eq_ignore_ascii_case(b"from"))
    })
}

/// A column, an expression without spaces, or one with an alias.
fn is_column(column: &str) -> bool {
    let mut words = column.split_ascii_whitespace();
    match (words.next(), words.next(), words.next(), words.next()) {
        (Some(_), None, ..) => true,
        (Some(_), Some(second), Some(_), None) => second.eq_ignore_ascii_case("as"),
        _ => false,
    }
}

/// Whether a statement goes on, or ends, as SQL does after a table.
fn goes_on(rest: &str) -> bool {
    let rest = rest.trim_start();
    if rest.starts_with(';') {
        return true;
    }
    let next = rest.get(first_word(rest).len()..).unwrap_or("");
    starts_fold(rest, "where ") && prefix(next, 256).contains(['=', '<', '>', '$', '?'])
        || [
            "join ",
            "inner join ",
            "left join ",
            "limit ",
            "order by ",
            "group by ",
        ]
        .iter()
        .any(|clause| starts_fold(rest, clause))
}

/// The identifier that a text begins with, quoted or not.
fn first_word(text: &str) -> &str {
    let length = run(text, |b| is_word(b) || b"\"`[].$".contains(&b));
    text.get(..length).unwrap_or("")
}

fn is_article(word: &str) -> bool {
    ARTICLES
        .iter()
        .any(|article| word.eq_ignore_ascii_case(article))
}

fn is_shouted_place(place: Place<'_>) -> bool {
    place
        .text
        .get(place.start..place.end)
        .is_some_and(is_shouted)
}

fn is_shouted(text: &str) -> bool {
    !has_lower(text)
}

fn has_lower(text: &str) -> bool {
    text.bytes().any(|b| b.is_ascii_lowercase())
}

fn starts_fold(text: &str, with: &str) -> bool {
    text.as_bytes()
        .get(..with.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(with.as_bytes()))
}
