//! The rules of the store, each tried on a real directory.

mod attributes;
mod buckets;
mod objects;
mod races;
mod staging;
mod usage;
