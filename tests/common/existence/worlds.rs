//! Buckets: each kind of versioning with each thing that an owner can say of a bucket.

use super::super::TestServer;
use super::super::client::Request;
use super::super::operations::content_md5;

/// What is kept of what is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    Nothing,
    Versions,
    Suspended,
    Locked,
}

/// What the owner said of the bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    Nothing,
    /// What the callers are granted.
    Policy,
    /// Grants to the writer and to whoever may read ACLs.
    Acl,
    /// The policy, and that no ACL counts.
    Enforced,
    /// The policy, and every document that can change an answer.
    Everything,
}

/// One bucket of the first user.
#[derive(Clone, Copy, Debug)]
pub struct World {
    pub bucket: &'static str,
    pub kept: Kept,
    pub said: Said,
}

const BUCKETS: [&str; 20] = [
    "b00", "b01", "b02", "b03", "b04", "b10", "b11", "b12", "b13", "b14", "b20", "b21", "b22",
    "b23", "b24", "b30", "b31", "b32", "b33", "b34",
];

/// Every combination, none of them made yet.
pub fn worlds() -> Vec<World> {
    use Said::{Acl, Enforced, Everything, Nothing, Policy};
    let kept = [Kept::Nothing, Kept::Versions, Kept::Suspended, Kept::Locked];
    let pairs = kept
        .iter()
        .flat_map(|kept| [Nothing, Policy, Acl, Enforced, Everything].map(|said| (*kept, said)));
    pairs.zip(BUCKETS).map(|((kept, said), bucket)| World { bucket, kept, said }).collect()
}

const LIFECYCLE: &str = "<LifecycleConfiguration><Rule><ID>one</ID><Filter><Prefix></Prefix>\
    </Filter><Status>Enabled</Status><Expiration><Days>7</Days></Expiration>\
    <AbortIncompleteMultipartUpload><DaysAfterInitiation>3</DaysAfterInitiation>\
    </AbortIncompleteMultipartUpload></Rule></LifecycleConfiguration>";
const CORS: &str = "<CORSConfiguration><CORSRule><AllowedOrigin>https://a.example</AllowedOrigin>\
    <AllowedMethod>GET</AllowedMethod><AllowedMethod>PUT</AllowedMethod></CORSRule>\
    </CORSConfiguration>";
const WEBSITE: &str = "<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix>\
    </IndexDocument></WebsiteConfiguration>";
const ENFORCED: &str = "<OwnershipControls><Rule><ObjectOwnership>BucketOwnerEnforced\
    </ObjectOwnership></Rule></OwnershipControls>";
const BLOCK: &str = "<PublicAccessBlockConfiguration><IgnorePublicAcls>true</IgnorePublicAcls>\
    <RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>";

impl World {
    /// Makes the bucket.
    pub fn make(&self, server: &TestServer) {
        let lock = if self.kept == Kept::Locked { "true" } else { "false" };
        let make = Request::new("PUT", &format!("/{}", self.bucket));
        done(server, make.header("x-amz-bucket-object-lock-enabled", lock));
        if matches!(self.kept, Kept::Versions | Kept::Suspended) {
            self.version(server, "Enabled");
        }
        match self.said {
            Said::Nothing => {}
            Said::Policy => self.put_policy(server),
            Said::Acl => self.put_acl(server),
            Said::Enforced => {
                self.put(server, "ownershipControls", ENFORCED);
                self.put_policy(server);
            }
            Said::Everything => {
                self.put_policy(server);
                self.put(server, "lifecycle", LIFECYCLE);
                self.put(server, "cors", CORS);
                self.put(server, "website", WEBSITE);
                self.put(server, "publicAccessBlock", BLOCK);
            }
        }
    }

    /// `Enabled` or `Suspended`.
    pub fn version(&self, server: &TestServer, status: &str) {
        let document =
            format!("<VersioningConfiguration><Status>{status}</Status></VersioningConfiguration>");
        self.put(server, "versioning", &document);
    }

    fn put(&self, server: &TestServer, query: &str, document: &str) {
        let put = Request::new("PUT", &format!("/{}?{query}", self.bucket));
        let put = put.header("content-md5", &content_md5(document.as_bytes()));
        done(server, put.body(document));
    }

    /// One statement for each caller, of what it is granted and no more.
    fn put_policy(&self, server: &TestServer) {
        let bucket = self.bucket;
        let of_bucket = format!("arn:aws:s3:::{bucket}");
        let all = format!("{of_bucket}/*");
        let elsewhere = format!("{of_bucket}/elsewhere/*");
        let statement = |user: &str, action: &str, resource: &str, condition: &str| {
            format!(
                r#"{{"Effect": "Allow", "Principal": {{"AWS": "{user}"}}, "Action": "s3:{action}",
                "Resource": "{resource}"{condition}}}"#
            )
        };
        let prefixed = r#", "Condition": {"StringLike": {"s3:prefix": "elsewhere/*"}}"#;
        let statements = [
            statement("maker", "PutObject", &all, ""),
            statement("maker", "PutObjectAcl", &all, ""),
            statement("writer", "PutObject", &all, ""),
            statement("remover", "DeleteObject", &all, ""),
            statement("purger", "DeleteObjectVersion", &all, ""),
            statement("reader", "GetObject", &all, ""),
            statement("tagger", "GetObjectTagging", &all, ""),
            statement("elsewhere", "GetObject", &elsewhere, ""),
            statement("lister", "ListBucket", &of_bucket, prefixed),
        ];
        let policy =
            format!(r#"{{"Version": "2012-10-17", "Statement": [{}]}}"#, statements.join(", "));
        self.put(server, "policy", &policy);
    }

    fn put_acl(&self, server: &TestServer) {
        let put = Request::new("PUT", &format!("/{}?acl", self.bucket))
            .header("x-amz-grant-write", "id=\"writer\", id=\"maker\"")
            .header("x-amz-grant-read-acp", "id=\"acp\"");
        done(server, put);
    }
}

/// The first user's request, which must succeed.
#[track_caller]
pub fn done(server: &TestServer, request: Request) -> super::super::client::Answer {
    let name = format!("{} {}", request.method, request.target());
    let answer = server.call(request);
    assert!(matches!(answer.status, 200 | 204), "{name}: {} {}", answer.status, answer.text());
    answer
}
