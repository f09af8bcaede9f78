//! What `existence.rs` is made of: buckets of every kind, keys in every state, callers who may not
//! list, the questions they ask, and the bytes they are answered.
//!
//! Nothing here knows a rule of access but what a caller was granted by name, [`Caller::sees`].

pub mod asks;
pub mod callers;
pub mod states;
pub mod wire;
pub mod worlds;
