//! An upload of parts with checksums, in `bkt`, for the tests of what comes of it.

use super::TestServer;
use super::client::{Answer, Request};
use super::xml::text;

const MIB: usize = 1024 * 1024;

/// The header of a checksum of that algorithm.
pub fn header(algorithm: &str) -> String {
    format!("x-amz-checksum-{}", algorithm.to_ascii_lowercase())
}

/// Begins an upload of `key`.
pub fn begin(server: &TestServer, key: &str, headers: &[(&str, &str)]) -> Answer {
    let request = Request::new("POST", &format!("/bkt/{key}?uploads"));
    server.call(headers.iter().fold(request, |request, (name, value)| request.header(name, value)))
}

fn id_of(answer: &Answer) -> String {
    text(&answer.text(), "UploadId").unwrap_or_else(|| panic!("{}", answer.text()))
}

/// An upload under way, and the list that completes it.
pub struct Upload<'s> {
    server: &'s TestServer,
    algorithm: String,
    /// Path and query of the upload.
    pub target: String,
    /// Number, tag and checksum of each part.
    pub parts: Vec<(u16, String, String)>,
}

impl<'s> Upload<'s> {
    /// `POST ?uploads` with that algorithm and type, which must be answered.
    pub fn begin(server: &'s TestServer, key: &str, algorithm: &str, of: &str) -> Upload<'s> {
        let asked = [("x-amz-checksum-algorithm", algorithm), ("x-amz-checksum-type", of)];
        let answer = begin(server, key, &asked);
        assert_eq!(answer.header("x-amz-checksum-algorithm"), Some(algorithm));
        assert_eq!(answer.header("x-amz-checksum-type"), Some(of));
        let target = format!("/bkt/{key}?uploadId={}", id_of(&answer));
        Upload { server, algorithm: algorithm.to_owned(), target, parts: Vec::new() }
    }

    /// Uploads a part, its checksum left to the server.
    pub fn part(&mut self, number: u16, body: Vec<u8>) {
        let target = format!("{}&partNumber={number}", self.target);
        let answer = self.server.call(Request::new("PUT", &target).body(body));
        let tag = answer.header("ETag").expect("a tag").to_owned();
        let checksum = answer.header(&header(&self.algorithm)).expect("a checksum").to_owned();
        self.parts.push((number, tag, checksum));
    }

    /// Completes with checksums of that algorithm in the list.
    pub fn complete_with(&self, element: &str, headers: &[(&str, &str)]) -> Answer {
        let part = |(number, tag, checksum): &(u16, String, String)| {
            format!(
                "<Part><PartNumber>{number}</PartNumber><ETag>{tag}</ETag>\
                 <Checksum{element}>{checksum}</Checksum{element}></Part>"
            )
        };
        let list: String = self.parts.iter().map(part).collect();
        let list = format!("<CompleteMultipartUpload>{list}</CompleteMultipartUpload>");
        let request = Request::new("POST", &self.target).body(list);
        let request = headers.iter().fold(request, |request, (n, v)| request.header(n, v));
        self.server.call(request)
    }

    /// Completes with the checksums that the parts have.
    pub fn complete(&self, headers: &[(&str, &str)]) -> Answer {
        self.complete_with(&self.algorithm, headers)
    }
}

/// Three pieces, as large as parts must be, and the whole.
pub fn pieces() -> ([Vec<u8>; 3], Vec<u8>) {
    let pieces = [vec![b'a'; 5 * MIB], vec![b'b'; 5 * MIB], b"c".to_vec()];
    let whole = pieces.concat();
    (pieces, whole)
}

/// GetObjectAttributes of a key of `bkt`, with those headers.
pub fn attributes(server: &TestServer, key: &str, asked: &[(&str, &str)]) -> Answer {
    let request = Request::new("GET", &format!("/bkt/{key}?attributes"));
    server.call(asked.iter().fold(request, |request, (name, value)| request.header(name, value)))
}

/// Every attribute that GetObjectAttributes has.
pub const ALL: (&str, &str) =
    ("x-amz-object-attributes", "ETag,Checksum,ObjectParts,StorageClass,ObjectSize");
