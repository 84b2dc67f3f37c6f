//! What `envoy-configs/reference.yaml` needs beside it: certificates, and keys of tokens.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use rcgen::string::Ia5String;
use rcgen::{KeyPair, PKCS_ED25519, PublicKeyData, SanType, SigningKey};
use serde_json::{Value, json};

use crate::authority::Authority;

/// Where the config looks for them, from the root of the repository.
const PLACE: &str = ".run/credentials/";

/// The hosts that the edge answers for.
const HOSTS: [&str; 4] = [
    "orders.example.com",
    "payments.example.com",
    "grpc.example.com",
    "localhost",
];

/// Who has a certificate, under a SPIFFE ID of the same name.
const WORKLOADS: [&str; 4] = ["edge", "orders", "payments", "shipping"];

/// Certificates of an edge and of services, an issuer of tokens and one token: made anew each time,
/// and good for nothing but trying things out.
#[derive(Debug)]
pub struct Credentials {
    folder: PathBuf,
    issuer: KeyPair,
}

impl Credentials {
    /// Writes all of them to a folder: `ca.pem`, `<workload>.crt` and `<workload>.key`, `jwks.json`, and
    /// `token`, which lasts until 2100.
    pub fn write(folder: &Path) -> Self {
        let authority = Authority::new(folder);
        for workload in WORKLOADS {
            authority.issue(workload, names_of(workload));
        }
        let issuer = KeyPair::generate_for(&PKCS_ED25519).expect("a key");
        let credentials = Self {
            folder: folder.to_owned(),
            issuer,
        };
        fs::write(folder.join("jwks.json"), credentials.public_keys()).expect("a file");
        let token = credentials.token(&json!({"sub": "jane", "tenant": "acme"}));
        fs::write(folder.join("token"), token).expect("a file");
        credentials
    }

    /// A config with these in the place of those that it names.
    pub fn put_into(&self, config: &str) -> String {
        config.replace(PLACE, &format!("{}/", self.folder.display()))
    }

    /// A token with these claims, from the issuer and for the audience that the config names.
    pub fn token(&self, claims: &Value) -> String {
        let mut claims = claims.clone();
        claims["iss"] = "https://issuer.example.com".into();
        claims["aud"] = "api.example.com".into();
        claims["exp"] = 4_102_444_800_u64.into();
        let part = |part: &Value| BASE64.encode(part.to_string());
        let header = json!({"alg": "EdDSA", "typ": "JWT", "kid": "1"});
        let signed = format!("{}.{}", part(&header), part(&claims));
        let signature = self.issuer.sign(signed.as_bytes()).expect("a signature");
        format!("{signed}.{}", BASE64.encode(signature))
    }

    /// The JSON Web Key Set (RFC 7517, RFC 8037) to check its tokens with.
    fn public_keys(&self) -> String {
        let public = BASE64.encode(self.issuer.der_bytes());
        let key = json!({"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": "1", "x": public});
        json!({"keys": [key]}).to_string()
    }
}

/// The edge is found by the hosts, everybody is known by a SPIFFE ID.
fn names_of(workload: &str) -> Vec<SanType> {
    let text = |name: &str| Ia5String::try_from(name).expect("a name in ASCII");
    let id = format!("spiffe://example.com/{workload}");
    let hosts = HOSTS.iter().filter(|_| workload == "edge");
    hosts
        .map(|host| SanType::DnsName(text(host)))
        .chain([SanType::URI(text(&id))])
        .collect()
}
