//! The recordings of Cyberduck, and how they are sent again.

use super::client::{Answer, Connection, raw_head};
use serde::Deserialize;

/// 21 November 2026, 18:55 UTC: within 15 minutes of every request of both recordings.
pub const RECORDED_SECS: i64 = 1_795_287_300;

/// 4.7.2, SigV2.
pub const SIGV2: &str = include_str!("../fixtures/cyberduck-4.7.2-sigv2.jsonl");
/// Today's engine, SigV4.
pub const SIGV4: &str = include_str!("../fixtures/cyberduck-engine-2026-sigv4.jsonl");

/// One line of a recording.
#[derive(Deserialize)]
pub struct Recorded {
    pub step: String,
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub body: Option<String>,
    pub body_length: usize,
}

impl Recorded {
    pub fn body(&self) -> Vec<u8> {
        let nul = || vec![0; self.body_length];
        self.body.as_ref().map_or_else(nul, |text| text.clone().into_bytes())
    }

    fn expects_continue(&self) -> bool {
        self.headers.iter().any(|(name, _)| name == "Expect")
    }

    /// The same with another body, which SigV2 does not sign.
    pub fn with_body(mut self, body: &str) -> Recorded {
        self.body_length = body.len();
        self.body = Some(body.to_owned());
        for (name, value) in &mut self.headers {
            if name == "Content-Length" {
                *value = body.len().to_string();
            }
        }
        self
    }
}

pub fn recording(text: &str) -> Vec<Recorded> {
    text.lines().map(|line| serde_json::from_str(line).expect("a recorded request")).collect()
}

/// The last request of that step.
pub fn recorded(text: &str, step: &str) -> Recorded {
    let mut requests = recording(text).into_iter().rev();
    requests.find(|request| request.step == step).expect("a step of the recording")
}

/// Sends one request as the client does: a body only after `100 Continue`.
pub fn send(connection: &mut Connection, request: &Recorded) -> Answer {
    connection.send(&raw_head(&request.method, &request.target, &request.headers));
    let body = request.body();
    if request.expects_continue() && !body.is_empty() {
        let first = connection.try_answer(&request.method).expect("an answer to the head");
        if first.status != 100 {
            return first;
        }
    }
    connection.send(&body);
    connection.answer(&request.method)
}
