//! Members of documents that are secret, or meant for developers, by their names.

use serde_json::Value;

use super::kind::Kind;

/// Names of secrets, without case, `_` and `-`.
const SECRETS: [&str; 36] = [
    "password",
    "passwd",
    "pwd",
    "pass",
    "passphrase",
    "passcode",
    "token",
    "accesstoken",
    "refreshtoken",
    "idtoken",
    "authtoken",
    "bearertoken",
    "sessiontoken",
    "csrftoken",
    "xsrftoken",
    "jwt",
    "secret",
    "clientsecret",
    "secretkey",
    "secretaccesskey",
    "apikey",
    "xapikey",
    "accesskey",
    "privatekey",
    "signingkey",
    "encryptionkey",
    "authorization",
    "proxyauthorization",
    "credential",
    "credentials",
    "cookie",
    "cookies",
    "setcookie",
    "sessionid",
    "connectionstring",
    "dsn",
];
/// Names of what is meant for developers, without case, `_` and `-`.
const DEBUGGING: [&str; 27] = [
    "stack",
    "stacktrace",
    "stackentries",
    "stackframes",
    "callstack",
    "trace",
    "traceback",
    "backtrace",
    "debug",
    "debuginfo",
    "debugmessage",
    "debugdetail",
    "debugdetails",
    "exception",
    "exceptionclass",
    "exceptiontype",
    "exceptionmessage",
    "exceptiondetails",
    "innerexception",
    "innererror",
    "panic",
    "servingdata",
    "sql",
    "sqlstate",
    "sqlmessage",
    "sqlquery",
    "requirestack",
];
/// Ends of names of secrets. A name that ends with "token" may be one of a page.
const ENDS: [&str; 5] = ["password", "secret", "apikey", "privatekey", "stacktrace"];

/// Why a member is taken out; none where it stays.
///
/// A list of sentences under the name of a field says what is wrong with it, so it stays: frameworks
/// answer `{"password": ["This field is required."]}`.
pub(super) fn kind(name: &str, value: &Value) -> Option<Kind> {
    // The longest name that counts is far shorter.
    if name.len() > 64 {
        return None;
    }
    let name: String = name
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let name = name.as_str();
    if DEBUGGING.contains(&name) {
        return Some(Kind::Debug);
    }
    let is_secret = SECRETS.contains(&name) || ENDS.iter().any(|end| name.ends_with(end));
    (is_secret && !are_sentences(value)).then_some(Kind::Token)
}

fn are_sentences(value: &Value) -> bool {
    let is_sentence = |value: &Value| {
        value
            .as_str()
            .is_some_and(|text| text.matches(' ').count() >= 2 && !text.contains('='))
    };
    value
        .as_array()
        .is_some_and(|values| !values.is_empty() && values.iter().all(is_sentence))
}
