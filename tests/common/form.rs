//! A browser's form: fields, a signed policy, a file, and the request that sends them.

use super::client::{Answer, Connection, Signer, raw_head};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use glassbucket::auth::sigv2;
use glassbucket::auth::sigv4::{Scope, SigningKey};

/// What delimits the parts of each form here.
pub const BOUNDARY: &str = "AaB03x";

/// Fields in order, and a file, which comes last.
#[derive(Clone, Debug)]
pub struct Form {
    pub fields: Vec<(String, String)>,
    pub filename: String,
    pub content: Vec<u8>,
}

impl Form {
    /// With these fields.
    pub fn new(fields: &[(&str, &str)], content: impl Into<Vec<u8>>) -> Form {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let fields = fields.iter().map(own).collect();
        Form { fields, filename: "file.txt".to_owned(), content: content.into() }
    }

    /// Adds a field.
    pub fn field(mut self, name: &str, value: &str) -> Form {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Gives a field another value.
    pub fn set(mut self, name: &str, value: &str) -> Form {
        let field = self.fields.iter_mut().find(|(other, _)| other == name);
        value.clone_into(&mut field.expect("a field of that name").1);
        self
    }

    /// Signs a policy of these conditions (JSON, without brackets) by SigV4; the conditions on the
    /// fields that sign are added.
    pub fn sign_v4(self, signer: &Signer, conditions: &str) -> Form {
        let time = signer.now.iso8601_basic();
        let scope = Scope { date: &time[..8], region: "us-east-1" };
        let credential = format!("{}/{scope}", signer.access_key);
        let policy = policy(&format!(
            "{{\"x-amz-algorithm\": \"AWS4-HMAC-SHA256\"}}, {{\"x-amz-date\": \"{time}\"}}, \
             {{\"x-amz-credential\": \"{credential}\"}}, {conditions}"
        ));
        let signature = SigningKey::derive(&signer.secret, scope).sign(&policy);
        self.field("x-amz-algorithm", "AWS4-HMAC-SHA256")
            .field("x-amz-credential", &credential)
            .field("x-amz-date", &time)
            .field("policy", &policy)
            .field("x-amz-signature", &signature)
    }

    /// The same by SigV2.
    pub fn sign_v2(self, signer: &Signer, conditions: &str) -> Form {
        let policy = policy(conditions);
        let signature = sigv2::sign(&signer.secret, &policy);
        self.field("AWSAccessKeyId", &signer.access_key)
            .field("policy", &policy)
            .field("signature", &signature)
    }

    /// The body of the request.
    pub fn body(&self) -> Vec<u8> {
        let mut body = Vec::new();
        for (name, value) in &self.fields {
            let head = "Content-Disposition: form-data; name=";
            let part = format!("--{BOUNDARY}\r\n{head}\"{name}\"\r\n\r\n{value}\r\n");
            body.extend_from_slice(part.as_bytes());
        }
        let file = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n",
            self.filename
        );
        body.extend_from_slice(file.as_bytes());
        body.extend_from_slice(&self.content);
        body.extend_from_slice(format!("\r\n--{BOUNDARY}--\r\n").as_bytes());
        body
    }

    /// Sends it to a bucket and reads the answer.
    pub fn post(&self, connection: &mut Connection, host: &str, bucket: &str) -> Answer {
        post(connection, host, bucket, &self.body())
    }
}

/// Sends the body of a form to a bucket and reads the answer.
pub fn post(connection: &mut Connection, host: &str, bucket: &str, body: &[u8]) -> Answer {
    let headers = [
        ("host".to_owned(), host.to_owned()),
        ("content-type".to_owned(), format!("multipart/form-data; boundary={BOUNDARY}")),
        ("content-length".to_owned(), body.len().to_string()),
    ];
    connection.send(&raw_head("POST", &format!("/{bucket}"), &headers));
    connection.send(body);
    connection.answer("POST")
}

/// A policy of these conditions, good for all our lives, in base64.
pub fn policy(conditions: &str) -> String {
    let json =
        format!("{{\"expiration\": \"2999-01-01T00:00:00Z\", \"conditions\": [{conditions}]}}");
    STANDARD.encode(json)
}
