//! JSON as a policy may be, a bucket's or a form's: every name once in its object.
//!
//! `serde_json::Value` keeps the last of two members of the same name; a policy with two
//! `Condition` members, or two `conditions`, would lose one of them, and be wider than its text.

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::collections::BTreeSet;
use std::fmt;

/// A JSON value; members in the order of the text.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::auth) enum Json {
    Null,
    Bool(bool),
    /// As `serde_json` writes it.
    Number(String),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// One value or a list of them, as most elements of a policy may be.
    pub(in crate::auth) fn one_or_many(self) -> Vec<Json> {
        match self {
            Json::List(list) => list,
            one => vec![one],
        }
    }

    /// The text of a string.
    pub(in crate::auth) fn text(&self) -> Option<&str> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The text of a string, a number or a boolean: AWS takes either where a value is wanted.
    pub(in crate::auth) fn scalar(self) -> Option<String> {
        match self {
            Json::Text(text) | Json::Number(text) => Some(text),
            Json::Bool(value) => Some(value.to_string()),
            Json::Null | Json::List(_) | Json::Object(_) => None,
        }
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Json;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Number(value.to_string()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element()? {
            values.push(value);
        }
        Ok(Json::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Json, A::Error> {
        let mut members: Vec<(String, Json)> = Vec::new();
        let mut names = BTreeSet::new();
        while let Some((name, value)) = object.next_entry::<String, Json>()? {
            if !names.insert(name.clone()) {
                return Err(A::Error::custom("a name stands twice in one object"));
            }
            members.push((name, value));
        }
        Ok(Json::Object(members))
    }
}
