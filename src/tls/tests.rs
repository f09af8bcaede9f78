//! Handshakes over loopback with a rustls client that stands for old and new ones, and the pair of
//! files in every state. Keys are made while the tests run; none is in the repository.

use super::*;
use crate::tls::pair::{CERTIFICATE, KEY};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{
    ClientConfig, ProtocolVersion, RootCertStore, SupportedProtocolVersion,
};
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// An empty directory that goes away with the test.
struct Directory(PathBuf);

impl Directory {
    fn new(name: &str) -> Directory {
        let path = std::env::temp_dir();
        let path = path.join(format!("glassbucket-tls-{}-{name}", std::process::id()));
        fs::create_dir(&path).unwrap();
        Directory(path)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A pair by openssl, as `certs/README.md` says, with the key in `form`.
fn openssl_pair(certs: &Path, kind: &[&str], form: &[&str]) {
    let run = |arguments: &[&str]| {
        let done = Command::new("openssl").args(arguments).current_dir(certs).output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    let name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
    let server = ["-addext", "basicConstraints=critical,CA:FALSE"];
    let files = ["-keyout", "made.pem", "-out", CERTIFICATE];
    run(&[&["req", "-x509", "-nodes", "-days", "2"][..], kind, &name, &server, &files].concat());
    run(&[form, &["-in", "made.pem", "-out", KEY]].concat());
    fs::remove_file(certs.join("made.pem")).unwrap();
}

const P256: &[&str] = &["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
const RSA: &[&str] = &["-newkey", "rsa:2048"];

/// A client of one version that trusts the certificate in `certs`.
fn client(
    certs: &Path,
    version: &'static SupportedProtocolVersion,
    sni: bool,
    alpn: &[&str],
) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(certs.join(CERTIFICATE)).unwrap()).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.enable_sni = sni;
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    TlsConnector::from(Arc::new(config))
}

/// One connection that echoes four bytes; the version it came to.
async fn echo(acceptor: TlsAcceptor, connector: TlsConnector) -> io::Result<ProtocolVersion> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let serving = tokio::spawn(async move {
        let (tcp, _) = listener.accept().await?;
        let mut stream = Stream::Tls(Box::new(acceptor.accept(tcp).await?));
        let mut four = [0; 4];
        stream.read_exact(&mut four).await?;
        stream.write_all(&four).await?;
        stream.shutdown().await
    });
    let name = ServerName::try_from("localhost").unwrap();
    let mut stream = connector.connect(name, TcpStream::connect(address).await?).await?;
    stream.write_all(b"ping").await?;
    let mut echoed = Vec::new();
    stream.read_to_end(&mut echoed).await?;
    assert_eq!(echoed, b"ping");
    serving.await.unwrap()?;
    Ok(stream.get_ref().1.protocol_version().unwrap())
}

/// Every client against the pair in `certs`.
async fn all_clients(certs: &Path) {
    for version in [&TLS12, &TLS13] {
        for sni in [true, false] {
            for alpn in [&[][..], &["http/1.1"], &["h2", "http/1.1"]] {
                let connector = client(certs, version, sni, alpn);
                let spoken = echo(acceptor(certs).unwrap(), connector).await.unwrap();
                assert_eq!(spoken, version.version, "{sni} {alpn:?}");
            }
        }
    }
}

#[tokio::test]
async fn tls_1_2_and_1_3_with_p256_and_rsa_in_every_key_form() {
    for (name, kind, form) in [
        ("pkcs8-p256", P256, &["pkcs8", "-topk8", "-nocrypt"][..]),
        ("sec1-p256", P256, &["ec"]),
        ("pkcs8-rsa", RSA, &["pkcs8", "-topk8", "-nocrypt"]),
        ("pkcs1-rsa", RSA, &["rsa", "-traditional"]),
    ] {
        let certs = Directory::new(name);
        openssl_pair(&certs.0, kind, form);
        all_clients(&certs.0).await;
    }
}

#[tokio::test]
async fn a_first_start_makes_a_pair_that_only_its_owner_reads() {
    let certs = Directory::new("first");
    let below = certs.file("certs");
    let first = acceptor(&below).unwrap();
    let key = fs::metadata(below.join(KEY)).unwrap();
    assert_eq!(key.permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(&below).unwrap().count(), 2);
    echo(first, client(&below, &TLS13, true, &[])).await.unwrap();
    let made = fs::read(below.join(CERTIFICATE)).unwrap();
    acceptor(&below).unwrap();
    assert_eq!(fs::read(below.join(CERTIFICATE)).unwrap(), made);
}

fn refused(certs: &Path) -> String {
    acceptor(certs).err().unwrap().to_string()
}

#[test]
fn a_pair_that_cannot_be_used_is_refused_in_a_sentence() {
    let (certs, other) = (Directory::new("bad"), Directory::new("other"));
    acceptor(&certs.0).unwrap();
    acceptor(&other.0).unwrap();
    fs::copy(other.file(KEY), certs.file(KEY)).unwrap();
    assert!(refused(&certs.0).contains("do not belong together"), "{}", refused(&certs.0));
    fs::write(certs.file(KEY), "nothing").unwrap();
    assert!(refused(&certs.0).contains("privkey.pem holds no private key"));
    fs::write(certs.file(CERTIFICATE), "").unwrap();
    assert!(refused(&certs.0).contains("fullchain.pem holds no certificate"));
    fs::remove_file(certs.file(CERTIFICATE)).unwrap();
    assert!(refused(&certs.0).starts_with("fullchain.pem is missing beside privkey.pem"));
    assert!(!certs.file(CERTIFICATE).exists());
    fs::remove_file(other.file(KEY)).unwrap();
    assert!(refused(&other.0).starts_with("privkey.pem is missing beside fullchain.pem"));
}

#[tokio::test]
async fn a_renewed_pair_is_taken_and_a_broken_one_is_not() {
    let (certs, new) = (Directory::new("old"), Directory::new("new"));
    let acceptor = Acceptor::new(&certs.0).unwrap();
    echo(acceptor.current(), client(&certs.0, &TLS13, true, &[])).await.unwrap();
    openssl_pair(&new.0, RSA, &["pkcs8", "-topk8", "-nocrypt"]);
    fs::copy(new.file(KEY), certs.file(KEY)).unwrap();
    let before = fs::read(certs.file(CERTIFICATE)).unwrap();
    acceptor.look_now(); // half done: the old pair stays
    echo(acceptor.current(), client(&certs.0, &TLS13, true, &[])).await.unwrap();
    fs::copy(new.file(CERTIFICATE), certs.file(CERTIFICATE)).unwrap();
    acceptor.look_now();
    echo(acceptor.current(), client(&new.0, &TLS12, true, &[])).await.unwrap();
    fs::write(certs.file(CERTIFICATE), before).unwrap();
    let untrusting = client(&certs.0, &TLS13, true, &[]);
    assert!(echo(acceptor.current(), untrusting).await.is_err());
}
