//! Every operation of the server as a good request, for the tests that walk them all.
//!
//! The configurations of a bucket are read from the router's own table, so that none is forgotten;
//! `every_operation.rs` holds the rest to the router's list of names.

use super::client::{Answer, Request};
use super::form::{BOUNDARY, Form};
use super::sharing::{as_nobody, as_other};
use super::{OTHER, OWN, TestServer};
use base64::prelude::{BASE64_STANDARD, Engine};
use md5::{Digest, Md5};

/// What an operation is asked of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    Service,
    Bucket,
    Object,
    /// An object, with `uploadId`.
    Upload,
}
use On::{Bucket, Object, Service, Upload};

/// What it brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    Nothing,
    Content,
    Document(&'static str),
    Form,
    /// None, but this header.
    Header(&'static str, &'static str),
}
use Body::{Content, Document, Header, Nothing};

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    Own,
    Other,
    Nobody,
}

/// Which bucket, key and upload are asked about.
#[derive(Clone, Copy, Debug)]
pub struct At<'a> {
    pub bucket: &'a str,
    pub key: &'a str,
    pub upload: &'a str,
}

/// One operation.
#[derive(Clone, Debug)]
pub struct Op {
    pub name: &'static str,
    pub on: On,
    pub method: &'static str,
    /// Without `uploadId`.
    pub query: &'static str,
    pub body: Body,
}

type Row = (&'static str, On, &'static str, &'static str, Body);

const COPY: Body = Header("x-amz-copy-source", "/bkt/source");
const ATTRIBUTES: Body = Header("x-amz-object-attributes", "ETag,ObjectSize");
pub const TAGGING: &str =
    "<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>";
pub const ACL: &str = "<AccessControlPolicy><Owner><ID>own1</ID></Owner><AccessControlList><Grant>\
    <Grantee xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:type=\"CanonicalUser\">\
    <ID>own1</ID></Grantee><Permission>FULL_CONTROL</Permission></Grant></AccessControlList>\
    </AccessControlPolicy>";
const RETENTION: &str = "<Retention><Mode>GOVERNANCE</Mode>\
    <RetainUntilDate>2099-01-01T00:00:00Z</RetainUntilDate></Retention>";
/// The tag of `hello`.
pub const PARTS: &str = "<CompleteMultipartUpload><Part><PartNumber>1</PartNumber>\
    <ETag>\"5d41402abc4b2a76b9719d911017c592\"</ETag></Part></CompleteMultipartUpload>";
const DELETE: &str = "<Delete><Object><Key>nothing</Key></Object></Delete>";
const CREATE: &str = "<CreateBucketConfiguration></CreateBucketConfiguration>";
const LEGAL_HOLD: &str = "<LegalHold><Status>ON</Status></LegalHold>";

/// Those that are no document of a bucket.
const ROWS: &[Row] = &[
    ("ListBuckets", Service, "GET", "", Nothing),
    ("CreateBucket", Bucket, "PUT", "", Document(CREATE)),
    ("HeadBucket", Bucket, "HEAD", "", Nothing),
    ("DeleteBucket", Bucket, "DELETE", "", Nothing),
    ("GetBucketLocation", Bucket, "GET", "location", Nothing),
    ("GetBucketAcl", Bucket, "GET", "acl", Nothing),
    ("PutBucketAcl", Bucket, "PUT", "acl", Document(ACL)),
    ("ListObjects", Bucket, "GET", "", Nothing),
    ("ListObjectsV2", Bucket, "GET", "list-type=2", Nothing),
    ("ListObjectVersions", Bucket, "GET", "versions", Nothing),
    ("ListMultipartUploads", Bucket, "GET", "uploads", Nothing),
    ("DeleteObjects", Bucket, "POST", "delete", Document(DELETE)),
    ("PostObject", Bucket, "POST", "", Body::Form),
    ("GetObject", Object, "GET", "", Nothing),
    ("HeadObject", Object, "HEAD", "", Nothing),
    ("PutObject", Object, "PUT", "", Content),
    ("CopyObject", Object, "PUT", "", COPY),
    ("DeleteObject", Object, "DELETE", "", Nothing),
    ("GetObjectAcl", Object, "GET", "acl", Nothing),
    ("PutObjectAcl", Object, "PUT", "acl", Document(ACL)),
    ("GetObjectAttributes", Object, "GET", "attributes", ATTRIBUTES),
    ("GetObjectTagging", Object, "GET", "tagging", Nothing),
    ("PutObjectTagging", Object, "PUT", "tagging", Document(TAGGING)),
    ("DeleteObjectTagging", Object, "DELETE", "tagging", Nothing),
    ("GetObjectTorrent", Object, "GET", "torrent", Nothing),
    ("GetObjectRetention", Object, "GET", "retention", Nothing),
    ("PutObjectRetention", Object, "PUT", "retention", Document(RETENTION)),
    ("GetObjectLegalHold", Object, "GET", "legal-hold", Nothing),
    ("PutObjectLegalHold", Object, "PUT", "legal-hold", Document(LEGAL_HOLD)),
    ("CreateMultipartUpload", Object, "POST", "uploads", Nothing),
    ("UploadPart", Upload, "PUT", "partNumber=1", Content),
    ("UploadPartCopy", Upload, "PUT", "partNumber=1", COPY),
    ("CompleteMultipartUpload", Upload, "POST", "", Document(PARTS)),
    ("ListParts", Upload, "GET", "", Nothing),
    ("AbortMultipartUpload", Upload, "DELETE", "", Nothing),
];

/// The document of each configuration that a bucket can be given.
pub const DOCUMENTS: &[(&str, &str)] = &[
    ("accelerate", "<AccelerateConfiguration><Status>Suspended</Status></AccelerateConfiguration>"),
    (
        "cors",
        "<CORSConfiguration><CORSRule><AllowedOrigin>https://a.example</AllowedOrigin>\
         <AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>",
    ),
    (
        "lifecycle",
        "<LifecycleConfiguration><Rule><ID>one</ID><Filter><Prefix>tmp/</Prefix></Filter>\
         <Status>Enabled</Status><Expiration><Days>7</Days></Expiration></Rule>\
         </LifecycleConfiguration>",
    ),
    ("logging", "<BucketLoggingStatus></BucketLoggingStatus>"),
    ("notification", "<NotificationConfiguration></NotificationConfiguration>"),
    (
        "object-lock",
        "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule>\
         <DefaultRetention><Mode>GOVERNANCE</Mode><Days>3</Days></DefaultRetention></Rule>\
         </ObjectLockConfiguration>",
    ),
    (
        "ownershipControls",
        "<OwnershipControls><Rule><ObjectOwnership>BucketOwnerPreferred</ObjectOwnership></Rule>\
         </OwnershipControls>",
    ),
    (
        "policy",
        "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\
         {\"AWS\":\"own1\"},\"Action\":\"s3:GetObject\",\"Resource\":\"arn:aws:s3:::bkt/*\"}]}",
    ),
    (
        "publicAccessBlock",
        "<PublicAccessBlockConfiguration><BlockPublicAcls>true</BlockPublicAcls>\
         <IgnorePublicAcls>true</IgnorePublicAcls><BlockPublicPolicy>false</BlockPublicPolicy>\
         <RestrictPublicBuckets>false</RestrictPublicBuckets></PublicAccessBlockConfiguration>",
    ),
    (
        "requestPayment",
        "<RequestPaymentConfiguration><Payer>BucketOwner</Payer></RequestPaymentConfiguration>",
    ),
    ("tagging", TAGGING),
    ("versioning", "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"),
    (
        "website",
        "<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument>\
         </WebsiteConfiguration>",
    ),
];

/// All of them.
pub fn operations() -> Vec<Op> {
    let mut all: Vec<Op> = ROWS.iter().map(|row| op(*row)).collect();
    for [query, on, method, name] in table() {
        let on = if on == "Bucket" { Bucket } else { Object };
        let document = DOCUMENTS.iter().find(|(kind, _)| *kind == query);
        let (method, body) = match method {
            "Get" => ("GET", Nothing),
            "Delete" => ("DELETE", Nothing),
            "Post" => ("POST", Document("<Any/>")),
            _ => ("PUT", Document(document.map_or("<Any/>", |(_, document)| document))),
        };
        all.push(op((name, on, method, query, body)));
    }
    all
}

fn op((name, on, method, query, body): Row) -> Op {
    Op { name, on, method, query, body }
}

/// Sub-resource, owner, method and name of each row of the router's table.
fn table() -> Vec<[&'static str; 4]> {
    let text = include_str!("../../src/router/subresources.rs");
    let (_, text) = text.split_once("TABLE: &[Row] = &[").expect("the table");
    let (text, _) = text.split_once("\n];").expect("its end");
    let words = text.split(['(', ')', ',', '"']).map(str::trim).filter(|word| !word.is_empty());
    let words: Vec<&str> = words.filter(|word| *word != "Some").collect();
    let (rows, rest) = words.as_chunks::<5>();
    assert!(rest.is_empty() && rows.len() > 50, "a row that is not understood");
    rows.iter().map(|[query, on, method, name, _kind]| [*query, *on, *method, *name]).collect()
}

/// Base64 of the MD5, as `Content-MD5` has it.
pub fn content_md5(bytes: &[u8]) -> String {
    BASE64_STANDARD.encode(Md5::digest(bytes))
}

impl Op {
    /// Whether this server has it; of the others it says 501.
    pub fn is_there(&self) -> bool {
        self.body != Document("<Any/>") && !LATER.contains(&self.query)
    }

    /// The request, without a signature; of a form with that of whoever asks.
    pub fn request(&self, server: &TestServer, who: Who, at: At<'_>) -> Request {
        let mut request = match self.on {
            Service => Request::new(self.method, "/"),
            Bucket => Request::new(self.method, &format!("/{}", at.bucket)),
            Object | Upload => Request::object(self.method, at.bucket, at.key),
        };
        request.query = self.query.to_owned();
        if self.on == Upload {
            let and = if self.query.is_empty() { "" } else { "&" };
            request.query.push_str(&format!("{and}uploadId={}", at.upload));
        }
        match self.body {
            Nothing => request,
            Content => request.body("hello"),
            Header(name, value) => request.header(name, value),
            Document(text) => {
                let bound = format!("arn:aws:s3:::{}/", at.bucket);
                self.with_document(request, &text.replace("arn:aws:s3:::bkt/", &bound))
            }
            Body::Form => {
                let form = Form::new(&[("key", at.key)], "hello");
                let any =
                    format!("{{\"bucket\": \"{}\"}}, [\"starts-with\", \"$key\", \"\"]", at.bucket);
                let form = match who {
                    Who::Own => form.sign_v4(&server.signer(OWN), &any),
                    Who::Other => form.sign_v4(&server.signer(OTHER), &any),
                    Who::Nobody => form,
                };
                let multipart = format!("multipart/form-data; boundary={BOUNDARY}");
                request.header("content-type", &multipart).body(form.body())
            }
        }
    }

    /// The request with another document, rightly claimed.
    pub fn with_document(&self, mut request: Request, document: &str) -> Request {
        request.headers.retain(|(name, _)| name != "content-md5");
        request.header("content-md5", &content_md5(document.as_bytes())).body(document)
    }

    /// Sends it; a form goes as it is, whoever signed it.
    pub fn send(&self, server: &TestServer, who: Who, request: &Request) -> Answer {
        match who {
            _ if self.body == Body::Form => as_nobody(server, request),
            Who::Own => server.call(request.clone()),
            Who::Other => as_other(server, request),
            Who::Nobody => as_nobody(server, request),
        }
    }

    /// [`Op::request`] and [`Op::send`].
    pub fn ask(&self, server: &TestServer, who: Who, at: At<'_>) -> Answer {
        self.send(server, who, &self.request(server, who, at))
    }
}

/// Sub-resources that the server knows and has no operation for.
const LATER: &[&str] = &["abac", "metadataConfiguration", "metadataTable", "session"];
