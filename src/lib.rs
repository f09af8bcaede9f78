//! # glassbucket: an S3 server you can see through
//!
//! ```text
//! TcpStream -tls-> Stream -http::head-> RequestHead -auth-> Verified
//!                                       |                  |
//!                                       +-----router-------+-> Operation -> access -> handler
//!                                                                                      |  ^
//! wire <-http::response- Response <----------------------------------------------------+  |
//!             http::body (length | chunked | aws-chunked) --------------------------------+- store
//! ```
//!
//! Each arrow is a type that only the step before can make, so a forgotten step does not compile: a
//! handler wants an [`auth::Verified`], and `store` publishes only what comes with an
//! [`auth::PayloadVerified`].
//!
//! To read it in the order of a request: `server::request` is the loop; one handler, `put_object`
//! in `handlers::object`, is the whole story in small; [`store`] draws the layout on disk.
//!
//! | module | what it is | may import |
//! |---|---|---|
//! | [`error`] | every code S3 answers, with its status | nothing |
//! | [`limits`] | every bound, with unit and reason | nothing |
//! | [`notice`] | words for whoever runs the server | nothing |
//! | [`random`] | random bytes of the kernel | nothing |
//! | [`types`] | bucket names, keys, dates, metadata: S3's nouns | `error` |
//! | [`digest`] | MD5, SHA, CRC of a body, and what a client claimed they are | `error`, `types` |
//! | [`xml`] | the documents S3 reads and writes | `error`, `types` |
//! | [`tls`] | certificate and key to acceptor; one stream type, plain or TLS | `notice` |
//! | [`http`] | HTTP/1.1: head, body, form, range, response | `tls`, `limits`, `error`, `types` |
//! | [`auth`] | who sent this: SigV2, SigV4, chunk chains, form policies | `http::head`, `http::form`, `digest`, `types`, `error` |
//! | [`router`] | what is asked: path, query and headers to an [`router::Operation`] | `http::head`, `http::form`, `http::range`, `digest`, `types`, `error` |
//! | [`store`] | objects as plain files | `auth::PayloadVerified`, `digest`, `types`, `error`, `notice`, `random` |
//! | [`lifecycle`] | which objects end when, and the sweep that ends them | `store`, `notice`, `types`, `error` |
//! | [`usage`] | what users use up: requests in a second, bytes stored | `store`, `auth::User`, `auth::Role`, `notice`, `types`, `error` |
//! | [`handlers`] | one short story an operation | all of the above |
//! | [`server`] | accept loop and request loop: the one place that joins all others | all |
//! | [`cli`] | the command line | all |
//!
//! All may import [`limits`]. `tests/tidy.rs` reads this table and holds the code to it: nobody
//! imports more, and no row allows what its module does not use.

pub mod auth;
pub mod cli;
pub mod digest;
pub mod error;
pub mod handlers;
pub mod http;
pub mod lifecycle;
pub mod limits;
pub mod notice;
pub mod random;
pub mod router;
pub mod server;
pub mod store;
pub mod tls;
pub mod types;
pub mod usage;
pub mod xml;
