//! Lifecycle documents: round trips, and what the schema and the values refuse.

use super::*;
use crate::types::lifecycle::DefaultMinimumObjectSize;

fn document(rule: &str) -> String {
    format!(
        "<LifecycleConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
         <Rule>{rule}</Rule></LifecycleConfiguration>"
    )
}

#[track_caller]
fn refused(rule: &str) -> ErrorCode {
    let read = read(document(rule).as_bytes());
    let rules = read.and_then(|rules| LifecycleConfiguration::new(rules, Default::default()));
    rules.expect_err(rule).code
}

/// What a client wrote comes back as it was.
#[test]
fn lifecycle_round_trips() {
    for rule in [
        "<ID>a</ID><Prefix>test1/</Prefix><Status>Enabled</Status>\
         <Expiration><Days>31</Days></Expiration>",
        "<ID>b</ID><Filter></Filter><Status>Disabled</Status>\
         <Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>",
        "<ID>c</ID><Filter><Prefix>p </Prefix><Tag><Key>k</Key><Value></Value></Tag>\
         <ObjectSizeGreaterThan>0</ObjectSizeGreaterThan><And><Prefix>p</Prefix>\
         <Tag><Key>k</Key><Value>&lt;v&gt;</Value></Tag><Tag><Key>l</Key><Value>w</Value></Tag>\
         <ObjectSizeLessThan>18446744073709551615</ObjectSizeLessThan></And></Filter>\
         <Status>Enabled</Status>\
         <Transition><Date>2030-01-01T00:00:00.000Z</Date><StorageClass>GLACIER</StorageClass>\
         </Transition><Expiration><Date>2030-01-02T00:00:00.000Z</Date></Expiration>\
         <NoncurrentVersionTransition><NoncurrentDays>2</NoncurrentDays>\
         <StorageClass>STANDARD_IA</StorageClass></NoncurrentVersionTransition>\
         <NoncurrentVersionExpiration><NoncurrentDays>6</NoncurrentDays>\
         <NewerNoncurrentVersions>5</NewerNoncurrentVersions></NoncurrentVersionExpiration>",
        "<ID>d</ID><Filter><Prefix></Prefix></Filter><Status>Enabled</Status>\
         <AbortIncompleteMultipartUpload><DaysAfterInitiation>2</DaysAfterInitiation>\
         </AbortIncompleteMultipartUpload>",
    ] {
        let rules = read(document(rule).as_bytes()).unwrap();
        let minimum = DefaultMinimumObjectSize::default();
        let written = write(&LifecycleConfiguration::new(rules, minimum).unwrap());
        assert!(written.ends_with(&document(rule)), "{written}");
    }
}

#[test]
fn lifecycle_refuses_what_the_schema_does() {
    let days = "<Expiration><Days>1</Days></Expiration>";
    let status = "<Status>Enabled</Status>";
    let whole = |middle: &str| format!("<Prefix/>{status}{middle}");
    for rule in [
        format!("<Prefix/>{days}"),
        format!("{status}{days}"),
        format!("<Prefix/><Filter/>{status}{days}"),
        format!("<Prefix/><Status>enabled</Status>{days}"),
        format!("<Prefix/>{status}{status}{days}"),
        whole("<Expiration/>"),
        whole("<Expiration><Days>1</Days><Date>2030-01-01T00:00:00Z</Date></Expiration>"),
        whole("<Expiration><Days>x</Days></Expiration>"),
        whole("<Expiration><Date>20200101</Date></Expiration>"),
        whole("<NoncurrentVersionExpiration/>"),
        whole("<AbortIncompleteMultipartUpload/>"),
        whole("<Transition><Days>1</Days></Transition>"),
        whole("<Transition><StorageClass>GLACIER</StorageClass></Transition>"),
        whole("<Transition><Days>1</Days><StorageClass>cold</StorageClass></Transition>"),
        format!("<Filter><Tag><Key>k</Key></Tag></Filter>{status}{days}"),
        format!("<Filter><ObjectSizeLessThan>-1</ObjectSizeLessThan></Filter>{status}{days}"),
    ] {
        assert_eq!(refused(&rule), ErrorCode::MalformedXML, "{rule}");
    }
}

#[test]
fn lifecycle_takes_ten_tags_and_no_more() {
    let tags = |count| -> String {
        let tag = |n| format!("<Tag><Key>{n}</Key><Value>v</Value></Tag>");
        let tags: String = (0..count).map(tag).collect();
        format!(
            "<Filter><And>{tags}</And></Filter><Status>Enabled</Status>\
             <Expiration><Days>1</Days></Expiration>"
        )
    };
    assert!(read(document(&tags(10)).as_bytes()).is_ok());
    assert_eq!(refused(&tags(11)), ErrorCode::MalformedXML);
}

#[test]
fn lifecycle_days_are_positive_and_dates_midnights() {
    for action in [
        "<Expiration><Days>0</Days></Expiration>",
        "<Expiration><Date>2030-01-01T00:00:01Z</Date></Expiration>",
        "<NoncurrentVersionExpiration><NoncurrentDays>0</NoncurrentDays>\
         </NoncurrentVersionExpiration>",
        "<AbortIncompleteMultipartUpload><DaysAfterInitiation>-1</DaysAfterInitiation>\
         </AbortIncompleteMultipartUpload>",
        "<NoncurrentVersionExpiration><NoncurrentDays>1</NoncurrentDays>\
         <NewerNoncurrentVersions>0</NewerNoncurrentVersions></NoncurrentVersionExpiration>",
    ] {
        let rule = format!("<Filter/><Status>Enabled</Status>{action}");
        assert_eq!(refused(&rule), ErrorCode::InvalidArgument, "{rule}");
    }
}

#[test]
fn lifecycle_without_a_rule_is_malformed() {
    for body in ["<LifecycleConfiguration/>", "<Lifecycle></Lifecycle>"] {
        let rules = read(body.as_bytes());
        let whole = rules.and_then(|rules| LifecycleConfiguration::new(rules, Default::default()));
        assert_eq!(whole.unwrap_err().code, ErrorCode::MalformedXML, "{body}");
    }
}
