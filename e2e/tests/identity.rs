//! Who calls, as a mesh proves it: by the certificate of the caller's sidecar, and by a token that
//! Envoy has checked before the policy is asked.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use e2e::{
    AccessLog, Client, Cluster, Config, Envoy, Listener, Options, Request, Response, Route,
    Upstream, WasmFilter, reserve_address,
};
use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, PKCS_ED25519,
    PublicKeyData, SanType, SigningKey,
};
use serde_json::{Value, json};

const SOON: Duration = Duration::from_secs(5);

/// Two versions, of which the newest serves everybody but the consumer that has a pin.
fn policy(path: &[&str], pinned: &str) -> String {
    json!({
        "version": 1,
        "mode": "enforce",
        "rules": [{"name": "orders", "settings": {
            "scheme": "integer",
            "sources": [{"from": "path", "template": "/v{version}/**"}],
            "default": {"use": "newest"},
            "versions": [{"version": "1"}, {"version": "2"}],
            "consumer": {"from": "property", "path": path},
            "pins": [{"consumers": [pinned], "version": "1"}],
        }}],
    })
    .to_string()
}

fn edge(path: &[&str], pinned: &str, log: &AccessLog, before: Option<Value>) -> Listener {
    let mut listener = Listener::new("edge");
    if let Some(filter) = before {
        listener = listener.filter(filter);
    }
    listener
        .filter(WasmFilter::new("version-negotiation").policy(&policy(path, pinned)))
        .route(Route::prefix("/", "upstream"))
        .access_log(
            log,
            json!({"consumer": "%FILTER_STATE(wasm.treaty.version_consumer:PLAIN)%"}),
        )
}

fn consumer(log: &mut AccessLog) -> Value {
    log.next_line(SOON).expect("a line in the access log")["consumer"].take()
}

/// What the upstream and the client were told, which is the same.
fn version(upstream: &Upstream, response: &Response) -> String {
    assert_eq!(response.status, 200, "{response:?}");
    let seen = upstream.take_seen();
    let asked = seen[0].headers.text("x-treaty-version");
    assert_eq!(response.headers.text("x-treaty-version"), asked);
    asked.expect("an enforced policy").to_owned()
}

/// A certificate authority whose files lie in a folder.
struct Authority<'a> {
    folder: &'a Path,
    issuer: Issuer<'static, KeyPair>,
}

impl<'a> Authority<'a> {
    fn new(folder: &'a Path) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "ca");
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        fs::write(folder.join("ca.pem"), certificate.pem()).unwrap();
        Self {
            folder,
            issuer: Issuer::new(params, key),
        }
    }

    /// A part of Envoy's `common_tls_context`: a certificate with these names, and trust in all that
    /// this authority has issued.
    fn issue(&self, file: &str, names: &[&str]) -> Value {
        let name = |name: &&str| SanType::URI(Ia5String::try_from(*name).unwrap());
        let mut params = CertificateParams::default();
        params.subject_alt_names = names.iter().map(name).collect();
        params.distinguished_name.push(DnType::CommonName, file);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let written = |ending: &str, pem: String| {
            let path = self.folder.join(format!("{file}.{ending}"));
            fs::write(&path, pem).unwrap();
            json!({"filename": path})
        };
        json!({
            "tls_certificates": [{
                "certificate_chain": written("crt", certificate.pem()),
                "private_key": written("key", key.serialize_pem()),
            }],
            "validation_context": {"trusted_ca": {"filename": self.folder.join("ca.pem")}},
        })
    }
}

fn tls(context: &str, settings: Value) -> Value {
    let mut settings = settings;
    settings["@type"] =
        format!("type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.{context}").into();
    json!({"name": "envoy.transport_sockets.tls", "typed_config": settings})
}

/// Callers, each with a sidecar that proves who it is, in front of a listener that asks for proof.
///
/// All of it is one Envoy: a listener named after the caller stands for its sidecar.
fn mesh_of(callers: &[(&str, &[&str])], upstream: &Upstream, log: &AccessLog) -> Envoy {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new(folder.path());
    let at = reserve_address();
    let path = ["connection", "uri_san_peer_certificate"];
    let mut config = Config::new()
        .cluster(Cluster::new("upstream", upstream.address()))
        .listener(edge(&path, "spiffe://acme/shop", log, None).at(at));
    for (caller, names) in callers {
        let context = authority.issue(caller, names);
        let socket = tls("UpstreamTlsContext", json!({"common_tls_context": context}));
        config = config
            .listener(Listener::new(caller).route(Route::prefix("/", caller)))
            .cluster(Cluster::new(caller, at).with(json!({"transport_socket": socket})));
    }
    let anonymous = tls("UpstreamTlsContext", json!({"common_tls_context": {}}));
    let config = config
        .listener(Listener::new("nobody").route(Route::prefix("/", "nobody")))
        .cluster(Cluster::new("nobody", at).with(json!({"transport_socket": anonymous})));
    let mut config: Value = config.into();
    let chain = &mut config["static_resources"]["listeners"][0]["filter_chains"][0];
    chain["transport_socket"] = tls(
        "DownstreamTlsContext",
        json!({
            "require_client_certificate": true,
            "common_tls_context": authority.issue("edge", &["spiffe://acme/edge"]),
        }),
    );
    Envoy::start(config, &Options::default()).unwrap()
}

#[test]
fn a_consumer_is_known_by_its_certificate() {
    let upstream = Upstream::start();
    let mut log = AccessLog::new();
    let callers: [(&str, &[&str]); 3] = [
        ("shop", &["spiffe://acme/shop"]),
        ("other", &["spiffe://acme/other"]),
        ("unnamed", &[]),
    ];
    let envoy = mesh_of(&callers, &upstream, &log);
    let send = |caller: &str, request: Request| Client::http1(envoy.address(caller)).send(request);
    let mut expect = |caller: &str, serves: &str, told: Value| {
        // What a caller says of itself is not asked for.
        let request = Request::get("/orders").header("x-consumer", "spiffe://acme/shop");
        assert_eq!(
            version(&upstream, &send(caller, request)),
            serves,
            "{caller}"
        );
        assert_eq!(consumer(&mut log), told, "{caller}");
    };
    expect("shop", "1", json!("spiffe://acme/shop"));
    expect("other", "2", json!("spiffe://acme/other"));
    expect("unnamed", "2", Value::Null);

    let named = send("shop", Request::get("/v2/orders"));
    assert_eq!(
        version(&upstream, &named),
        "2",
        "a version in the path beats a pin"
    );
    let response = send("nobody", Request::get("/orders"));
    assert_eq!(response.status, 503, "no certificate: {response:?}");
    assert!(upstream.take_seen().is_empty());
}

/// A certificate with several names is not one consumer by all of them: Envoy tells the first.
#[test]
fn a_consumer_with_several_names_is_known_by_the_first() {
    let upstream = Upstream::start();
    let mut log = AccessLog::new();
    let callers: [(&str, &[&str]); 2] = [
        ("shop-first", &["spiffe://acme/shop", "spiffe://acme/other"]),
        (
            "shop-second",
            &["spiffe://acme/other", "spiffe://acme/shop"],
        ),
    ];
    let envoy = mesh_of(&callers, &upstream, &log);
    for (caller, serves, told) in [
        ("shop-first", "1", "spiffe://acme/shop"),
        ("shop-second", "2", "spiffe://acme/other"),
    ] {
        let response = Client::http1(envoy.address(caller)).send(Request::get("/orders"));
        assert_eq!(version(&upstream, &response), serves, "{caller}");
        assert_eq!(consumer(&mut log), told, "{caller}");
    }
}

/// Signs tokens, and tells Envoy the key to check them with.
struct Signer(KeyPair);

impl Signer {
    fn new() -> Self {
        Self(KeyPair::generate_for(&PKCS_ED25519).unwrap())
    }

    fn keys(&self) -> String {
        let public = BASE64.encode(self.0.der_bytes());
        let key = json!({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": "1", "x": public});
        json!({"keys": [key]}).to_string()
    }

    fn token(&self, claims: &Value) -> String {
        let part = |part: &Value| BASE64.encode(part.to_string());
        let header = json!({"alg": "EdDSA", "typ": "JWT", "kid": "1"});
        let signed = format!("{}.{}", part(&header), part(claims));
        let signature = self.0.sign(signed.as_bytes()).unwrap();
        format!("{signed}.{}", BASE64.encode(signature))
    }

    /// Envoy's own filter, which checks a token and leaves its claims in the metadata.
    fn filter(&self) -> Value {
        json!({
            "name": "envoy.filters.http.jwt_authn",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.\
                          JwtAuthentication",
                "providers": {"acme": {
                    "issuer": "https://acme.test",
                    "local_jwks": {"inline_string": self.keys()},
                    "payload_in_metadata": "payload",
                }},
                "rules": [{
                    "match": {"prefix": "/"},
                    "requires": {"requires_any": {"requirements": [
                        {"provider_name": "acme"}, {"allow_missing": {}},
                    ]}},
                }],
            },
        })
    }
}

/// An edge where the consumer is a claim.
struct Tokens {
    signer: Signer,
    upstream: Upstream,
    log: AccessLog,
    address: SocketAddr,
    _envoy: Envoy,
}

impl Tokens {
    fn new(claim: &[&str]) -> Self {
        let (signer, upstream, log) = (Signer::new(), Upstream::start(), AccessLog::new());
        let namespace = [
            "metadata",
            "filter_metadata",
            "envoy.filters.http.jwt_authn",
            "payload",
        ];
        let path = [&namespace, claim].concat();
        let config = Config::new()
            .cluster(Cluster::new("upstream", upstream.address()))
            .listener(edge(&path, "shop", &log, Some(signer.filter())));
        let envoy = Envoy::start(config, &Options::default()).unwrap();
        Self {
            signer,
            upstream,
            log,
            address: envoy.address("edge"),
            _envoy: envoy,
        }
    }

    fn send(&self, token: Option<String>) -> Response {
        let mut request = Request::get("/orders");
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        Client::http1(self.address).send(request)
    }

    /// The version that serves whom these claims tell of, and whom they name.
    fn ask(&mut self, mut claims: Value) -> (String, Value) {
        claims["iss"] = "https://acme.test".into();
        claims["exp"] = 4_102_444_800_u64.into();
        let response = self.send(Some(self.signer.token(&claims)));
        (version(&self.upstream, &response), consumer(&mut self.log))
    }
}

#[test]
fn a_consumer_is_known_by_a_claim_of_its_token() {
    let mut tokens = Tokens::new(&["sub"]);
    let served = |version: &str, consumer: Value| (version.to_owned(), consumer);
    let shop = tokens.ask(json!({"sub": "shop"}));
    assert_eq!(shop, served("1", json!("shop")));
    let other = tokens.ask(json!({"sub": "other"}));
    assert_eq!(other, served("2", json!("other")));
    let nameless = tokens.ask(json!({}));
    assert_eq!(nameless, served("2", Value::Null));

    let response = tokens.send(None);
    assert_eq!(version(&tokens.upstream, &response), "2", "no token");
    assert_eq!(consumer(&mut tokens.log), Value::Null);

    let forged = Signer::new().token(&json!({
        "sub": "shop", "iss": "https://acme.test", "exp": 4_102_444_800_u64
    }));
    let response = tokens.send(Some(forged));
    assert_eq!(response.status, 401, "a token of another key: {response:?}");
    assert!(tokens.upstream.take_seen().is_empty());
}

#[test]
fn a_claim_within_a_claim_names_a_consumer() {
    let mut tokens = Tokens::new(&["app", "name"]);
    let asked = tokens.ask(json!({"app": {"name": "shop"}}));
    assert_eq!(asked, ("1".to_owned(), json!("shop")));
}

#[test]
fn a_claim_that_is_empty_too_long_or_no_text_names_nobody() {
    // Not `sub`: a token where that is no text is refused by Envoy itself.
    let mut tokens = Tokens::new(&["client"]);
    let shop = tokens.ask(json!({"client": "shop"}));
    assert_eq!(shop, ("1".to_owned(), json!("shop")));
    let nobody = ("2".to_owned(), Value::Null);
    for claim in [json!(null), json!(""), json!(0.1), json!("s".repeat(129))] {
        assert_eq!(tokens.ask(json!({"client": claim})), nobody, "{claim}");
    }
}

/// What a property of another type than text looks like: its octets in the proxy's memory.
fn claims_of_other_types() -> [Value; 4] {
    [
        json!(42),
        json!(true),
        json!(["shop"]),
        json!({"name": "shop"}),
    ]
}

#[test]
fn a_claim_of_another_type_than_text_never_gets_the_pin_of_a_text() {
    let mut tokens = Tokens::new(&["client"]);
    for claim in claims_of_other_types() {
        let (version, _) = tokens.ask(json!({"client": claim}));
        assert_eq!(version, "2", "{claim}");
    }
}

#[test]
fn a_claim_of_another_type_than_text_names_nobody() {
    let mut tokens = Tokens::new(&["client"]);
    for claim in claims_of_other_types() {
        let (_, consumer) = tokens.ask(json!({"client": claim}));
        assert_eq!(consumer, Value::Null, "{claim}");
    }
}
