//! What is said when a hub cannot be reached, against servers that are wrong in one way each.

use std::path::Path;
use std::sync::Arc;

use rcgen::{BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;

/// An authority, and a server's identity for `name` by it.
struct Identity {
    authority: String,
    server: Arc<ServerConfig>,
}

fn identity(name: &str) -> Identity {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    Identity { authority: authority.pem(), server: serving(&certificate, &key) }
}

/// A certificate that vouches for itself and for others, as `openssl req -x509` makes it, with which a server speaks.
fn authority_as_server(name: &str) -> Identity {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = params.self_signed(&key).unwrap();
    Identity { authority: certificate.pem(), server: serving(&certificate, &key) }
}

fn serving(certificate: &Certificate, key: &KeyPair) -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
        .unwrap();
    Arc::new(server)
}

/// A server that answers one request with `answer`, under TLS when it has an identity.
async fn server(identity: Option<&Identity>, answer: &'static str) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = identity.map(|identity| TlsAcceptor::from(Arc::clone(&identity.server)));
    tokio::spawn(async move {
        let (tcp, _) = listener.accept().await.unwrap();
        match acceptor {
            // A client that does not like us leaves within the handshake, which is what some tests are about.
            Some(acceptor) => {
                if let Ok(tls) = acceptor.accept(tcp).await {
                    reply(tls, answer).await;
                }
            }
            None => reply(tcp, answer).await,
        }
    });
    port
}

async fn reply(mut stream: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin, answer: &str) {
    let mut request = [0; 2048];
    if stream.read(&mut request).await.unwrap() > 0 {
        stream.write_all(answer.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
    }
}

fn dialer(hub: &str, roots: Roots) -> Dialer {
    Dialer::new(hub.parse().unwrap(), Trust::new(roots))
}

fn authority_file(dir: &TempDir, identity: &Identity) -> Roots {
    let path = dir.path().join("ca.pem");
    std::fs::write(&path, &identity.authority).unwrap();
    Roots::File(path)
}

#[tokio::test]
async fn a_certificate_of_the_named_authority_is_trusted() {
    let (dir, identity) = (TempDir::new().unwrap(), identity("localhost"));
    let port = server(Some(&identity), "hello").await;
    let mut stream =
        dialer(&format!("https://localhost:{port}"), authority_file(&dir, &identity)).connect().await.unwrap();
    assert!(matches!(stream, Stream::Tls(_)));
    stream.write_all(b"x").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert_eq!(answer, "hello");
}

#[tokio::test]
async fn a_certificate_of_nobody_known_is_refused_with_what_helps() {
    let (dir, server_identity, other) = (TempDir::new().unwrap(), identity("localhost"), identity("localhost"));
    let port = server(Some(&server_identity), "").await;
    let error = dialer(&format!("https://localhost:{port}"), authority_file(&dir, &other)).connect().await.unwrap_err();
    assert!(matches!(error, DialError::Certificate { .. }), "{error}");
    assert!(error.to_string().contains("--ca-file"), "{error}");
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused_as_that() {
    let (dir, identity) = (TempDir::new().unwrap(), identity("hub.example"));
    let port = server(Some(&identity), "").await;
    let error =
        dialer(&format!("https://localhost:{port}"), authority_file(&dir, &identity)).connect().await.unwrap_err();
    assert!(error.to_string().contains("another name"), "{error}");
}

#[tokio::test]
async fn a_certificate_of_an_authority_is_none_of_a_server_and_that_is_said() {
    let (dir, identity) = (TempDir::new().unwrap(), authority_as_server("localhost"));
    for roots in [authority_file(&dir, &identity), Roots::System] {
        let port = server(Some(&identity), "").await;
        let error = dialer(&format!("https://localhost:{port}"), roots).connect().await.unwrap_err();
        assert!(error.to_string().contains("basicConstraints=critical,CA:FALSE"), "{error}");
    }
}

#[tokio::test]
async fn a_port_that_speaks_plain_http_is_told_from_a_bad_certificate() {
    let (dir, identity) = (TempDir::new().unwrap(), identity("localhost"));
    let port = server(None, "HTTP/1.1 400 Bad Request\r\n\r\n").await;
    let error =
        dialer(&format!("https://localhost:{port}"), authority_file(&dir, &identity)).connect().await.unwrap_err();
    assert!(error.to_string().contains("is it http:// and not https://?"), "{error}");
}

#[tokio::test]
async fn a_file_without_certificates_is_no_trust_at_all() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("ca.pem");
    std::fs::write(&path, "nothing").unwrap();
    for path in [path.as_path(), Path::new("/nonexistent/ca.pem")] {
        let port = server(None, "").await;
        let error =
            dialer(&format!("https://localhost:{port}"), Roots::File(path.to_path_buf())).connect().await.unwrap_err();
        assert!(matches!(error, DialError::Roots { .. }), "{error}");
    }
}

#[tokio::test]
async fn what_answers_with_a_status_is_understood() {
    for (answer, words, refusal) in [
        ("HTTP/1.1 401 Unauthorized\r\n\r\n", "--token-file", true),
        ("HTTP/1.1 403 Forbidden\r\n\r\n", "not for this", true),
        ("HTTP/1.1 404 Not Found\r\n\r\n", "is the base path right?", false),
        ("HTTP/1.1 503 Service Unavailable\r\n\r\n", "busy", false),
        ("HTTP/1.1 200 OK\r\n\r\n", "answered 200", false),
        ("SSH-2.0-OpenSSH_9.9\r\n\r\n", "does not speak WebSocket", false),
    ] {
        let port = server(None, answer).await;
        let error =
            dialer(&format!("http://localhost:{port}"), Roots::System).websocket("live", "p").await.unwrap_err();
        assert!(error.to_string().contains(words), "{answer:?}: {error}");
        assert_eq!(error.is_refusal(), refusal, "{answer:?}");
    }
}

#[tokio::test]
async fn a_token_that_is_not_taken_is_told_as_that() {
    let port = server(None, "HTTP/1.1 401 Unauthorized\r\n\r\n").await;
    let dialer = dialer(&format!("http://localhost:{port}"), Roots::System).with_token("old").unwrap();
    let error = dialer.websocket("live", "p").await.unwrap_err();
    assert!(error.to_string().contains("does not take this token"), "{error}");
    assert!(error.is_refusal() && !error.to_string().contains("--token-file"), "{error}");
}

#[test]
fn a_token_is_one_word_and_is_not_printed() {
    let dialer = dialer("http://hub", Roots::System);
    for wrong in ["", "two words", "line\nbreak", "\u{fc}"] {
        assert!(dialer.clone().with_token(wrong).is_err(), "{wrong:?} was taken for a token");
    }
    assert!(!format!("{:?}", dialer.with_token("secret").unwrap()).contains("secret"));
}
