//! Certificates for servers on the loopback.

use std::fs;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, SanType};

/// A certificate authority whose own certificate is `ca.pem` in a folder.
pub(super) struct Authority<'a> {
    folder: &'a Path,
    issuer: Issuer<'static, KeyPair>,
}

/// The files of a certificate.
pub(super) struct Issued {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
}

impl<'a> Authority<'a> {
    pub(super) fn new(folder: &'a Path) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "ca");
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        fs::write(folder.join("ca.pem"), certificate.pem()).expect("a file");
        Self {
            folder,
            issuer: Issuer::new(params, key),
        }
    }

    /// Issues a certificate for the address of the loopback.
    pub(super) fn issue(&self, name: &str) -> Issued {
        let mut params = CertificateParams::default();
        params.subject_alt_names = vec![SanType::IpAddress(Ipv4Addr::LOCALHOST.into())];
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        let written = |ending: &str, pem: String| {
            let path = self.folder.join(name).with_extension(ending);
            fs::write(&path, pem).expect("a file");
            path
        };
        Issued {
            certificate: written("crt", certificate.pem()),
            key: written("key", key.serialize_pem()),
        }
    }
}
