//! The parameters whose values are secret by their names.

use crate::personal::decoded;

/// Names of parameters: those that are built in, and a policy's own.
///
/// A name is compared after percent-decoding, without regard to ASCII case, whole and by its parts
/// (`user[password]`, `user.password`). OpenTelemetry says that case should count; that would let
/// `SIG` and `Access_Token` pass, and clients write all of these.
#[derive(Debug, Clone, Default)]
pub(crate) struct Sensitive {
    own: Vec<Box<str>>,
}

/// Names of secrets, in lower case and without `_` and `-`.
///
/// Left out is what people need to read a log and what is no secret by itself: `state` (of OAuth,
/// but of orders and issues as well), `nonce`, `hash`, `expires`, `policy`, and the names of
/// algorithms and dates in signed URLs.
const NAMES: [&str; 40] = [
    // Signed URLs. `sig` is on the list of OpenTelemetry (attribute `url.query`); `AWSAccessKeyId`,
    // `Signature`, `X-Amz-Signature`, `X-Amz-Credential`, `X-Amz-Security-Token` and
    // `X-Goog-Signature`, which are as well, are known by how they end.
    "sig",
    "sas",
    "hmac",
    // OAuth 2.0: the authorization code (RFC 6749 section 4.1.2), the code of a device (RFC 8628
    // section 3.2), the proof key (RFC 7636 section 4.1), assertions (RFC 7521 section 4).
    "code",
    "authcode",
    "authorizationcode",
    "devicecode",
    "usercode",
    "codeverifier",
    "assertion",
    "clientassertion",
    // OAuth 1.0 (RFC 5849 section 2.2).
    "oauthverifier",
    // SAML bindings and CAS.
    "samlresponse",
    "samlart",
    "ticket",
    // Keys. `key` alone is the API key of Google's services.
    "key",
    "appkey",
    "authkey",
    "subscriptionkey",
    "functionskey",
    // Passwords, and what is used once in place of them.
    "auth",
    "passphrase",
    "passcode",
    "pass",
    "pwd",
    "pin",
    "otp",
    "totp",
    "mfacode",
    // Sessions.
    "session",
    "sessionid",
    "sessid",
    "sid",
    "jsessionid",
    "phpsessid",
    "csrf",
    "xsrf",
    // The rest of a payment card (PCI DSS requirement 3.3.1).
    "cvv",
    "cvc",
    "cvv2",
];

/// Ends of names of secrets, in the same form.
const ENDS: [&str; 14] = [
    "token",
    "password",
    "passwd",
    "secret",
    "secretkey",
    "accesskey",
    "accesskeyid",
    "privatekey",
    "apikey",
    "signature",
    "credential",
    "credentials",
    "authorization",
    "jwt",
];

impl Sensitive {
    /// The built-in names, and these.
    pub(crate) fn new<'a>(own: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            own: own.into_iter().map(Box::from).collect(),
        }
    }

    /// Whether the value of a parameter is sensitive, by the parameter's name as it stands in the
    /// target.
    pub(crate) fn contains(&self, name: &str) -> bool {
        let name = decoded(name);
        let name = name.trim_matches(|c: char| c == '+' || c.is_ascii_whitespace());
        let mut parts = name.split(['[', ']', '.']);
        self.is_own(name) || parts.any(|part| self.is_own(part) || is_built_in(part))
    }

    /// Whether a value is, once it is decoded, a URL or a query with a sensitive parameter of its
    /// own, as the values of `redirect_uri` are.
    pub(super) fn is_in(&self, value: &str) -> bool {
        let value = decoded(value);
        value.split(['?', '&', ';', '#']).any(|parameter| {
            parameter
                .split_once('=')
                .is_some_and(|(name, value)| !value.is_empty() && self.contains(name))
        })
    }

    fn is_own(&self, name: &str) -> bool {
        self.own.iter().any(|own| own.eq_ignore_ascii_case(name))
    }
}

fn is_built_in(name: &str) -> bool {
    let name: String = name
        .chars()
        .filter(|c| !matches!(c, '_' | '-'))
        .map(|c| c.to_ascii_lowercase())
        .collect();
    let name = name.as_str();
    NAMES.contains(&name) || ENDS.iter().any(|end| name.ends_with(end))
}
