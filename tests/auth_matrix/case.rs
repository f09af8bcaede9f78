//! What is combined with what, and which combinations there are.

use crate::common::operations::{PARTS, TAGGING};

/// How a request is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Auth {
    /// Not at all, to a bucket that is private.
    Nobody,
    /// Not at all, to a bucket whose policy lets everybody do everything.
    Public,
    V2Header,
    V2Presigned,
    V4Header,
    V4Presigned,
    V2Post,
    V4Post,
}

pub(super) const AUTHS: [Auth; 8] = [
    Auth::Nobody,
    Auth::Public,
    Auth::V2Header,
    Auth::V2Presigned,
    Auth::V4Header,
    Auth::V4Presigned,
    Auth::V2Post,
    Auth::V4Post,
];

impl Auth {
    fn is_post(self) -> bool {
        matches!(self, Auth::V2Post | Auth::V4Post)
    }

    pub(super) fn is_anonymous(self) -> bool {
        matches!(self, Auth::Nobody | Auth::Public)
    }

    pub(super) fn head_is_anonymous(self) -> bool {
        self.is_anonymous() || self.is_post()
    }
}

/// How a body is sent, and what the head says of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    Signed,
    NoHeader,
    Unsigned,
    ContentMd5,
    Checksum,
    /// `Transfer-Encoding: chunked`.
    ChunkedSigned,
    /// The same with a decoded length that nothing needs.
    ChunkedLength,
    /// The same around a signed stream.
    ChunkedStream,
    StreamSigned,
    StreamSignedTrailer,
    StreamUnsignedTrailer,
    StreamEcdsa,
    StreamEcdsaTrailer,
    StreamUnknown,
}

const MODES: [Mode; 14] = [
    Mode::Signed,
    Mode::NoHeader,
    Mode::Unsigned,
    Mode::ContentMd5,
    Mode::Checksum,
    Mode::ChunkedSigned,
    Mode::ChunkedLength,
    Mode::ChunkedStream,
    Mode::StreamSigned,
    Mode::StreamSignedTrailer,
    Mode::StreamUnsignedTrailer,
    Mode::StreamEcdsa,
    Mode::StreamEcdsaTrailer,
    Mode::StreamUnknown,
];

impl Mode {
    /// `x-amz-content-sha256`; `hash` stands for that of the body.
    pub(super) fn sha256(self) -> Option<&'static str> {
        match self {
            Mode::Signed | Mode::ChunkedSigned => Some("hash"),
            Mode::NoHeader => None,
            Mode::Unsigned | Mode::ContentMd5 | Mode::Checksum | Mode::ChunkedLength => {
                Some("UNSIGNED-PAYLOAD")
            }
            Mode::StreamSigned | Mode::ChunkedStream => Some("STREAMING-AWS4-HMAC-SHA256-PAYLOAD"),
            Mode::StreamSignedTrailer => Some("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"),
            Mode::StreamUnsignedTrailer => Some("STREAMING-UNSIGNED-PAYLOAD-TRAILER"),
            Mode::StreamEcdsa => Some("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"),
            Mode::StreamEcdsaTrailer => Some("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER"),
            Mode::StreamUnknown => Some("STREAMING-AWS5-WHATEVER-COMES-NEXT"),
        }
    }

    pub(super) fn is_stream(self) -> bool {
        self.sha256().is_some_and(|word| word.starts_with("STREAMING-"))
    }

    pub(super) fn has_trailer(self) -> bool {
        self.sha256().is_some_and(|word| word.ends_with("-TRAILER"))
    }

    pub(super) fn has_chain(self) -> bool {
        self.is_stream() && self != Mode::StreamUnsignedTrailer
    }

    pub(super) fn is_chunked(self) -> bool {
        matches!(self, Mode::ChunkedSigned | Mode::ChunkedLength | Mode::ChunkedStream)
    }
}

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    Nothing,
    /// 14:59 off, which is allowed.
    Early,
    Late,
    WrongSecret,
    UnknownKey,
    DisabledUser,
    ExpiredUser,
    EmptySignature,
    /// The credential is there.
    MissingSignature,
    /// A URL, or the policy of a form.
    Expired,
    /// 15:01 off.
    SkewedEarly,
    SkewedLate,
    /// The credential is of another day than the request.
    OtherDay,
    /// Credentials in the query, or a form, and in the header.
    TwoDoors,
    /// A bit of the body, or of a form's policy.
    FlippedByte,
    /// A byte of content less or more, rightly framed.
    Cut,
    Grown,
    /// The connection ends before the body.
    Unfinished,
    FlippedChunkSignature,
    NoLastChunk,
    FlippedTrailerSignature,
    FlippedTrailerChecksum,
    MissingTrailer,
    MissingTrailerSignature,
}

const FAULTS: [Fault; 24] = [
    Fault::Nothing,
    Fault::Early,
    Fault::Late,
    Fault::WrongSecret,
    Fault::UnknownKey,
    Fault::DisabledUser,
    Fault::ExpiredUser,
    Fault::EmptySignature,
    Fault::MissingSignature,
    Fault::Expired,
    Fault::SkewedEarly,
    Fault::SkewedLate,
    Fault::OtherDay,
    Fault::TwoDoors,
    Fault::FlippedByte,
    Fault::Cut,
    Fault::Grown,
    Fault::Unfinished,
    Fault::FlippedChunkSignature,
    Fault::NoLastChunk,
    Fault::FlippedTrailerSignature,
    Fault::FlippedTrailerChecksum,
    Fault::MissingTrailer,
    Fault::MissingTrailerSignature,
];

/// An operation as a good request. `UPLOAD` in a query is the id of an upload of `k`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Op {
    pub(super) name: &'static str,
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) query: &'static str,
    pub(super) content: &'static str,
    /// Whether its body may be aws-chunked.
    pub(super) streams: bool,
}

const POLICY: &str = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\
    \"Principal\":{\"AWS\":\"other1\"},\"Action\":\"s3:GetObject\",\
    \"Resource\":\"arn:aws:s3:::bkt/*\"}]}";
pub(super) const PUBLIC_POLICY: &str = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\
    \"Principal\":\"*\",\"Action\":\"s3:*\",\
    \"Resource\":[\"arn:aws:s3:::bkt\",\"arn:aws:s3:::bkt/*\"]}]}";
const DELETE: &str = "<Delete><Object><Key>k</Key></Object></Delete>";
const CREATE: &str = "<CreateBucketConfiguration></CreateBucketConfiguration>";
const OBJECT: &str = "/bkt/k";
const UPLOAD: &str = "partNumber=1&uploadId=UPLOAD";

type Row = (&'static str, &'static str, &'static str, &'static str, &'static str, bool);

const OPERATIONS: [Row; 11] = [
    ("PutObject", "PUT", OBJECT, "", "the new content", true),
    ("UploadPart", "PUT", OBJECT, UPLOAD, "hello", true),
    ("PostObject", "POST", "/bkt", "", "the new content", false),
    ("DeleteObjects", "POST", "/bkt", "delete", DELETE, false),
    ("CompleteMultipartUpload", "POST", OBJECT, "uploadId=UPLOAD", PARTS, false),
    ("PutBucketPolicy", "PUT", "/bkt", "policy", POLICY, false),
    ("PutObjectTagging", "PUT", OBJECT, "tagging", TAGGING, false),
    ("CreateBucket", "PUT", "/fresh", "", CREATE, false),
    ("GetObject", "GET", OBJECT, "", "", false),
    ("DeleteObject", "DELETE", OBJECT, "", "", false),
    ("ListObjectsV2", "GET", "/bkt", "list-type=2", "", false),
];

impl Op {
    fn of((name, method, path, query, content, streams): Row) -> Op {
        Op { name, method, path, query, content, streams }
    }

    pub(super) fn is_form(&self) -> bool {
        self.name == "PostObject"
    }

    pub(super) fn has_body(&self) -> bool {
        !self.content.is_empty()
    }

    pub(super) fn wants_md5(&self) -> bool {
        self.name == "DeleteObjects"
    }

    /// Whether the body is content, of which any is good.
    fn takes_any_body(&self) -> bool {
        self.streams
    }
}

/// One combination.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case {
    pub(super) auth: Auth,
    pub(super) op: Op,
    pub(super) mode: Mode,
    pub(super) fault: Fault,
}

impl Case {
    /// Whether there is such a combination.
    fn makes_sense(&self) -> bool {
        let Case { auth, op, mode, .. } = self;
        let fits = match auth {
            Auth::V2Post | Auth::V4Post => op.is_form(),
            // What only an owner does is nobody's.
            Auth::Public => !matches!(op.name, "CreateBucket" | "PutBucketPolicy"),
            Auth::Nobody => true,
            _ => !op.is_form(),
        };
        // There the checksum of the head is the object's, not the document's.
        let others = op.name == "CompleteMultipartUpload" && *mode == Mode::Checksum;
        fits && !others && (op.has_body() || !mode.is_chunked()) && self.can_be_wrong_so()
    }

    fn can_be_wrong_so(&self) -> bool {
        let Case { auth, op, mode, fault } = self;
        let covered = mode.sha256() == Some("hash")
            || mode.is_stream()
            || matches!(mode, Mode::ContentMd5 | Mode::Checksum)
            || op.wants_md5();
        match fault {
            Fault::Nothing => true,
            Fault::WrongSecret | Fault::UnknownKey | Fault::DisabledUser | Fault::ExpiredUser => {
                !auth.is_anonymous()
            }
            Fault::EmptySignature | Fault::MissingSignature | Fault::TwoDoors => {
                !auth.is_anonymous()
            }
            Fault::Expired => {
                matches!(auth, Auth::V2Presigned | Auth::V4Presigned) || auth.is_post()
            }
            // A presigned URL may be as old as it is good for.
            Fault::Early | Fault::SkewedEarly => {
                matches!(auth, Auth::V2Header | Auth::V4Header)
            }
            Fault::Late | Fault::SkewedLate => {
                matches!(auth, Auth::V2Header | Auth::V4Header | Auth::V4Presigned)
            }
            Fault::OtherDay => {
                matches!(auth, Auth::V4Header | Auth::V4Presigned | Auth::V4Post)
            }
            Fault::FlippedByte if op.is_form() => auth.is_post(),
            Fault::FlippedByte | Fault::Cut | Fault::Grown => {
                op.has_body() && !op.is_form() && (covered || op.takes_any_body())
            }
            Fault::Unfinished => op.has_body(),
            Fault::NoLastChunk => op.has_body() && mode.is_stream(),
            Fault::FlippedChunkSignature => op.has_body() && mode.has_chain(),
            Fault::FlippedTrailerChecksum | Fault::MissingTrailer => mode.has_trailer(),
            Fault::FlippedTrailerSignature | Fault::MissingTrailerSignature => {
                mode.has_trailer() && mode.has_chain()
            }
        }
    }
}

pub(super) fn cases(auth: Auth) -> impl Iterator<Item = Case> {
    let ops = OPERATIONS.into_iter().map(Op::of);
    let modes = ops.flat_map(|op| MODES.map(|mode| (op, mode)));
    let cases =
        modes.flat_map(move |(op, mode)| FAULTS.map(|fault| Case { auth, op, mode, fault }));
    cases.filter(Case::makes_sense)
}
