//! The address of a broker and the way to it: TCP, and TLS where the address asks for it.

use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Url;

use super::{Down, Trust};
use crate::Error;

/// Where a broker is, and as whom to come.
#[derive(Clone)]
pub(crate) struct Address {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) user: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) tls: Option<Arc<ClientConfig>>,
}

/// A connection, encrypted or not.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

impl Address {
    /// The parts of an address. Errors name what is wrong and never repeat a password.
    pub(crate) fn new(url: &Url, port: u16, tls: Option<&Trust>) -> Result<Self, Error> {
        let wrong = |words: &str| Error::Url(format!("the broker's address {words}"));
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| wrong("names no host"))?;
        let text = |part: &str| {
            let decoded = percent_encoding::percent_decode_str(part).decode_utf8();
            decoded.map(String::from).map_err(|_| wrong("has a user or password that is not UTF-8"))
        };
        let user = Some(text(url.username())?).filter(|user| !user.is_empty());
        let password = url.password().map(text).transpose()?;
        let tls = tls.map(config).transpose()?.map(Arc::new);
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Self { host, port: url.port().unwrap_or(port), user, password, tls })
    }

    /// Opens a connection.
    pub(crate) async fn dial(&self) -> Result<Box<dyn Duplex>, Down> {
        let down = |error: std::io::Error| Down(format!("{}: {error}", self.place()));
        let tcp = TcpStream::connect((self.host.as_str(), self.port)).await.map_err(down)?;
        // Batches are made here; the kernel should not wait for more.
        tcp.set_nodelay(true).map_err(down)?;
        let Some(config) = &self.tls else { return Ok(Box::new(tcp)) };
        let name = ServerName::try_from(self.host.clone()).map_err(Down::because)?;
        let tls = TlsConnector::from(Arc::clone(config)).connect(name, tcp).await.map_err(down)?;
        Ok(Box::new(tls))
    }

    /// Host and port, for words.
    pub(crate) fn place(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

fn config(trust: &Trust) -> Result<ClientConfig, Error> {
    // The provider is named here and not installed for the process, so that it does not matter who comes first.
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let wrong = |words: String| Error::Url(format!("the certificates to trust cannot be used: {words}"));
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(error.to_string()))?;
    Ok(match trust {
        Trust::System => {
            builder.with_platform_verifier().map_err(|error| wrong(error.to_string()))?.with_no_client_auth()
        }
        Trust::Only(pem) => builder.with_root_certificates(roots(pem).map_err(wrong)?).with_no_client_auth(),
    })
}

fn roots(pem: &[u8]) -> Result<RootCertStore, String> {
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| error.to_string())?;
        store.add(certificate).map_err(|error| error.to_string())?;
    }
    match store.is_empty() {
        true => Err("no `BEGIN CERTIFICATE` stands in them".to_owned()),
        false => Ok(store),
    }
}
