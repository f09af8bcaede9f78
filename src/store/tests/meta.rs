//! The attribute's codec: what goes in comes out, and no bytes make it fall.

use super::*;
use crate::types::{Grant, Grantee, Owner, Permission, Tags};

fn common(algorithm: ChecksumAlgorithm) -> Attribute {
    let value = vec![0xc5; algorithm.value_bytes()];
    let mut meta = ObjectMeta::bare(ETag::Md5([0xab; 16]));
    meta.checksum = Some(Checksum { algorithm, value });
    meta.headers.content_type = Some("image/jpeg".to_owned());
    let modified = Timestamp::new(1_795_287_127, 999_999_999);
    Attribute { meta, parts: PartRuns::default(), is_delete_marker: false, size: 5 << 30, modified }
}

/// Everything that an attribute can hold.
fn full() -> Attribute {
    let some = |text: &str| Some(text.to_owned());
    let owner = Owner { id: "0123".to_owned(), display_name: "Zoë".to_owned() };
    let grants = vec![
        Grant { grantee: Grantee::CanonicalUser(owner.clone()), permission: Permission::Read },
        Grant { grantee: Grantee::AllUsers, permission: Permission::FullControl },
    ];
    let mut attribute = common(ChecksumAlgorithm::Sha256);
    attribute.parts = PartRuns::of([5 << 20, 5 << 20, 5 << 20, 1, 0, 7]);
    let part = Checksum { algorithm: ChecksumAlgorithm::Sha1, value: vec![0x1e; 20] };
    attribute.parts = attribute.parts.with_checksums(ChecksumAlgorithm::Sha1, vec![Some(part); 6]);
    attribute.modified = Timestamp::new(-5, 1);
    let meta = &mut attribute.meta;
    meta.etag = ETag::Multipart([0xcd; 16], 10_000); // and so its checksum would be COMPOSITE
    meta.storage_class = some("GLACIER");
    meta.version_id = VersionId::Id([7; 16]);
    let until = Timestamp::new(4_000_000_000, 1);
    meta.retention = Some(Retention { mode: RetentionMode::Compliance, until });
    meta.legal_hold = Some(false);
    meta.tags = Tags(vec![("k".into(), "v".into()), ("é".into(), String::new())]);
    meta.user_metadata = vec![("a".into(), "1".into()), (String::new(), "é\n".into())];
    meta.acl = Some(Acl { owner, grants });
    meta.headers = ContentHeaders {
        content_type: some("x-not/in-the-table"),
        cache_control: some("no-cache"),
        content_disposition: some(""),
        content_encoding: some("gzip"),
        content_language: some("de"),
        expires: some("Thu, 01 Dec 1994 16:00:00 GMT"),
        website_redirect_location: some("/b"),
    };
    attribute
}

fn whole(attribute: &Attribute) -> Vec<u8> {
    let (head, rest) = attribute.encode();
    [head, rest].concat()
}

#[test]
fn attribute_of_a_common_object_takes_at_most_60_bytes() {
    use ChecksumAlgorithm::{Crc32, Crc32c, Crc64Nvme, Sha1};
    for algorithm in [Crc32, Crc32c, Crc64Nvme, Sha1] {
        let bytes = whole(&common(algorithm)).len();
        assert!(bytes <= 60, "{algorithm:?}: {bytes}");
    }
}

#[test]
fn attribute_round_trips() {
    for attribute in [common(ChecksumAlgorithm::Crc32), full()] {
        assert_eq!(Attribute::decode(&whole(&attribute)), Ok((attribute.clone(), None)));
        let (mut head, rest) = attribute.encode();
        push_side_name(&mut head, &[7; 16]);
        let (mut apart, side) = Attribute::decode(&head).unwrap();
        assert_eq!(side, Some([7; 16]));
        apart.decode_side(&rest).unwrap();
        assert_eq!(apart, attribute);
    }
    for content_type in CONTENT_TYPES {
        let mut attribute = common(ChecksumAlgorithm::Crc32);
        attribute.meta.headers.content_type = Some(content_type.to_owned());
        assert_eq!(Attribute::decode(&whole(&attribute)).unwrap().0, attribute);
    }
}

#[test]
fn attribute_tells_what_a_checksum_is_of() {
    for (etag, algorithm, of, bytes) in [
        (ETag::Multipart([0; 16], 3), ChecksumAlgorithm::Crc32, ChecksumType::Composite, 0),
        (ETag::Multipart([0; 16], 3), ChecksumAlgorithm::Crc32, ChecksumType::FullObject, 2),
        (ETag::Multipart([0; 16], 3), ChecksumAlgorithm::Crc64Nvme, ChecksumType::FullObject, 0),
        (ETag::Md5([0; 16]), ChecksumAlgorithm::Sha256, ChecksumType::FullObject, 0),
    ] {
        let mut attribute = common(algorithm);
        attribute.meta.etag = etag;
        attribute.meta.checksum_type = implied_checksum_type(&attribute.meta);
        let least = whole(&attribute).len();
        attribute.meta.checksum_type = of;
        assert_eq!(whole(&attribute).len(), least + bytes, "{algorithm:?} {of:?}");
        assert_eq!(Attribute::decode(&whole(&attribute)).unwrap().0, attribute);
    }
}

#[test]
fn checksums_of_10_000_parts_fit_the_side_file() {
    let algorithm = ChecksumAlgorithm::Sha256;
    let checksum = |n: usize| Checksum { algorithm, value: vec![(n % 251) as u8; 32] };
    let mut attribute = common(algorithm);
    attribute.parts = PartRuns::of((0..10_000).map(|n| 5 << 20 | n))
        .with_checksums(algorithm, (0..10_000).map(|n| Some(checksum(n))));
    let (_, rest) = attribute.encode();
    assert!(rest.len() < crate::limits::SIDE_FILE_BYTES_MAX - 128 * 1024, "{}", rest.len());
    assert_eq!(attribute.parts.checksum(9_999), Some(checksum(9_999)));
    assert_eq!(attribute.parts.checksum(10_000), None);
    assert_eq!(attribute.parts.place(2), Some(((5 << 21) + 1, 5 << 20 | 2)));
    assert_eq!(attribute.parts.place(10_000), None);
}

#[test]
fn attribute_bytes_of_version_1_stay_readable() {
    let bytes = whole(&common(ChecksumAlgorithm::Crc32));
    let hex = crate::types::hex(&bytes);
    let expected = "01abababababababababababababababab8080808014aea18fb00d\
                    ffc99a3b020501c5c5c5c504011d";
    assert_eq!(hex, expected.replace(' ', ""));
}

#[test]
fn attribute_of_any_bytes_is_refused_without_falling() {
    let bytes = whole(&full());
    for length in 0..bytes.len() {
        let _ = Attribute::decode(&bytes[..length]);
        let _ = full().decode_side(&bytes[length..]);
    }
    for index in 0..bytes.len() {
        for bit in 0..8 {
            let mut damaged = bytes.clone();
            damaged[index] ^= 1 << bit;
            let _ = Attribute::decode(&damaged);
        }
    }
    let mut state = 1_u64;
    for _ in 0..100_000 {
        let mut random = vec![VERSION];
        for _ in 0..state % 64 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            random.push((state >> 56) as u8);
        }
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let _ = Attribute::decode(&random);
    }
}

#[test]
fn attribute_refuses_what_it_does_not_know_unless_it_may_be_skipped() {
    let with = |tag: u8| {
        let mut bytes = whole(&common(ChecksumAlgorithm::Crc32));
        push_field(&mut bytes, tag, b"x");
        Attribute::decode(&bytes).map(|(attribute, _)| attribute)
    };
    assert_eq!(with(200), Ok(common(ChecksumAlgorithm::Crc32)));
    for newer in [20, 30, 43, 127] {
        assert_eq!(with(newer), Err(Unreadable::Newer), "{newer}");
    }
    assert_eq!(with(4), Err(Unreadable::Damaged), "a field twice");
    assert_eq!(with(2), Err(Unreadable::Damaged), "fields out of order");
    assert_eq!(Attribute::decode(&[2]), Err(Unreadable::Newer));
    assert_eq!(Attribute::decode(&[]), Err(Unreadable::Damaged));
    let head_field_in_a_side_file = [tag::STORAGE_CLASS, 1, b'x'];
    assert_eq!(full().decode_side(&head_field_in_a_side_file), Err(Unreadable::Damaged));
}

#[test]
fn attribute_varints_are_64_bits_and_no_more() {
    for number in [0, 1, 127, 128, 16_383, 16_384, u64::MAX] {
        let mut bytes = Vec::new();
        push_varint(&mut bytes, number);
        assert_eq!(Reader(&bytes).varint(), Ok(number));
    }
    for number in [0, 1, -1, i64::MAX, i64::MIN] {
        assert_eq!(unzigzag(zigzag(number)), number);
    }
    for bad in
        [&[0x80; 9][..], &[0xff; 10], &[0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 2]]
    {
        assert_eq!(Reader(bad).varint(), Err(Unreadable::Damaged));
    }
}

#[test]
fn attribute_uniform_parts_are_two_runs() {
    let lengths = std::iter::repeat_n(5 << 20, 9_999).chain([7]);
    assert_eq!(PartRuns::of(lengths).runs, [(5 << 20, 9_999), (7, 1)]);
}
