//! Certificates for whoever speaks TLS in a test.

use std::fs;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, SanType};

/// A certificate authority whose own certificate is `ca.pem` in a folder.
#[derive(Debug)]
pub(crate) struct Authority {
    folder: PathBuf,
    issuer: Issuer<'static, KeyPair>,
}

/// The files of a certificate.
pub(crate) struct Issued {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl Authority {
    pub(crate) fn new(folder: &Path) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "ca");
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        fs::write(folder.join("ca.pem"), certificate.pem()).expect("a file");
        Self {
            folder: folder.to_owned(),
            issuer: Issuer::new(params, key),
        }
    }

    /// Issues a certificate for these names, as `<name>.crt` with `<name>.key`.
    pub(crate) fn issue(&self, name: &str, subjects: Vec<SanType>) -> Issued {
        let mut params = CertificateParams::default();
        params.subject_alt_names = subjects;
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
