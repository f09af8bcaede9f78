//! The body decoder, cut at every byte, and each framing it refuses.

use super::*;
use crate::limits::{CHUNK_LINE_BYTES_MAX, TRAILERS_MAX};

/// What a body says, independent of how it was cut.
#[derive(Debug, Default, PartialEq, Eq)]
struct Seen {
    content: Vec<u8>,
    /// Chunk starts, ends and trailers, as text, each with the content length at that point.
    marks: Vec<(usize, String)>,
    used: usize,
    done: bool,
}

/// Feeds `parts` one after another, each from where the last stopped.
fn decode(framing: Framing, aws: bool, parts: &[&[u8]]) -> Result<Seen, BadBody> {
    let mut decoder = Decoder::new(framing);
    if aws {
        decoder.stack_aws_chunked();
    }
    let mut seen = Seen::default();
    for part in parts {
        let mut events = Vec::new();
        let used = decoder.decode(part, &mut events)?;
        seen.used += used;
        for event in events {
            let at = seen.content.len();
            match event {
                Event::Data(range) => seen.content.extend_from_slice(&part[..used][range]),
                Event::Chunk { size, extension } => {
                    seen.marks.push((at, format!("{size};{extension}")));
                }
                Event::ChunkEnd => seen.marks.push((at, "end".into())),
                Event::Trailer { name, value } => seen.marks.push((at, format!("{name}={value}"))),
            }
        }
    }
    seen.done = decoder.is_done();
    assert_eq!(decoder.content_bytes(), seen.content.len() as u64);
    Ok(seen)
}

fn whole(framing: Framing, aws: bool, body: &[u8]) -> Result<Seen, BadBody> {
    decode(framing, aws, &[body])
}

const AWS: &str = "5;chunk-signature=aa\r\nhello\r\n6;chunk-signature=bb\r\n world\r\n\
    0;chunk-signature=cc\r\nx-amz-checksum-crc32: AAAAAA== \r\nX-Amz-Trailer-Signature:dd\r\n\r\n";

/// `body` in HTTP chunks of `size`.
fn http_chunked(body: &[u8], size: usize) -> Vec<u8> {
    let mut coded = Vec::new();
    for chunk in body.chunks(size) {
        coded.extend_from_slice(format!("{:X};x=y\r\n", chunk.len()).as_bytes());
        coded.extend_from_slice(chunk);
        coded.extend_from_slice(b"\r\n");
    }
    coded.extend_from_slice(b"0\r\nIgnored: yes\r\n\r\n");
    coded
}

/// Every body, and how it is framed.
fn bodies() -> Vec<(Framing, bool, Vec<u8>)> {
    let aws = AWS.as_bytes();
    vec![
        (Framing::Length(11), false, b"hello world".to_vec()),
        (Framing::Chunked, false, http_chunked(b"hello world", 4)),
        (Framing::Length(aws.len() as u64), true, aws.to_vec()),
        (Framing::Chunked, true, http_chunked(aws, 7)),
    ]
}

#[test]
fn bodies_cut_at_every_pair_of_bytes_say_the_same() {
    for (framing, aws, mut body) in bodies() {
        let length = body.len();
        body.extend_from_slice(b"GET / HTTP/1.1\r\n");
        let expected = whole(framing, aws, &body).unwrap();
        assert_eq!((expected.used, expected.done), (length, true));
        assert_eq!(expected.content, b"hello world");
        for one in 0..=length {
            for two in one..=length {
                let parts = [&body[..one], &body[one..two], &body[two..]];
                assert_eq!(decode(framing, aws, &parts).unwrap(), expected, "{one} {two}");
            }
        }
    }
}

#[test]
fn bodies_byte_by_byte_say_the_same_and_are_done_only_at_the_end() {
    for (framing, aws, body) in bodies() {
        let bytes: Vec<&[u8]> = body.chunks(1).collect();
        let expected = whole(framing, aws, &body).unwrap();
        assert_eq!(decode(framing, aws, &bytes).unwrap(), expected);
        for end in 0..body.len() {
            assert!(!decode(framing, aws, &bytes[..end]).unwrap().done, "{end}");
        }
    }
}

#[test]
fn aws_chunked_events_come_in_order() {
    let seen = whole(Framing::Length(AWS.len() as u64), true, AWS.as_bytes()).unwrap();
    let expected = [
        (0, "5;chunk-signature=aa"),
        (5, "end"),
        (5, "6;chunk-signature=bb"),
        (11, "end"),
        (11, "0;chunk-signature=cc"),
        (11, "end"),
        (11, "x-amz-checksum-crc32=AAAAAA=="),
        (11, "x-amz-trailer-signature=dd"),
    ];
    assert_eq!(seen.marks, expected.map(|(at, mark)| (at, mark.to_owned())));
}

#[test]
fn aws_chunked_ends_as_real_clients_end_it() {
    for (body, trailers) in [
        ("1\r\na\r\n0\r\n\r\n", 0),
        ("1\r\na\r\n0\r\n", 0),
        ("1;chunk-signature=a\r\na\r\n0;chunk-signature=b\r\n\r\n", 0),
        ("1\r\na\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", 1),
        ("1\r\na\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n", 1),
        ("1\r\na\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\n\r\n", 1),
        ("1\r\na\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\n\r\n\r\n", 1),
        ("1\r\na\r\n0\r\nx-amz-checksum-crc32:A\n\r\nx-amz-trailer-signature:b\r\n\r\n", 2),
        ("1\r\na\r\n0\r\nx-amz-checksum-crc32:A\nx-amz-trailer-signature:b\r\n\r\n", 2),
    ] {
        for chunked in [false, true] {
            let (framing, coded) = match chunked {
                true => (Framing::Chunked, http_chunked(body.as_bytes(), 3)),
                false => (Framing::Length(body.len() as u64), body.as_bytes().to_vec()),
            };
            let seen = whole(framing, true, &coded).unwrap();
            assert!(seen.done, "{body:?}");
            let trailer = |mark: &String| mark.starts_with("x-amz-");
            assert_eq!(seen.marks.iter().filter(|(_, mark)| trailer(mark)).count(), trailers);
            assert_eq!(seen.content, b"a");
        }
    }
}

#[test]
fn class_c_aws_chunked_that_is_cut_short_or_goes_on_is_refused() {
    let complete = "1\r\na\r\n0\r\n\r\n";
    for (body, reason) in [
        ("", BadBody::UnexpectedEof),
        ("1\r\na\r\n", BadBody::UnexpectedEof),
        ("5\r\na", BadBody::UnexpectedEof),
        ("1\r\na\r\n0", BadBody::UnexpectedEof),
        ("1\r\na\r\n0\r\n\r", BadBody::UnexpectedEof),
        ("1\r\na\r\n0\r\nx:y", BadBody::UnexpectedEof),
    ] {
        let framing = Framing::Length(body.len() as u64);
        assert_eq!(whole(framing, true, body.as_bytes()).unwrap_err(), reason, "{body:?}");
    }
    for more in ["x", "\r\n", "1\r\na\r\n0\r\n\r\n"] {
        let body = format!("{complete}{more}");
        let framing = Framing::Length(body.len() as u64);
        let result = whole(framing, true, body.as_bytes());
        assert_eq!(result.unwrap_err(), BadBody::Malformed, "{more:?}");
    }
}

/// Both codings refuse these.
fn refused(body: &str) -> BadBody {
    let http = whole(Framing::Chunked, false, body.as_bytes()).unwrap_err();
    let aws = whole(Framing::Length(body.len() as u64 + 1), true, body.as_bytes()).unwrap_err();
    assert_eq!(http, aws, "{body:?}");
    http
}

#[test]
fn class_n_chunk_sizes_are_hex_digits_only() {
    for size in ["", "+1", "-1", "0x1", " 1", "1 ", "1\t", "g", "1,1", "１", "1 ;x", "\r"] {
        assert_eq!(refused(&format!("{size}\r\na\r\n")), BadBody::Malformed, "{size:?}");
    }
    assert_eq!(refused("00000000000000001\r\na\r\n"), BadBody::SizeOverflow);
    assert_eq!(refused("10000000000000000\r\na\r\n"), BadBody::SizeOverflow);
    let largest = "ffffffffffffffff\r\nabc";
    assert_eq!(whole(Framing::Chunked, false, largest.as_bytes()).unwrap().content, b"abc");
    let padded = "0000000000000001\r\na\r\n0\r\n\r\n";
    assert!(whole(Framing::Chunked, false, padded.as_bytes()).unwrap().done);
}

#[test]
fn class_n_chunks_end_in_crlf() {
    for body in [
        "1\na\r\n0\r\n\r\n",
        "1\r\nab\r\n0\r\n\r\n",
        "1\r\na\n0\r\n\r\n",
        "1\r\na0\r\n\r\n",
        "1\r\na\r0\r\n\r\n",
        "1;a\rb\r\na\r\n",
        "1;a\0b\r\na\r\n",
        "0\r\n\n",
        "0\r\nno colon\r\n\r\n",
        "0\r\n: y\r\n\r\n",
        "0\r\nx : y\r\n\r\n",
        "0\r\n x: y\r\n\r\n",
    ] {
        assert_eq!(refused(body), BadBody::Malformed, "{body:?}");
    }
    let bare_lf = b"0\r\nx:y\n\r\n";
    assert_eq!(whole(Framing::Chunked, false, bare_lf).unwrap_err(), BadBody::Malformed);
}

#[test]
fn class_m_chunk_line_bytes_max_and_trailers_max_at_n_and_n_plus_1() {
    let line = |bytes: usize| format!("0;{}\r\n", "x".repeat(bytes - 4));
    let good = line(CHUNK_LINE_BYTES_MAX) + "\r\n";
    assert!(whole(Framing::Chunked, false, good.as_bytes()).unwrap().done);
    assert_eq!(refused(&line(CHUNK_LINE_BYTES_MAX + 1)), BadBody::LineTooLong);
    assert_eq!(refused(&"1".repeat(CHUNK_LINE_BYTES_MAX + 1)), BadBody::LineTooLong);
    let trailers = |count: usize| format!("0\r\n{}\r\n", "x: y\r\n".repeat(count));
    assert!(whole(Framing::Chunked, false, trailers(TRAILERS_MAX).as_bytes()).unwrap().done);
    assert_eq!(refused(&trailers(TRAILERS_MAX + 1)), BadBody::TooManyTrailers);
}

#[test]
fn no_body_takes_no_bytes() {
    for framing in [Framing::None, Framing::Length(0)] {
        let seen = whole(framing, false, b"GET /").unwrap();
        assert_eq!(seen, Seen { done: true, ..Seen::default() });
        assert_eq!(whole(framing, true, b"GET /").unwrap_err(), BadBody::UnexpectedEof);
    }
}

#[test]
fn remaining_is_known_for_a_length_only() {
    let mut decoder = Decoder::new(Framing::Length(5));
    decoder.decode(b"abc", &mut Vec::new()).unwrap();
    assert_eq!(decoder.remaining(), Some(2));
    let mut decoder = Decoder::new(Framing::Chunked);
    assert_eq!(decoder.remaining(), None);
    decoder.decode(b"0\r\n\r\n", &mut Vec::new()).unwrap();
    assert_eq!(decoder.remaining(), Some(0));
}

/// Every byte of a good body replaced by every other: events or a reason, never a panic.
#[test]
fn class_l_no_single_byte_makes_the_decoder_panic() {
    for (framing, aws, body) in bodies() {
        for at in 0..body.len() {
            for byte in 0..=255 {
                let mut changed = body.clone();
                changed[at] = byte;
                if let Ok(seen) = whole(framing, aws, &changed) {
                    assert!(seen.used <= changed.len());
                }
            }
        }
    }
}
