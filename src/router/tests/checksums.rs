//! Inputs about checksums of objects made of parts, and of GetObjectAttributes.

use super::*;
use crate::types::ChecksumType;

#[test]
fn create_multipart_upload_checksum_types() {
    let ask = |headers: &str| ask(&format!("POST /bkt/k?uploads\nContent-Length: 0\n{headers}"));
    let checksum = |algorithm: &str, kind: &str| {
        ask(&format!("x-amz-checksum-algorithm: {algorithm}\nx-amz-checksum-type: {kind}"))
    };
    for (algorithm, kind, of) in [
        ("CRC32", "", ChecksumType::Composite),
        ("crc32", "full_object", ChecksumType::FullObject),
        ("CRC32C", "FULL_OBJECT", ChecksumType::FullObject),
        ("SHA256", "COMPOSITE", ChecksumType::Composite),
        ("CRC64NVME", "", ChecksumType::FullObject),
        ("CRC64NVME", "FULL_OBJECT", ChecksumType::FullObject),
    ] {
        let Ok(Operation::CreateMultipartUpload(input)) = checksum(algorithm, kind) else {
            panic!("{algorithm} {kind}")
        };
        assert_eq!(input.checksum.map(|wanted| wanted.of), Some(of), "{algorithm} {kind}");
    }
    for (algorithm, kind, code) in [
        ("SHA1", "FULL_OBJECT", ErrorCode::InvalidRequest),
        ("CRC64NVME", "COMPOSITE", ErrorCode::InvalidRequest),
        ("CRC32", "x", ErrorCode::InvalidRequest),
        ("", "COMPOSITE", ErrorCode::InvalidRequest),
    ] {
        assert_eq!(checksum(algorithm, kind).unwrap_err().code, code, "{algorithm} {kind}");
    }
}

#[test]
fn complete_multipart_upload_says_what_the_object_must_be() {
    let ask = |headers: &str| {
        let id = "0".repeat(32);
        ask(&format!("POST /bkt/k?uploadId={id}\nContent-Length: 9\n{headers}"))
    };
    let Operation::CompleteMultipartUpload(input) =
        ask("x-amz-checksum-crc32: AAAAAA==-2\nx-amz-checksum-type: COMPOSITE\n\
             x-amz-mp-object-size: 7")
        .unwrap()
    else {
        panic!()
    };
    let ExpectedObject { checksum, of, parts, length } = input.object;
    assert_eq!(checksum.map(|checksum| checksum.value), Some(vec![0; 4]));
    assert_eq!((of, parts, length), (Some(ChecksumType::Composite), Some(2), Some(7)));
    for (header, code, message) in [
        ("x-amz-mp-object-size: x", ErrorCode::InvalidRequest, "is invalid: 'x'"),
        ("x-amz-mp-object-size: -1", ErrorCode::InvalidRequest, "is less than zero: '-1'"),
        ("x-amz-checksum-type: BOTH", ErrorCode::InvalidRequest, "header is invalid."),
        ("x-amz-checksum-crc32: AAAAAA==-x", ErrorCode::InvalidRequest, "header is invalid."),
        ("x-amz-checksum-crc32: bad", ErrorCode::BadDigest, "header is invalid."),
    ] {
        let error = ask(header).unwrap_err();
        assert_eq!(error.code, code, "{header}");
        assert!(error.message.ends_with(message), "{}", error.message);
    }
}

#[test]
fn get_object_attributes_inputs() {
    let ask = |headers: &str| ask(&format!("GET /bkt/k?attributes\n{headers}"));
    let Operation::GetObjectAttributes(input) =
        ask("x-amz-object-attributes: ETag, ObjectSize\nx-amz-object-attributes: Checksum\n\
             x-amz-max-parts: 1001\nx-amz-part-number-marker: 70000")
        .unwrap()
    else {
        panic!()
    };
    let wanted =
        ObjectAttributes { etag: true, object_size: true, checksum: true, ..Default::default() };
    assert_eq!(input.attributes, wanted);
    assert_eq!((input.max_parts, input.part_number_marker), (1000, u16::MAX));
    for (headers, code) in [
        ("", ErrorCode::InvalidRequest),
        ("x-amz-object-attributes:", ErrorCode::InvalidRequest),
        ("x-amz-object-attributes: ,", ErrorCode::InvalidRequest),
        ("x-amz-object-attributes: ETag,etag", ErrorCode::InvalidArgument),
        ("x-amz-object-attributes: ETag\nx-amz-max-parts: -1", ErrorCode::InvalidArgument),
        ("x-amz-object-attributes: ETag\nx-amz-part-number-marker: x", ErrorCode::InvalidArgument),
    ] {
        assert_eq!(ask(headers).unwrap_err().code, code, "{headers}");
    }
}
