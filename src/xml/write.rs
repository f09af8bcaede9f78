//! The documents S3 answers with.
//!
//! Text is escaped as S3 escapes it: `&lt; &gt; &amp; &quot;`, CR as `&#13;` (a parser would
//! make it LF), and every character that XML 1.0 cannot carry as `&#xN;`. The last is not
//! well-formed XML 1.0, and AWS writes it all the same: a client that must read such keys asks
//! for `encoding-type=url`.

use crate::error::S3Error;
use crate::types::{Acl, Grant, Grantee, Owner};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::fmt::Write;

const DECLARATION: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
const NAMESPACE: &str = "http://s3.amazonaws.com/doc/2006-03-01/";
const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Builds one document: the declaration and a root, in S3's namespace unless it is an error.
pub struct Document {
    xml: String,
    root: &'static str,
}

impl Document {
    /// Starts with this root element, in S3's namespace.
    pub fn new(root: &'static str) -> Document {
        Document { xml: format!("{DECLARATION}<{root} xmlns=\"{NAMESPACE}\">"), root }
    }

    /// Starts with this root element, in no namespace: `<Error>`, `<PostResponse>`.
    pub fn without_namespace(root: &'static str) -> Document {
        Document { xml: format!("{DECLARATION}<{root}>"), root }
    }

    /// `<name>text</name>`, the text escaped.
    pub fn text(&mut self, name: &str, text: &str) -> &mut Document {
        self.open(name);
        escape(text, &mut self.xml);
        self.close(name)
    }

    /// `<name>…</name>` with what `children` adds.
    pub fn element(&mut self, name: &str, children: impl FnOnce(&mut Document)) -> &mut Document {
        self.open(name);
        children(self);
        self.close(name)
    }

    /// Adds XML that is part of this program.
    pub fn raw(&mut self, xml: &'static str) -> &mut Document {
        self.xml.push_str(xml);
        self
    }

    /// The whole.
    pub fn finish(mut self) -> String {
        self.close(self.root);
        self.xml
    }

    fn open(&mut self, name: &str) {
        self.xml.push('<');
        self.xml.push_str(name);
        self.xml.push('>');
    }

    fn close(&mut self, name: &str) -> &mut Document {
        self.xml.push_str("</");
        self.xml.push_str(name);
        self.xml.push('>');
        self
    }
}

fn escape(text: &str, xml: &mut String) {
    for character in text.chars() {
        match character {
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '&' => xml.push_str("&amp;"),
            '"' => xml.push_str("&quot;"),
            '\r' => xml.push_str("&#13;"),
            '\t' | '\n' => xml.push(character),
            '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => {
                write!(xml, "&#x{:x};", u32::from(character)).expect("a String takes all");
            }
            _ => xml.push(character),
        }
    }
}

/// `<Error>`: Code, Message, the error's own fields, then Resource, RequestId and HostId.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html#RESTErrorResponses>
pub fn error(error: &S3Error, resource: &str, request_id: &str) -> String {
    let mut document = Document::without_namespace("Error");
    document.text("Code", error.code.name()).text("Message", &error.message);
    for (name, value) in &error.fields {
        document.text(name, value);
    }
    document.text("Resource", resource).text("RequestId", request_id).text("HostId", request_id);
    document.finish()
}

/// `LocationConstraint`: the one answer whose root holds text itself.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html>
pub fn location_constraint(location: &str) -> String {
    let mut document = Document::new("LocationConstraint");
    escape(location, &mut document.xml);
    document.finish()
}

/// `AccessControlPolicy`, the answer of GetBucketAcl and GetObjectAcl.
///
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAcl.html>
pub fn acl(acl: &Acl) -> String {
    let mut document = Document::new("AccessControlPolicy");
    document.element("Owner", |owner| user(owner, &acl.owner));
    // Groups first, as Ceph has them and its suite reads them; the order means nothing.
    let (users, groups): (Vec<&Grant>, Vec<&Grant>) =
        acl.grants.iter().partition(|grant| matches!(grant.grantee, Grantee::CanonicalUser(_)));
    document.element("AccessControlList", |list| {
        for grant in groups.into_iter().chain(users) {
            list.element("Grant", |xml| {
                grantee(xml, &grant.grantee);
                xml.text("Permission", grant.permission.name());
            });
        }
    });
    document.finish()
}

fn user(document: &mut Document, owner: &Owner) {
    document.text("ID", &owner.id).text("DisplayName", &owner.display_name);
}

/// The one element of S3 with attributes: old clients (jets3t) go by `xsi:type`.
fn grantee(document: &mut Document, grantee: &Grantee) {
    let kind = match grantee {
        Grantee::CanonicalUser(_) => "CanonicalUser",
        _ => "Group",
    };
    write!(document.xml, "<Grantee xmlns:xsi=\"{XSI}\" xsi:type=\"{kind}\">")
        .expect("a String takes all");
    match grantee {
        Grantee::CanonicalUser(owner) => user(document, owner),
        group => {
            document.text("URI", group.uri().unwrap_or_default());
        }
    }
    document.close("Grantee");
}

/// What `encoding-type=url` leaves as it is.
const URL_KEPT: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'/').remove(b'*').remove(b'-').remove(b'_').remove(b'.');

/// The encoding of `encoding-type=url`, which keeps `/`. AWS writes a space as `+`; `%20` is a
/// space to every client, also to one that takes `+` for itself.
pub fn url_encode(key: &str) -> String {
    utf8_percent_encode(key, URL_KEPT).to_string()
}
