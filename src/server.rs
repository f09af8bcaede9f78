//! Accept loop, permits and drain: where connections begin and end.
//!
//! ```text
//! bind -> accept (a permit each) -> TLS handshake -> request::serve, until it closes
//! stop -> no more accepts -> connections end after the answer under way, in DRAIN_TIMEOUT at most
//! ```
//!
//! One task a connection; a panic ends that task, frees its permit and harms no other. The request
//! loop is `request`, the access log `log`, the rereading of `users.json` `users`, the hourly sweep
//! by lifecycle rules `lifecycle`. Only this module joins `http`, `auth`, `router` and `handlers`.
//!
//! Refused here: connections beyond [`limits::CONNECTIONS_MAX`] wait in the kernel's queue, a
//! handshake that takes longer than [`limits::HANDSHAKE_TIMEOUT`] is dropped.

mod lifecycle;
mod listeners;
mod log;
mod request;
mod users;

pub use listeners::{Listen, Listeners};
pub use log::LogFormat;
pub use users::{LoadUsers, UsersFile, UsersSource};

use crate::auth::Settings;
use crate::handlers::Policies;
use crate::lifecycle::Day;
use crate::limits;
use crate::notice::tell;
use crate::router::WebsiteHost;
use crate::store::Store;
use crate::tls;
use crate::types::{PublicAccessBlock, Timestamp};
use crate::usage::Usage;
use rustix::process::{Resource, getrlimit};
use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::timeout;

/// Where the server's time comes from; a test sets it to the day of a recording.
#[derive(Clone, Copy, Debug)]
pub enum Clock {
    /// The system's.
    System,
    /// Always this.
    Fixed(Timestamp),
}

impl Clock {
    fn now(self) -> Timestamp {
        match self {
            Clock::System => Timestamp::now(),
            Clock::Fixed(time) => time,
        }
    }

    /// How long ago that was, by a clock that nobody sets. It stands still where this one does.
    fn since(self, began: Instant) -> Duration {
        match self {
            Clock::System => began.elapsed(),
            Clock::Fixed(_) => Duration::ZERO,
        }
    }
}

/// All that a server needs to run.
pub struct Config {
    /// Names whose sub-domains are buckets (virtual-host style).
    pub domains: Vec<String>,
    /// Host names that are sites.
    pub websites: Vec<WebsiteHost>,
    /// The region that answers name; requests may be signed for any.
    pub region: String,
    /// What signatures are asked for.
    pub auth: Settings,
    /// The clock.
    pub clock: Clock,
    /// The access log.
    pub log: LogFormat,
    /// Who may sign, and how that is read again.
    pub users: UsersSource,
    /// Where the objects are.
    pub store: Store,
    /// What holds for every bucket beside its own block.
    pub block: PublicAccessBlock,
    /// How long a day of a lifecycle rule is.
    pub lifecycle_day: Day,
}

/// What every connection shares.
struct Shared {
    domains: Vec<String>,
    websites: Vec<WebsiteHost>,
    region: Arc<str>,
    auth: Settings,
    clock: Clock,
    log: log::AccessLog,
    users: users::CurrentUsers,
    store: Store,
    policies: Arc<Policies>,
    usage: Arc<Usage>,
    began: Instant,
    block: PublicAccessBlock,
    permits: Arc<Semaphore>,
    stopping: watch::Receiver<bool>,
}

/// A server on bound sockets.
pub struct Server {
    listeners: Listeners,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    permits: u32,
    lifecycle_day: Day,
}

impl Server {
    /// On these sockets, with all else it needs.
    pub fn new(listeners: Listeners, config: Config) -> Server {
        let permits = connections_max(getrlimit(Resource::Nofile).current);
        let (stop, stopping) = watch::channel(false);
        let shared = Arc::new(Shared {
            domains: config.domains,
            websites: config.websites,
            region: config.region.into(),
            auth: config.auth,
            clock: config.clock,
            log: log::AccessLog::start(config.log),
            users: users::CurrentUsers::new(config.users),
            policies: Arc::default(),
            usage: Arc::new(Usage::new(config.store.clone())),
            store: config.store,
            began: Instant::now(),
            block: config.block,
            permits: Arc::new(Semaphore::new(permits as usize)),
            stopping,
        });
        Server { listeners, shared, stop, permits, lifecycle_day: config.lifecycle_day }
    }

    /// Serves until `stop` completes; then lets requests under way finish, for at most
    /// [`limits::DRAIN_TIMEOUT`].
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let Server { listeners, shared, stop: stopping, permits, lifecycle_day } = self;
        let mut tasks = tokio::task::JoinSet::new();
        for (listener, acceptor) in listeners.sockets {
            tasks.spawn(accept_loop(listener, acceptor, shared.clone()));
        }
        tasks.spawn(lifecycle::sweep_loop(shared.clone(), lifecycle_day));
        stop.await;
        tasks.shutdown().await;
        let _ = stopping.send(true);
        let _ = timeout(limits::DRAIN_TIMEOUT, shared.permits.acquire_many(permits)).await;
        shared.log.flush();
    }
}

/// Connections that this process can carry: idle ones must not use up the descriptors that a
/// request needs to open its files (security class M). The store keeps its locks open; of the
/// rest, a quarter: the socket, the bucket's directory, a file, and what is opened meanwhile.
fn connections_max(open_files: Option<u64>) -> u32 {
    let free = open_files.unwrap_or(u64::MAX).saturating_sub(limits::KEY_LOCKS as u64);
    let carried = u32::try_from(free / 4).unwrap_or(u32::MAX);
    carried.clamp(limits::CONNECTIONS_MIN, limits::CONNECTIONS_MAX)
}

/// Accepts for ever. An error of accept itself (too many open files) is waited out.
async fn accept_loop(
    listener: TcpListener,
    acceptor: Option<Arc<tls::Acceptor>>,
    shared: Arc<Shared>,
) {
    loop {
        let Ok(permit) = shared.permits.clone().acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, peer)) => {
                let (acceptor, shared) = (acceptor.clone(), shared.clone());
                tokio::spawn(async move {
                    if let Ok(stream) = open(stream, acceptor).await {
                        request::serve(stream, peer, &shared).await;
                    }
                    drop(permit);
                });
            }
            Err(error) if per_connection(&error) => {}
            Err(error) => {
                tell(format_args!("accept: {error}"));
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

/// Errors of accept(2) that speak of one connection only.
fn per_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}

/// Without TCP_NODELAY the last segment of an answer waits 40 ms for the client's delayed ACK.
async fn open(stream: TcpStream, acceptor: Option<Arc<tls::Acceptor>>) -> io::Result<tls::Stream> {
    stream.set_nodelay(true)?;
    match acceptor {
        None => Ok(tls::Stream::Plain(stream)),
        Some(acceptor) => {
            let handshake = acceptor.current().accept(stream);
            let stream = timeout(limits::HANDSHAKE_TIMEOUT, handshake).await??;
            Ok(tls::Stream::Tls(Box::new(stream)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn class_m_idle_connections_leave_descriptors_to_requests() {
        for (open_files, connections) in [
            (None, limits::CONNECTIONS_MAX),
            (Some(65_536), limits::CONNECTIONS_MAX),
            (Some(4096), 768),
            (Some(1024), limits::CONNECTIONS_MIN),
        ] {
            assert_eq!(connections_max(open_files), connections, "{open_files:?}");
        }
    }
}
