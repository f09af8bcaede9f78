//! The two PEM files: reading them, and making a self-signed pair on a first start.
//!
//! RFC 7468 (PEM), RFC 5280 (the certificate). Refused, each with a sentence for people: one file
//! without the other, and a file that holds no certificate or no key.

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_ECDSA_P256_SHA256};
use std::fs::{self, OpenOptions};
use std::io::{self, BufReader, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, SystemTime};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// The certificate, with those that lead to its issuer after it.
pub(super) const CERTIFICATE: &str = "fullchain.pem";
/// The private key: PKCS#8, SEC1 or PKCS#1.
pub(super) const KEY: &str = "privkey.pem";

/// About ten years, for a pair that nobody renews.
const VALIDITY: Duration = Duration::from_secs(3650 * 24 * 60 * 60);

/// Reads both files.
pub(super) fn read(
    certs: &Path,
) -> io::Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
    let path = certs.join(CERTIFICATE);
    let certificates: Vec<_> = rustls_pemfile::certs(&mut open(&path)?)
        .collect::<io::Result<_>>()
        .map_err(|error| about(&path, "cannot be read", &error))?;
    if certificates.is_empty() {
        return Err(nothing_in(&path, "certificate"));
    }
    let path = certs.join(KEY);
    let key = rustls_pemfile::private_key(&mut open(&path)?)
        .map_err(|error| about(&path, "cannot be read", &error))?
        .ok_or_else(|| nothing_in(&path, "private key"))?;
    Ok((certificates, key))
}

/// Makes a self-signed pair where neither file exists; one without the other is an error, for a
/// certificate that a person brought must not be shadowed.
pub(super) fn make_if_missing(certs: &Path) -> io::Result<()> {
    let exists = |name| {
        let path = certs.join(name);
        path.try_exists().map_err(|error| about(&path, "cannot be looked at", &error))
    };
    match (exists(CERTIFICATE)?, exists(KEY)?) {
        (true, true) => Ok(()),
        (false, false) => make(certs),
        (true, false) => Err(missing(certs, KEY, CERTIFICATE)),
        (false, true) => Err(missing(certs, CERTIFICATE, KEY)),
    }
}

fn make(certs: &Path) -> io::Result<()> {
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(io::Error::other)?;
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    names.extend(host_name());
    let mut params = CertificateParams::new(names).map_err(io::Error::other)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "glassbucket self-signed");
    let now = SystemTime::now();
    params.not_before = (now - Duration::from_secs(24 * 60 * 60)).into(); // clocks differ
    params.not_after = (now + VALIDITY).into();
    let certificate = params.self_signed(&key).map_err(io::Error::other)?;
    fs::create_dir_all(certs).map_err(|error| about(certs, "cannot be made", &error))?;
    write(certs, KEY, 0o600, &key.serialize_pem())?;
    write(certs, CERTIFICATE, 0o644, &certificate.pem())
}

/// The machine's name, where it can stand in a certificate.
fn host_name() -> Option<String> {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    let name = name.trim();
    let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
    let good = !name.is_empty() && name != "localhost" && name.bytes().all(fits);
    good.then(|| name.to_owned())
}

/// Whole or not at all, and never readable by others on the way: a new file, synced, then renamed.
fn write(certs: &Path, name: &str, mode: u32, text: &str) -> io::Result<()> {
    let path = certs.join(name);
    let staged = certs.join(format!(".{name}.{}", std::process::id()));
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&staged)
        .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&staged, &path));
    written.map_err(|error| {
        let _ = fs::remove_file(&staged); // it may never have been there
        about(&path, "cannot be written", &error)
    })
}

fn open(path: &Path) -> io::Result<BufReader<fs::File>> {
    match fs::File::open(path) {
        Ok(file) => Ok(BufReader::new(file)),
        Err(error) => Err(about(path, "cannot be opened", &error)),
    }
}

fn about(path: &Path, what: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{} {what}: {error}", path.display()))
}

fn nothing_in(path: &Path, what: &str) -> io::Error {
    let said = format!("{} holds no {what} in PEM form", path.display());
    io::Error::new(io::ErrorKind::InvalidData, said)
}

fn missing(certs: &Path, missing: &str, there: &str) -> io::Error {
    let said = format!(
        "{} is missing beside {there} in {}: bring it, or remove {there} to have a self-signed \
         pair made",
        missing,
        certs.display()
    );
    io::Error::new(io::ErrorKind::NotFound, said)
}
