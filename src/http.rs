//! HTTP/1.1 by hand: head, body, form, range, response, and the connection that carries them.
//!
//! [`connection`] does the I/O; [`head`], [`body`], [`form`], [`range`] and [`response`] are pure.
//! Knows nothing of signatures, operations or files.
//!
//! RFC 9110 (semantics) and RFC 9112 (HTTP/1.1). Where they let a server choose, this one refuses:
//! [`head`] lists what, and why.

pub mod body;
pub mod connection;
pub mod form;
pub mod head;
pub mod range;
pub mod response;
