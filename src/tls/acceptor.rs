//! The acceptor, and its renewal: `certbot renew` replaces two files, and no restart is needed.
//!
//! Asked for each new connection; one that is open keeps what it began with. Refused: a new pair
//! that cannot be used; the old one stays.

use super::pair;
use crate::limits::FILE_LOOK_INTERVAL;
use crate::notice::tell;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{self, ServerConfig};

/// An acceptor for the pair in `certs` as it is now; [`Acceptor`] follows renewals too. Makes a
/// self-signed P-256 pair where both files are missing.
pub fn acceptor(certs: &Path) -> io::Result<TlsAcceptor> {
    pair::make_if_missing(certs)?;
    let (certificates, key) = pair::read(certs)?;
    let refused = |error: rustls::Error| {
        let both = format!("{} and {}", pair::CERTIFICATE, pair::KEY);
        let said = match error {
            rustls::Error::InconsistentKeys(_) => "do not belong together".to_owned(),
            other => format!("cannot be used: {other}"),
        };
        io::Error::new(io::ErrorKind::InvalidData, format!("{both} in {} {said}", certs.display()))
    };
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(refused)?
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .map_err(refused)?;
    // Offered so that nobody tries h2. Only a client whose list lacks it altogether is refused.
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// What tells one version of the two files from the next: when they were changed, and their sizes.
type Stamp = [Option<(SystemTime, u64)>; 2];

struct Current {
    acceptor: TlsAcceptor,
    stamp: Stamp,
    looked: Instant,
}

/// An acceptor that follows its files.
pub struct Acceptor {
    certs: PathBuf,
    current: Mutex<Current>,
}

impl Acceptor {
    /// Reads the pair in `certs`; makes a self-signed one where both files are missing. The error
    /// is a sentence for people.
    pub fn new(certs: &Path) -> io::Result<Acceptor> {
        pair::make_if_missing(certs)?;
        let stamp = stamp(certs);
        let acceptor = acceptor(certs)?;
        let current = Current { acceptor, stamp, looked: Instant::now() };
        Ok(Acceptor { certs: certs.to_owned(), current: Mutex::new(current) })
    }

    /// The acceptor for the next connection. Looks at the files at most once a second; a new pair
    /// that cannot be used is said on stderr, once, and the old one stays.
    pub fn current(&self) -> TlsAcceptor {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if current.looked.elapsed() >= FILE_LOOK_INTERVAL {
            current.looked = Instant::now();
            self.look(&mut current);
        }
        current.acceptor.clone()
    }

    fn look(&self, current: &mut Current) {
        let stamp = stamp(&self.certs);
        if stamp == current.stamp {
            return;
        }
        current.stamp = stamp;
        // Missing files are no wish for a self-signed pair here: a renewal may be half done.
        let renewed = match stamp {
            [Some(_), Some(_)] => acceptor(&self.certs),
            _ => Err(io::Error::new(io::ErrorKind::NotFound, "a file is missing")),
        };
        match renewed {
            Ok(acceptor) => current.acceptor = acceptor,
            Err(error) => tell(format_args!("the new certificate is not used: {error}")),
        }
    }

    #[cfg(test)]
    pub(super) fn look_now(&self) {
        self.look(&mut self.current.lock().unwrap());
    }
}

fn stamp(certs: &Path) -> Stamp {
    [pair::CERTIFICATE, pair::KEY].map(|name| {
        let metadata = std::fs::metadata(certs.join(name)).ok()?;
        Some((metadata.modified().ok()?, metadata.len()))
    })
}
