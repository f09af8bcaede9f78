//! The sockets a server listens on, bound before anything else is made: a start that may not have
//! its port leaves nothing behind.
//!
//! Refused, each with a sentence for people: a port that is taken or not allowed, a certificate
//! that cannot be used.

use crate::tls;
use rustix::io::Errno;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpListener;

/// One listener.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listen {
    /// Address and port; `[::]` takes both families.
    pub address: SocketAddr,
    /// Through TLS; in clear only behind a proxy or on loopback.
    pub tls: bool,
}

/// Bound sockets.
pub struct Listeners {
    pub(super) sockets: Vec<(TcpListener, Option<Arc<tls::Acceptor>>)>,
}

impl Listeners {
    /// Binds every address, then reads the certificate in `certs` (`fullchain.pem` and
    /// `privkey.pem`, made where both are missing) if one of them wants TLS.
    ///
    /// # Errors
    ///
    /// A sentence for people.
    pub async fn bind(addresses: &[Listen], certs: &Path) -> Result<Listeners, String> {
        let mut bound = Vec::new();
        for listen in addresses {
            let socket = bind(listen.address).await;
            bound.push(socket.map_err(|error| cannot_listen(listen.address, &error))?);
        }
        let acceptor = match addresses.iter().any(|listen| listen.tls) {
            true => Some(Arc::new(open_certificate(certs)?)),
            false => None,
        };
        let acceptors = addresses.iter().map(|listen| acceptor.clone().filter(|_| listen.tls));
        Ok(Listeners { sockets: bound.into_iter().zip(acceptors).collect() })
    }

    /// The bound addresses, in the order given, port 0 resolved.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.sockets.iter().filter_map(|(socket, _)| socket.local_addr().ok()).collect()
    }
}

/// The certificate, or a sentence on what is wrong with it.
fn open_certificate(certs: &Path) -> Result<tls::Acceptor, String> {
    tls::Acceptor::new(certs)
        .map_err(|error| format!("no certificate from {}: {error}", certs.display()))
}

/// `[::]` takes both families; on a machine without IPv6 it means `0.0.0.0`.
async fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    match TcpListener::bind(address).await {
        Err(error)
            if error.raw_os_error() == Some(Errno::AFNOSUPPORT.raw_os_error())
                && address.ip() == IpAddr::V6(Ipv6Addr::UNSPECIFIED) =>
        {
            TcpListener::bind((Ipv4Addr::UNSPECIFIED, address.port())).await
        }
        bound => bound,
    }
}

/// Why an address cannot be listened on, with what to do about it.
fn cannot_listen(address: SocketAddr, error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::PermissionDenied {
        return format!(
            "no permission to listen on {address}: allow it once with \
             `sudo setcap cap_net_bind_service=+ep $(command -v glassbucket)`, \
             or take a port above 1023 with `--listen [::]:8443`"
        );
    }
    format!("cannot listen on {address}: {error}")
}
