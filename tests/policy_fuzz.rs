//! The policy evaluator against a naive second reader of AWS's pages.

#[path = "policy_fuzz/oracle.rs"]
mod oracle;
