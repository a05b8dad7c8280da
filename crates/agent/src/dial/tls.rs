//! Which certificates are trusted, and TLS with a hub. The system decides, unless a file of roots is named: then only
//! those in it are trusted, as with curl's `--cacert`. There is no switch that trusts anybody.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CertificateError, ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::PATIENCE;
use super::error::DialError;
use super::stream::Stream;
use super::url::HubUrl;

/// Who may vouch for a hub.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Roots {
    /// Whom the system trusts.
    #[default]
    System,
    /// The certificates in this PEM file and nobody else.
    File(PathBuf),
}

/// Who is trusted, ready for use. Cheap to clone; clones share what was loaded.
#[derive(Clone)]
pub struct Trust {
    roots: Roots,
    /// Loaded at the first use: a plain link never pays for the system's 150 roots.
    loaded: Arc<OnceLock<Arc<ClientConfig>>>,
}

impl Trust {
    /// Trusts `roots`. Nothing is read before it is needed.
    pub fn new(roots: Roots) -> Self {
        Trust { roots, loaded: Arc::default() }
    }

    /// TLS with `hub` over `tcp`.
    pub(super) async fn secure(&self, hub: &HubUrl, tcp: TcpStream) -> Result<Stream, DialError> {
        let host = hub.authority();
        let name = ServerName::try_from(hub.host().to_owned())
            .map_err(|e| DialError::Tls { host: host.clone(), words: e.to_string() })?;
        let connector = TlsConnector::from(self.config()?);
        let late = DialError::Late { what: "TLS", host: host.clone() };
        let tls = timeout(PATIENCE, connector.connect(name, tcp)).await.map_err(|_| late)?;
        tls.map(|tls| Stream::Tls(Box::new(tls))).map_err(|source| explain(host, source))
    }

    fn config(&self) -> Result<Arc<ClientConfig>, DialError> {
        if let Some(config) = self.loaded.get() {
            return Ok(Arc::clone(config));
        }
        // A failure is not kept: the file may be mended before the next attempt.
        let config = Arc::new(build(&self.roots)?);
        Ok(Arc::clone(self.loaded.get_or_init(|| config)))
    }
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Trust").field(&self.roots).finish()
    }
}

fn build(roots: &Roots) -> Result<ClientConfig, DialError> {
    // The provider is named here and not installed for the process, so that it does not matter who comes first.
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let unusable = |file: &Path, words: String| DialError::Roots { file: file.display().to_string(), words };
    let system = Path::new("the system's store");
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| unusable(system, e.to_string()))?;
    let mut config = match roots {
        Roots::System => {
            let verified = builder.with_platform_verifier().map_err(|e| unusable(system, e.to_string()))?;
            verified.with_no_client_auth()
        }
        Roots::File(file) => builder.with_root_certificates(read(file)?).with_no_client_auth(),
    };
    // A proxy before the hub would else be free to choose HTTP/2, under which there is no plain WebSocket upgrade.
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn read(file: &Path) -> Result<RootCertStore, DialError> {
    let unusable = |words: String| DialError::Roots { file: file.display().to_string(), words };
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|e| unusable(e.to_string()))? {
        let certificate = certificate.map_err(|e| unusable(e.to_string()))?;
        store.add(certificate).map_err(|e| unusable(e.to_string()))?;
    }
    match store.is_empty() {
        true => Err(unusable("no `BEGIN CERTIFICATE` stands in it".to_owned())),
        false => Ok(store),
    }
}

/// What a failed handshake means to a person.
fn explain(host: String, source: std::io::Error) -> DialError {
    let tls = source.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    let certificate = |words: &str| DialError::Certificate { host: host.clone(), words: words.to_owned() };
    match tls {
        Some(rustls::Error::InvalidCertificate(error)) => match error {
            // A bad signature is mostly one of another authority that has the same name, as after it was made anew.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => {
                certificate("nobody known here signed it; name your own authority's certificate by --ca-file")
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                certificate("it has expired; renew it, or set this machine's clock right")
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                certificate("it is not valid yet; is this machine's clock right?")
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                certificate("it is for another name; use the name that it is for in the hub's address")
            }
            CertificateError::Other(error) => match error.to_string().as_str() {
                // webpki's own word, which rustls only hands on. What `openssl req -x509` makes is such a one.
                "CaUsedAsEndEntity" => certificate(
                    "it is one of an authority, which no server may have for itself; make it anew, with openssl by \
                     -addext basicConstraints=critical,CA:FALSE",
                ),
                other => certificate(other),
            },
            other => certificate(&other.to_string()),
        },
        Some(rustls::Error::InvalidMessage(_)) => DialError::Tls {
            host,
            words: "what answers there does not speak TLS; is it http:// and not https://?".into(),
        },
        Some(other) => DialError::Tls { host, words: other.to_string() },
        None => DialError::Io { host, source },
    }
}
