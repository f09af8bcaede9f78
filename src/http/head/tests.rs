//! The head parser: each form it takes, and each it refuses (security class N).

use super::*;
use crate::error::S3Error;
use crate::limits::{HEAD_BYTES_MAX, HEADERS_MAX};

fn head(text: &str) -> RequestHead {
    let (head, used) = RequestHead::parse(text.as_bytes()).unwrap().unwrap();
    assert_eq!(used, text.len());
    head
}

fn bad(bytes: impl AsRef<[u8]>) -> BadHead {
    RequestHead::parse(bytes.as_ref()).map(|head| head.is_some()).unwrap_err()
}

/// A request with `headers` (each line with its CRLF) beside a Host.
fn bad_headers(headers: &str) -> BadHead {
    bad(format!("PUT /b/k HTTP/1.1\r\nHost: h\r\n{headers}\r\n"))
}

#[test]
fn a_head_as_cyberduck_sends_it() {
    let head = head(
        "GET /bkt/?max-keys=1000&prefix&delimiter=%2F HTTP/1.1\r\n\
         Date: Sat, 21 Nov 2026 18:52:07 GMT\r\nx-amz-Meta-A:  one two \t\r\n\
         Host: localhost:9100\r\nConnection: Keep-Alive\r\n\r\n",
    );
    assert_eq!(head.method(), Method::Get);
    assert_eq!(head.request_line(), "GET /bkt/?max-keys=1000&prefix&delimiter=%2F HTTP/1.1");
    assert_eq!((head.path(), head.query()), ("/bkt/", "max-keys=1000&prefix&delimiter=%2F"));
    assert_eq!(head.params()[1], ("prefix".to_owned(), None));
    assert_eq!(head.param("prefix"), Some(""));
    assert_eq!(head.param("delimiter"), Some("/"));
    assert_eq!(head.param("Delimiter"), None);
    assert_eq!(head.header("X-AMZ-META-a"), Some("one two"));
    assert_eq!(head.headers_with_prefix("x-amz-"), [("x-amz-meta-a".to_owned(), "one two")]);
    assert_eq!(head.headers().next(), Some(("Date", "Sat, 21 Nov 2026 18:52:07 GMT")));
    assert_eq!(head.host(), "localhost:9100");
    assert_eq!(head.framing(), Framing::None);
    assert!(head.keep_alive() && !head.expects_continue());
}

#[test]
fn hoisted_parameters_count_as_headers_but_are_not_headers_as_sent() {
    let mut head = head("PUT /b/k HTTP/1.1\r\nHost: h\r\nx-amz-a: 1\r\n\r\n");
    head.hoist(vec![("x-amz-a".into(), "2".into()), ("x-amz-acl".into(), "private".into())]);
    assert_eq!(head.header("X-Amz-Acl"), Some("private"));
    assert_eq!(head.header("x-amz-a"), Some("1"));
    assert_eq!(head.headers().count(), 2);
    let names: Vec<_> = head.headers_with_prefix("x-amz-").into_iter().map(|h| h.1).collect();
    assert_eq!(names, ["1", "2", "private"]);
}

#[test]
fn a_head_cut_at_every_byte_wants_more_until_its_last() {
    let text = "\r\nPUT /b/k?x=%C3%A9 HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n";
    for cut in 0..text.len() {
        assert!(RequestHead::parse(&text.as_bytes()[..cut]).unwrap().is_none(), "{cut}");
    }
    let (head, used) = RequestHead::parse(format!("{text}\0\n\x7f").as_bytes()).unwrap().unwrap();
    assert_eq!((used, head.framing()), (text.len(), Framing::Length(3)));
    assert_eq!(head.param("x"), Some("é"));
}

#[test]
fn empty_lines_before_a_request_line_are_skipped_twice_and_no_more() {
    head("\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!(bad("\r\n\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"), BadHead::Malformed);
    assert_eq!(bad("\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"), BadHead::BareLf);
}

#[test]
fn class_n_two_framings_are_refused() {
    for (headers, reason) in [
        (
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            BadHead::ContentLengthAndTransferEncoding,
        ),
        (
            "transfer-encoding: chunked\r\ncontent-length: 5\r\n",
            BadHead::ContentLengthAndTransferEncoding,
        ),
        ("Content-Length: 5\r\nContent-Length: 5\r\n", BadHead::ContentLengthTwice),
        ("Content-Length: 5\r\ncontent-length: 6\r\n", BadHead::ContentLengthTwice),
        (
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
            BadHead::TransferEncodingTwice,
        ),
    ] {
        assert_eq!(bad_headers(headers), reason, "{headers}");
    }
}

#[test]
fn class_n_content_length_is_digits_only() {
    for value in [
        "",
        "+5",
        "-5",
        "-0",
        "0x5",
        "5, 5",
        "5,5",
        "5 5",
        "5a",
        "٥",
        "1e3",
        "5.0",
        "18446744073709551616",
        "99999999999999999999999",
    ] {
        let headers = format!("Content-Length: {value}\r\n");
        assert_eq!(bad_headers(&headers), BadHead::ContentLength, "{value}");
    }
    let largest =
        head(&format!("PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n", u64::MAX));
    assert_eq!(largest.framing(), Framing::Length(u64::MAX));
}

#[test]
fn class_n_transfer_encoding_is_chunked_or_nothing() {
    for value in [
        "",
        "gzip",
        "identity",
        "gzip, chunked",
        "chunked, gzip",
        "chunked;x",
        "\"chunked\"",
        "xchunked",
    ] {
        let headers = format!("Transfer-Encoding: {value}\r\n");
        assert_eq!(bad_headers(&headers), BadHead::TransferEncoding, "{value}");
    }
    let chunked = head("PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding:\tChunked \r\n\r\n");
    assert_eq!(chunked.framing(), Framing::Chunked);
    let on_1_0 = "PUT / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n";
    assert_eq!(bad(on_1_0), BadHead::TransferEncodingOn10);
}

#[test]
fn class_n_lines_end_in_crlf_and_do_not_fold() {
    assert_eq!(bad("GET / HTTP/1.1\nHost: h\n\n"), BadHead::BareLf);
    assert_eq!(bad("GET / HTTP/1.1\r\nHost: h\nX: y\r\n\r\n"), BadHead::BareLf);
    assert_eq!(bad("GET / HTTP/1.1\r\nHost: h\r\n\n"), BadHead::BareLf);
    assert_eq!(bad_headers("X: a\r\n b\r\n"), BadHead::FoldedLine);
    assert_eq!(bad_headers("X: a\r\n\tb\r\n"), BadHead::FoldedLine);
    assert_eq!(bad_headers("X: a\r\n \r\n"), BadHead::FoldedLine);
    for malformed in ["X : a\r\n", "X\t: a\r\n", "X\r\n", ": a\r\n", "X: a\rb\r\n", "X: a\r\r\n"] {
        assert_eq!(bad_headers(malformed), BadHead::Malformed, "{malformed:?}");
    }
}

#[test]
fn class_n_control_bytes_and_other_encodings_are_refused() {
    for byte in (0..=31u8).chain([127]).filter(|b| !b"\t\r\n".contains(b)) {
        let request = [b"GET / HTTP/1.1\r\nHost: h\r\nX: a", &[byte][..], b"b\r\n\r\n"].concat();
        assert_eq!(bad(&request), BadHead::ControlByte, "{byte}");
    }
    assert_eq!(bad(b"GET / HTTP/1.1\r\nHost: h\r\nX: \xff\r\n\r\n"), BadHead::NotUtf8);
    assert_eq!(bad(b"\x16\x03\x01\x02\x00\x01"), BadHead::ControlByte);
}

#[test]
fn class_n_host_is_there_once_and_looks_like_one() {
    assert_eq!(bad("GET / HTTP/1.1\r\n\r\n"), BadHead::HostMissing);
    assert_eq!(bad_headers("host: h\r\n"), BadHead::HostTwice);
    for host in ["", "a b", "a/b", "a,b", "u@h", "a\\b", "h?", "h#", "ü"] {
        assert_eq!(bad(format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n")), BadHead::Host, "{host}");
    }
    assert_eq!(head("GET / HTTP/1.0\r\n\r\n").host(), "");
    assert_eq!(head("GET / HTTP/1.1\r\nHost: [::1]:443\r\n\r\n").host(), "[::1]:443");
}

#[test]
fn request_targets() {
    let absolute = head("GET HTTP://H:80/b/k?acl HTTP/1.1\r\nHost: h:80\r\n\r\n");
    assert_eq!((absolute.path(), absolute.query(), absolute.host()), ("/b/k", "acl", "h:80"));
    let bare = head("GET http://h?x HTTP/1.1\r\nHost: h\r\n\r\n");
    assert_eq!((bare.path(), bare.query()), ("/", "x"));
    assert_eq!(head("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n").path(), "/");
    assert_eq!(head("GET /b/é HTTP/1.1\r\nHost: h\r\n\r\n").path(), "/b/é");
    assert_eq!(head("GET //b/../k HTTP/1.1\r\nHost: h\r\n\r\n").path(), "//b/../k");
    assert_eq!(head("BREW /?a=b=c HTTP/1.1\r\nHost: h\r\n\r\n").param("a"), Some("b=c"));
    for (target, reason) in [
        ("*", BadHead::Target),
        ("b/k", BadHead::Target),
        ("?x", BadHead::Target),
        ("h:443", BadHead::Target),
        ("ftp://h/", BadHead::Target),
        ("http:///", BadHead::Target),
        ("http://u@h/", BadHead::Target),
        ("/b#f", BadHead::Target),
        ("http://other/", BadHead::Host),
        ("/a b", BadHead::Version),
        ("/\u{7f}", BadHead::ControlByte),
        ("/a\tb", BadHead::Malformed),
        ("/?x=%zz", BadHead::Query),
        ("/?%4", BadHead::Query),
        ("/?x=%ff", BadHead::Query),
    ] {
        let request = format!("GET {target} HTTP/1.1\r\nHost: h\r\n\r\n");
        assert_eq!(bad(request), reason, "{target}");
    }
}

#[test]
fn request_lines_have_two_single_spaces() {
    for line in
        ["GET  / HTTP/1.1", "GET /  HTTP/1.1", "GET / HTTP/1.1 ", " GET / HTTP/1.1", "GET /"]
    {
        let result = RequestHead::parse(format!("{line}\r\nHost: h\r\n\r\n").as_bytes());
        assert!(result.is_err(), "{line:?}");
    }
}

#[test]
fn versions_other_than_1_0_and_1_1_are_505() {
    for version in ["HTTP/2.0", "HTTP/1.2", "HTTP/0.9"] {
        let reason = bad(format!("GET / {version}\r\nHost: h\r\n\r\n"));
        assert_eq!((reason, reason.status()), (BadHead::Version, 505), "{version}");
    }
    assert_eq!(bad("PRI * HTTP/2.0\r\n\r\n"), BadHead::Version);
}

#[test]
fn keep_alive_is_the_default_of_1_1_and_a_wish_of_1_0() {
    for (version, connection, stays) in [
        ("1.1", "upgrade", true),
        ("1.1", "keep-alive, Close", false),
        ("1.1", "close\r\nConnection: keep-alive", false),
        ("1.0", "upgrade", false),
        ("1.0", "Keep-Alive", true),
        ("1.0", "keep-alive, close", false),
    ] {
        let text = format!("GET / HTTP/{version}\r\nHost: h\r\nConnection: {connection}\r\n\r\n");
        assert_eq!(head(&text).keep_alive(), stays, "{version} {connection}");
    }
}

#[test]
fn expectations() {
    let expects = |version, value| {
        head(&format!("PUT / HTTP/{version}\r\nHost: h\r\nExpect: {value}\r\n\r\n"))
            .expects_continue()
    };
    assert!(expects("1.1", "100-Continue"));
    assert!(!expects("1.0", "100-continue"));
    assert!(!expects("1.1", "200-maybe"));
}

#[test]
fn some_empty_headers_are_as_absent() {
    let head = head(
        "GET / HTTP/1.1\r\nHost: h\r\nContent-Type:\r\nExpect: \r\nUser-Agent:\r\nRange:\t\r\n\
         Content-MD5:\r\nx-amz-date: \r\n\r\n",
    );
    for name in ["content-type", "Expect", "user-agent", "RANGE"] {
        assert_eq!(head.header(name), None, "{name}");
    }
    assert_eq!(head.header("content-md5"), Some(""));
    assert_eq!(head.header("x-amz-date"), Some(""));
    assert_eq!(head.headers().count(), 7);
}

#[test]
fn class_m_head_bytes_max_and_headers_max_at_n_and_n_plus_1() {
    let frame = "GET / HTTP/1.1\r\nHost: h\r\nX: \r\n\r\n".len();
    let with_bytes = |bytes: usize| {
        format!("GET / HTTP/1.1\r\nHost: h\r\nX: {}\r\n\r\n", "y".repeat(bytes - frame))
    };
    head(&with_bytes(HEAD_BYTES_MAX));
    assert_eq!(bad(with_bytes(HEAD_BYTES_MAX + 1)), BadHead::TooLarge);
    assert_eq!(bad("x".repeat(HEAD_BYTES_MAX)), BadHead::TooLarge);
    let with_headers =
        |count| format!("GET / HTTP/1.1\r\nHost: h\r\n{}\r\n", "X: y\r\n".repeat(count - 1));
    head(&with_headers(HEADERS_MAX));
    assert_eq!(bad(with_headers(HEADERS_MAX + 1)), BadHead::TooManyHeaders);
}

#[test]
fn percent_decode_is_strict_and_decodes_once() {
    assert_eq!(percent_decode("a%2Fb+%252F", false).unwrap(), b"a/b+%2F");
    assert_eq!(percent_decode("a+%c3%A9", true).unwrap(), "a é".as_bytes());
    for bad in ["%", "%4", "%zz", "%+1", "%-1", "a%", "%é", "% 1"] {
        assert_eq!(percent_decode(bad, false), None, "{bad}");
    }
}

#[test]
fn every_reason_has_an_answer() {
    assert_eq!(BadHead::TransferEncoding.status(), 501);
    assert_eq!(BadHead::TooLarge.status(), 400);
    assert_eq!(S3Error::from(BadHead::Query).code.name(), "InvalidURI");
    assert_eq!(S3Error::from(BadHead::BareLf).code.status(), 400);
}

/// Every byte of a good head replaced by every other: an answer or a reason, never a panic.
#[test]
fn class_l_no_single_byte_makes_the_parser_panic() {
    let text =
        b"PUT http://h/k?a=%41 HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nX:\xc3\xa9\r\n\r\n";
    for at in 0..text.len() {
        for byte in 0..=255 {
            let mut changed = text.to_vec();
            changed[at] = byte;
            if let Ok(Some((head, used))) = RequestHead::parse(&changed) {
                assert!(used <= text.len() && head.path().starts_with('/'));
                assert!(head.headers().all(|(name, _)| !name.is_empty()));
            }
        }
    }
}
