//! `glassbucket user`: who may sign requests, what each may do and for how long.
//!
//! Nothing of this is done over the network (security class R): whoever may write to the data
//! directory administers it, and a running server follows with the next request.
//!
//! | file | what it does |
//! |---|---|
//! | `amounts` | times, sizes and rates as people type them |
//! | `change` | each command on a list of users |
//! | `list` | how users are shown, never with a secret |
//! | `file` | `users.json`: private, replaced whole, under a lock |
//! | `keys` | new access keys, secrets and ids |

mod amounts;
mod change;
mod file;
mod keys;
mod list;

pub(super) use file::{open, path, read, state_directory};

use super::config;
use crate::auth::role::Scope;
use crate::types::Timestamp;
use amounts::Limit;
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Subcommand)]
pub(super) enum UserCommand {
    /// Add a user, by default an account of its own; the secret key is printed this once
    #[command(after_help = AMOUNTS)]
    Add(NewUser),
    /// Change what a user may do; what is not given stays, but --read and --write count together
    #[command(after_help = AMOUNTS)]
    Set {
        #[command(flatten)]
        user: Named,
        #[command(flatten)]
        rights: Rights,
    },
    /// Give a user a new pair of keys; the secret key is printed this once
    Rotate {
        #[command(flatten)]
        user: Named,
        /// How long the old pair counts beside the new one: 90m, 24h, 7d [default: it ends now]
        #[arg(long, value_name = "DURATION", value_parser = amounts::duration)]
        keep: Option<u64>,
    },
    /// Refuse a user's keys, from the next request on
    Disable(Named),
    /// Let a disabled user's keys count again
    Enable(Named),
    /// List users, root first; never their secrets
    List(DataDirectory),
    /// Remove a user; the buckets stay, owned by the id that is gone
    Remove(Named),
}

const AMOUNTS: &str = "\
--read and --write take a bucket, a folder of one (BUCKET/FOLDER) or what begins so (BUCKET/PREFIX*);
* for the bucket is every bucket. The user acts there for the owner of the bucket and may nothing
elsewhere, whatever policies and ACLs say.
WHEN is 30d, 12h, 2027-01-31 or 2027-01-31T18:00:00Z; SIZE is 500M, 50G, 1T (by 1024) or bytes.";

/// What `user add` may be told; what is not given is made.
#[derive(Args)]
pub(super) struct NewUser {
    /// The name that listings, ACLs and the access log show; no other user may have it
    name: String,
    #[command(flatten)]
    rights: Rights,
    /// Canonical id [default: 64 random hex digits]
    #[arg(long)]
    id: Option<String>,
    /// An address that ACL grants may name
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// Access key id [default: 20 random characters that begin with GB]
    #[arg(long, value_name = "ID")]
    access_key: Option<String>,
    /// Secret access key; other users of this machine can see it while the command runs
    /// [default: 40 random characters]
    #[arg(long, value_name = "KEY")]
    secret_key: Option<String>,
    #[command(flatten)]
    directory: DataDirectory,
}

/// What a user may do, how long and how much.
#[derive(Args)]
pub(super) struct Rights {
    /// May read and list there; repeatable
    #[arg(long, value_name = "BUCKET[/PREFIX]", value_parser = Scope::parse)]
    read: Vec<Scope>,
    /// May write and delete there; repeatable
    #[arg(long, value_name = "BUCKET[/PREFIX]", value_parser = Scope::parse)]
    write: Vec<Scope>,
    /// May do everything with every bucket and object
    #[arg(long, conflicts_with_all = ["read", "write"])]
    admin: bool,
    /// Is an account of its own, with its own buckets (as without --read, --write and --admin)
    #[arg(long, conflicts_with_all = ["read", "write", "admin"])]
    account: bool,
    /// Its keys count until then; `never` for ever
    #[arg(long, value_name = "WHEN", value_parser = amounts::expiry)]
    expires: Option<Limit<Timestamp>>,
    /// Bytes that may lie where it may write; `none` for any number
    #[arg(long, value_name = "SIZE", value_parser = amounts::quota)]
    quota: Option<Limit<u64>>,
    /// Requests in a second; `none` for any number
    #[arg(long, value_name = "N", value_parser = amounts::rate)]
    rate: Option<Limit<u32>>,
}

/// One user of a data directory.
#[derive(Args)]
pub(super) struct Named {
    /// Name, access key id or canonical id
    name: String,
    #[command(flatten)]
    directory: DataDirectory,
}

/// Where the buckets and `users.json` are.
#[derive(Args)]
pub(super) struct DataDirectory {
    /// The data directory
    #[arg(long, value_name = "DIR", env = "GLASSBUCKET_DATA", default_value = config::DATA)]
    data: PathBuf,
}

/// The answer for standard output; the error is a sentence.
pub(super) fn run(command: UserCommand) -> Result<String, String> {
    let disable =
        |user: Named, disabled| change::disable(&user.directory.data, &user.name, disabled);
    match command {
        UserCommand::Add(new) => change::add(new),
        UserCommand::Set { user, rights } => change::set(&user.directory.data, &user.name, rights),
        UserCommand::Rotate { user, keep } => {
            change::rotate(&user.directory.data, &user.name, keep)
        }
        UserCommand::Disable(user) => disable(user, true),
        UserCommand::Enable(user) => disable(user, false),
        UserCommand::List(at) => file::current(&at.data)
            .map(|users| list::table(users.iter().map(AsRef::as_ref), Timestamp::now())),
        UserCommand::Remove(user) => change::remove(&user.directory.data, &user.name),
    }
}
