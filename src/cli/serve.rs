//! `glassbucket serve`: from settings to a running server, and its end.
//!
//! The order matters: the sockets first (a start that may not have its port makes nothing, least of
//! all a secret that nobody gets to read), then the store (it makes the data directory and refuses
//! a filesystem that cannot keep the promises), then the users; what to paste is printed last.

use super::config::{self, Resolved, RootKeys, Settings};
use super::{hello, say, users};
use crate::auth::{self, Secret, User, Users};
use crate::server::{Clock, Config, Listeners, Server, UsersFile, UsersSource};
use crate::store::{Durability, Store};
use crate::types::PublicAccessBlock;
use rustix::process::{Resource, getrlimit, setrlimit};
use std::fs::File;
use std::path::Path;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Serves until SIGTERM or SIGINT; the error is a sentence.
pub(super) fn serve(flags: Settings) -> Result<(), String> {
    let settings = config::resolve(flags)?;
    raise_open_files();
    if settings.durability == Durability::Relaxed {
        say("durability is relaxed: a 200 does not wait for the disk, a power cut can undo it\n");
    }
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start the runtime: {error}"))?
        .block_on(run(settings))
}

async fn run(settings: Resolved) -> Result<(), String> {
    // Before the sockets, so that no signal finds its default action on a server that has clients.
    let stop = Stop::listen()?;
    let listeners = Listeners::bind(&settings.listen, &settings.certs).await?;
    let store = Store::open(&settings.data, settings.durability)?;
    let Identity { users, root_access_key, new_secret } =
        identify(&settings.data, settings.root_keys.clone())?;
    let addresses = listeners.addresses();
    let config = Config {
        domains: settings.domains.clone(),
        region: settings.region.clone(),
        auth: auth::Settings { require_signed_payload: settings.require_signed_payload },
        clock: Clock::System,
        log: settings.log,
        users,
        block: match settings.allow_public {
            true => PublicAccessBlock::default(),
            false => PublicAccessBlock::SHUT,
        },
        store,
        lifecycle_day: settings.lifecycle_day,
    };
    hello::greet(&hello::Greeting {
        tls: settings.listen.first().is_some_and(|listen| listen.tls),
        addresses: &addresses,
        domain: settings.domains.first().map(String::as_str),
        region: &settings.region,
        certs: &settings.certs,
        data: &settings.data,
        access_key: &root_access_key,
        root_keys_given: settings.root_keys.is_some(),
        new_secret: new_secret.as_deref(),
    });
    Server::new(listeners, config).run(stop.wait()).await;
    Ok(())
}

/// Who may sign, and what a person must be told of the root.
struct Identity {
    users: UsersSource,
    root_access_key: String,
    /// The root's secret if this start has made it: the one time it is printed.
    new_secret: Option<String>,
}

/// The users of `users.json`, made if absent, and how a running server reads them again.
fn identify(data: &Path, keys: Option<RootKeys>) -> Result<Identity, String> {
    let (in_file, new_secret) = users::open(data)?;
    let users = with_root_keys(in_file, keys.as_ref())?;
    let root_access_key = users.root().ok_or("users.json has no root user")?.access_key.clone();
    let new_secret = new_secret.filter(|_| keys.is_none());
    let path = users::path(data);
    let shown = path.clone();
    let load = move |file: &File| with_root_keys(users::read(file, &shown)?, keys.as_ref());
    let users = UsersSource { users, file: Some(UsersFile { path, load: Box::new(load) }) };
    Ok(Identity { users, root_access_key, new_secret })
}

/// Keys given from outside replace the root's in memory alone, a previous pair of the file's too:
/// the id stays the file's, so that the buckets keep their owner whichever keys are in use.
fn with_root_keys(users: Users, keys: Option<&RootKeys>) -> Result<Users, String> {
    let Some(keys) = keys else { return Ok(users) };
    let replace = |user: &User| User {
        access_key: keys.access_key.clone(),
        secret: Secret::new(keys.secret.clone()),
        previous: None,
        ..user.clone()
    };
    let replaced = users.iter().map(|user| match user.root {
        true => replace(user),
        false => User::clone(user),
    });
    Users::new(replaced.collect())
}

/// SIGTERM (systemd, containers) and SIGINT (a terminal).
struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    fn listen() -> Result<Stop, String> {
        let on = |kind| signal(kind).map_err(|error| format!("cannot wait for signals: {error}"));
        Ok(Stop {
            terminate: on(SignalKind::terminate())?,
            interrupt: on(SignalKind::interrupt())?,
        })
    }

    async fn wait(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
        say("stopping: requests under way are finished first\n");
    }
}

/// A connection and its file take two descriptors, and the usual soft limit is 1,024. Raised as far
/// as the hard limit allows; where that fails the server runs with what it has.
fn raise_open_files() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    let _ = setrlimit(Resource::Nofile, limit);
}
