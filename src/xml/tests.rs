//! Documents of real clients, hostile ones, and round trips.

use super::*;
use crate::error::{ErrorCode, S3Error};
use crate::types::{Acl, Conditions, Grant, Grantee, Owner, Permission, Timestamp};

fn code<T: std::fmt::Debug>(result: crate::error::Result<T>) -> ErrorCode {
    result.expect_err("should be refused").code
}

fn one_key(key: &str) -> String {
    format!("<Delete><Object><Key>{key}</Key></Object></Delete>")
}

#[test]
fn delete_objects_reads_keys_exactly() {
    let body = b"\xef\xbb\xbf<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!-- c -->\
        <s3:Delete xmlns:s3=\"http://s3.amazonaws.com/doc/2006-03-01/\">\n\
        <s3:Quiet> True </s3:Quiet>\
        <Object><Key> a&amp;&lt;&#x41;&#66;<![CDATA[<&]]> </Key>\
        <VersionId>null</VersionId></Object>\
        <Object><Unknown><Deep/>&amp;</Unknown><Key>b\r\nc&#13;&#x1;</Key><VersionId/></Object>\
        </s3:Delete>\n";
    let (entries, quiet) = delete(body).unwrap();
    assert!(quiet);
    assert_eq!(entries[0].key, " a&<AB<& ");
    assert_eq!(entries[0].version_id.as_deref(), Some("null"));
    assert_eq!(
        entries[1],
        DeleteEntry {
            key: "b\nc\r\u{1}".to_owned(),
            version_id: None,
            conditions: Conditions::default()
        }
    );
}

#[test]
fn class_m_delete_objects_takes_a_thousand_and_no_more() {
    let body = |n| format!("<Delete>{}</Delete>", "<Object><Key>k</Key></Object>".repeat(n));
    assert_eq!(delete(body(1000).as_bytes()).unwrap().0.len(), 1000);
    assert_eq!(code(delete(body(1001).as_bytes())), ErrorCode::MalformedXML);
    assert_eq!(code(delete(body(0).as_bytes())), ErrorCode::MalformedXML);
    assert_eq!(code(delete(b" \n")), ErrorCode::MissingRequestBodyError);
}

#[test]
fn delete_objects_never_ignores_a_condition() {
    let body =
        |condition: &str| format!("<Delete><Object><Key>k</Key>{condition}</Object></Delete>");
    let conditions =
        |elements: &str| delete(body(elements).as_bytes()).unwrap().0.remove(0).conditions;
    assert_eq!(conditions("<ETag>x</ETag>").if_match.as_deref(), Some("x"));
    assert_eq!(conditions("<Size>7</Size>").if_match_size, Some(7));
    let time = Some(Timestamp::new(1_795_287_127, 0));
    for text in ["Sat, 21 Nov 2026 18:52:07 GMT", "2026-11-21T18:52:07Z"] {
        let element = format!("<LastModifiedTime>{text}</LastModifiedTime>");
        assert_eq!(conditions(&element).if_match_last_modified, time);
    }
    for bad in ["<Size>-1</Size>", "<Size/>", "<LastModifiedTime>then</LastModifiedTime>"] {
        assert_eq!(code(delete(body(bad).as_bytes())), ErrorCode::MalformedXML, "{bad}");
    }
}

#[test]
fn class_m_hostile_documents_are_malformed() {
    let deep = format!("<Delete>{}{}</Delete>", "<a>".repeat(16), "</a>".repeat(16));
    let entity = "<!DOCTYPE d [<!ENTITY x \"y\">]><Delete><Object><Key>&x;</Key></Object></Delete>";
    for body in [
        "",
        "x",
        "<Delete",
        "<Delete>",
        "<Other><Object><Key>k</Key></Object></Other>",
        "<Delete><Object><Key>k</Object></Key></Delete>",
        "<Delete><Object><Key>k</Key></Object></Delete><Delete/>",
        "<Delete><Object><Key>k</Key></Object></Delete>x",
        "<Delete>x<Object><Key>k</Key></Object></Delete>",
        "<Delete><Object><Key>k</Key><Key>l</Key></Object></Delete>",
        "<Delete><Object><Key></Key></Object></Delete>",
        "<Delete><Object></Object></Delete>",
        "<Delete><Quiet>yes</Quiet><Object><Key>k</Key></Object></Delete>",
        "<?xml version=\"1.0\" encoding=\"UTF-16\"?><Delete><Object><Key>k</Key></Object></Delete>",
        &one_key("a<b/>c"),
        &one_key("&nbsp;"),
        &one_key("&#xD800;"),
        &one_key("&#x110000;"),
        &one_key("&#+65;"),
        &one_key("&#;"),
        &one_key("a & b"),
        &deep,
        entity,
    ] {
        let expected = match body {
            "" => ErrorCode::MissingRequestBodyError,
            _ => ErrorCode::MalformedXML,
        };
        assert_eq!(code(delete(body.as_bytes())), expected, "{body}");
    }
    assert_eq!(code(delete(b"<Delete>\xff</Delete>")), ErrorCode::MalformedXML);
}

#[test]
fn class_m_depth_is_bounded_at_its_limit() {
    let body = |depth: usize| {
        let (open, close) = ("<a>".repeat(depth), "</a>".repeat(depth));
        format!("<Delete>{open}{close}<Object><Key>k</Key></Object></Delete>")
    };
    let inner = crate::limits::XML_DEPTH_MAX - 1;
    assert!(delete(body(inner).as_bytes()).is_ok());
    assert_eq!(code(delete(body(inner + 1).as_bytes())), ErrorCode::MalformedXML);
}

#[test]
fn complete_multipart_upload_reads_tags_quoted_and_bare() {
    let tag = "d41d8cd98f00b204e9800998ecf8427e";
    let body = format!(
        "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
         <Part><PartNumber> 2 </PartNumber><ETag>&quot;{tag}&quot;</ETag>\
         <ChecksumCRC32>y/Q5Jg==</ChecksumCRC32></Part>\
         <Part><ETag>{tag}</ETag><PartNumber>1</PartNumber></Part>\
         <Part><ETag>no tag</ETag><PartNumber>3</PartNumber></Part></CompleteMultipartUpload>"
    );
    let parts = complete_multipart_upload(body.as_bytes()).unwrap();
    assert_eq!(parts.iter().map(|part| part.number.get()).collect::<Vec<_>>(), [2, 1, 3]);
    assert_eq!(parts[0].etag, parts[1].etag);
    assert_eq!(parts[0].checksums[0].base64(), "y/Q5Jg==");
    assert!(parts[0].etag.is_some() && parts[2].etag.is_none());
}

#[test]
fn class_m_complete_multipart_upload_takes_ten_thousand_parts_and_no_more() {
    let part = "<Part><PartNumber>1</PartNumber><ETag>x</ETag></Part>";
    let body = |n| format!("<CompleteMultipartUpload>{}</CompleteMultipartUpload>", part.repeat(n));
    assert_eq!(complete_multipart_upload(body(10_000).as_bytes()).unwrap().len(), 10_000);
    for n in [0, 10_001] {
        let refused = complete_multipart_upload(body(n).as_bytes());
        assert_eq!(code(refused), ErrorCode::MalformedXML, "{n}");
    }
    assert_eq!(code(complete_multipart_upload(b"")), ErrorCode::MalformedXML);
    let zero = body(1).replace("<PartNumber>1", "<PartNumber>0");
    assert_eq!(code(complete_multipart_upload(zero.as_bytes())), ErrorCode::InvalidArgument);
}

#[test]
fn create_bucket_keeps_any_well_formed_place() {
    let body = |place: &str| {
        format!(
            "<CreateBucketConfiguration><LocationConstraint>{place}</LocationConstraint>\
             </CreateBucketConfiguration>"
        )
    };
    let longest = "r".repeat(crate::limits::LOCATION_BYTES_MAX);
    for (place, kept) in [
        ("eu-west-1", Some("eu-west-1")),
        (" EU\n", Some("EU")),
        ("us-east-1", None),
        ("", None),
        (&longest, Some(&*longest)),
    ] {
        assert_eq!(create_bucket(body(place).as_bytes()).unwrap().as_deref(), kept, "{place}");
    }
    assert_eq!(create_bucket(b"").unwrap(), None);
    assert_eq!(create_bucket(b"<CreateBucketConfiguration/>").unwrap(), None);
    for bad in ["eu west", "eu/west", "é", &format!("{longest}r")] {
        let refused = create_bucket(body(bad).as_bytes());
        assert_eq!(code(refused), ErrorCode::IllegalLocationConstraintException, "{bad}");
    }
    assert_eq!(code(create_bucket(b"<x/>")), ErrorCode::MalformedXML);
}

fn owner(id: &str) -> Owner {
    Owner { id: id.to_owned(), display_name: format!("<{id}>") }
}

#[test]
fn an_acl_written_is_an_acl_read() {
    let grant = |grantee, permission| Grant { grantee, permission };
    let list = Acl {
        owner: owner("own1"),
        grants: vec![
            grant(Grantee::CanonicalUser(owner("own1")), Permission::FullControl),
            grant(Grantee::AllUsers, Permission::Read),
        ],
    };
    let document = acl(&list);
    assert!(document.contains(
        "<Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"Group\">\
         <URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee>\
         <Permission>READ</Permission>"
    ));
    let (read_owner, grants) = access_control_policy(document.as_bytes()).unwrap();
    assert_eq!(read_owner, Some(owner("own1")));
    let everyone = Grantee::AllUsers.uri().unwrap().to_owned();
    assert_eq!(grants[0], (XmlGrantee::Uri(everyone), Permission::Read));
    assert_eq!(grants[1], (XmlGrantee::Id("own1".to_owned()), Permission::FullControl));
}

#[test]
fn put_acl_refuses_what_is_no_acl() {
    let grant = "<Grant><Grantee><ID>a</ID></Grantee><Permission>READ</Permission></Grant>";
    let body = |grants: &str| {
        format!(
            "<AccessControlPolicy><AccessControlList>{grants}</AccessControlList>\
             </AccessControlPolicy>"
        )
    };
    assert_eq!(access_control_policy(body("").as_bytes()).unwrap(), (None, vec![]));
    assert_eq!(access_control_policy(body(&grant.repeat(100)).as_bytes()).unwrap().1.len(), 100);
    for bad in [
        body(&grant.repeat(101)),
        body(&grant.replace("READ", "read")),
        body(&grant.replace("<ID>a</ID>", "")),
        body(&grant.replace("<ID>a</ID>", "<ID>a</ID><URI>b</URI>")),
        body("<Grant/>"),
        "<AccessControlPolicy/>".to_owned(),
        "<x/>".to_owned(),
    ] {
        let refused = access_control_policy(bad.as_bytes());
        assert_eq!(code(refused), ErrorCode::MalformedACLError, "{bad}");
    }
    assert_eq!(code(access_control_policy(b"")), ErrorCode::MissingSecurityHeader);
}

#[test]
fn an_error_is_a_document_without_namespace() {
    let refused = S3Error::argument("a < b", "n", "\u{1}\"");
    assert_eq!(
        error(&refused, "/b/k&", "id"),
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>InvalidArgument</Code>\
         <Message>a &lt; b</Message><ArgumentName>n</ArgumentName>\
         <ArgumentValue>&#x1;&quot;</ArgumentValue><Resource>/b/k&amp;</Resource>\
         <RequestId>id</RequestId><HostId>id</HostId></Error>"
    );
}

/// Every scalar value there is, in a key, out and in again.
#[test]
fn text_of_all_scalar_values_comes_back() {
    for plane in 0..=0x10_u32 {
        let all: String =
            (plane << 16..(plane + 1) << 16).filter_map(char::from_u32).collect::<String>();
        let mut document = Document::new("Delete");
        document.element("Object", |object| {
            object.text("Key", &all);
        });
        let (entries, _) = delete(document.finish().as_bytes()).unwrap();
        assert!(entries[0].key == all, "plane {plane}");
    }
}

#[test]
fn url_encoding_can_be_read_by_every_client() {
    for (key, encoded) in [
        ("a/b c+d", "a/b%20c%2Bd"),
        ("*-_.~'()!", "*-_.%7E%27%28%29%21"),
        ("é&=?%", "%C3%A9%26%3D%3F%25"),
        ("\u{0}\n", "%00%0A"),
    ] {
        assert_eq!(url_encode(key), encoded);
    }
}

/// A small generator: the tests must come out the same on every machine.
fn random(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

fn read_all(body: &[u8]) {
    let _ = delete(body);
    let _ = complete_multipart_upload(body);
    let _ = create_bucket(body);
    let _ = access_control_policy(body);
}

#[test]
fn class_l_random_and_mutated_documents_never_panic() {
    let state = &mut 0x9e37_79b9_7f4a_7c15;
    let acl = acl(&Acl {
        owner: owner("o"),
        grants: vec![Grant { grantee: Grantee::AllUsers, permission: Permission::Read }],
    });
    let seeds = [
        one_key("a&amp;&#x41;<![CDATA[x]]>"),
        acl,
        "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>\"x\"</ETag></Part>\
         </CompleteMultipartUpload>"
            .to_owned(),
        "<?xml version='1.0'?><CreateBucketConfiguration><LocationConstraint>a\
         </LocationConstraint></CreateBucketConfiguration>"
            .to_owned(),
    ];
    for round in 0..20_000 {
        let mut body = match seeds.get(round % 5) {
            Some(seed) => seed.as_bytes().to_vec(),
            None => (0..random(state) % 64).map(|_| random(state) as u8).collect(),
        };
        for _ in 0..random(state) % 4 {
            let at = random(state) as usize % body.len().max(1);
            match random(state) % 3 {
                0 => body.truncate(at),
                1 => body.insert(at.min(body.len()), b"<>&;/\"!?[]-x\0"[at % 13]),
                _ if at < body.len() => body[at] = random(state) as u8,
                _ => {}
            }
        }
        read_all(&body);
    }
}
