//! What an upload keeps as JSON: how it began, its parts, and what it became.
//!
//! People read these files too, so binary values are hex. What was read from the disk is checked
//! as it is parsed: a damaged record is as one that is not there.

use super::{PartRecord, UploadInfo, folder};
use crate::types::{
    Acl, Checksum, ChecksumAlgorithm, ChecksumType, ContentHeaders, ETag, Key, ObjectMeta, Owner,
    PartNumber, Retention, RetentionMode, Tags, Timestamp, UploadChecksum, hex, unhex,
};
use serde::{Deserialize, Serialize};

/// `info.json`: the key and what CreateMultipartUpload said.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct InfoFile {
    pub(super) key: String,
    initiated: (i64, u32),
    owner: Owner,
    checksum_algorithm: Option<String>,
    checksum_type: Option<String>,
    content_type: Option<String>,
    cache_control: Option<String>,
    content_disposition: Option<String>,
    content_encoding: Option<String>,
    content_language: Option<String>,
    expires: Option<String>,
    website_redirect_location: Option<String>,
    user_metadata: Vec<(String, String)>,
    storage_class: Option<String>,
    acl: Option<Acl>,
    #[serde(default, skip_serializing_if = "Tags::is_empty")]
    tags: Tags,
    /// Mode and, in seconds and nanoseconds since 1970, end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    retention: Option<(RetentionMode, i64, u32)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    legal_hold: Option<bool>,
}

impl InfoFile {
    pub(super) fn new(key: &Key, info: &UploadInfo) -> InfoFile {
        let (meta, headers) = (info.meta.clone(), info.meta.headers.clone());
        InfoFile {
            key: key.as_str().to_owned(),
            initiated: (info.initiated.secs(), info.initiated.nanos()),
            owner: info.owner.clone(),
            checksum_algorithm: info.checksum.map(|wanted| wanted.algorithm.name().to_owned()),
            checksum_type: info.checksum.map(|wanted| wanted.of.name().to_owned()),
            content_type: headers.content_type,
            cache_control: headers.cache_control,
            content_disposition: headers.content_disposition,
            content_encoding: headers.content_encoding,
            content_language: headers.content_language,
            expires: headers.expires,
            website_redirect_location: headers.website_redirect_location,
            user_metadata: meta.user_metadata,
            storage_class: meta.storage_class,
            acl: meta.acl,
            tags: meta.tags,
            retention: meta.retention.map(|r| (r.mode, r.until.secs(), r.until.nanos())),
            legal_hold: meta.legal_hold,
        }
    }

    /// The etag of the metadata is a placeholder until the upload is complete.
    pub(super) fn info(self) -> UploadInfo {
        let headers = ContentHeaders {
            content_type: self.content_type,
            cache_control: self.cache_control,
            content_disposition: self.content_disposition,
            content_encoding: self.content_encoding,
            content_language: self.content_language,
            expires: self.expires,
            website_redirect_location: self.website_redirect_location,
        };
        let mut meta = ObjectMeta::bare(ETag::Multipart([0; 16], 0));
        meta.headers = headers;
        meta.user_metadata = self.user_metadata;
        meta.storage_class = self.storage_class;
        meta.acl = self.acl;
        meta.tags = self.tags;
        meta.retention = self
            .retention
            .map(|(mode, secs, nanos)| Retention { mode, until: Timestamp::new(secs, nanos) });
        meta.legal_hold = self.legal_hold;
        UploadInfo {
            meta,
            checksum: self.checksum_algorithm.and_then(|name| {
                let algorithm = algorithm(&name)?;
                let of = match self.checksum_type {
                    Some(of) if of == ChecksumType::FullObject.name() => ChecksumType::FullObject,
                    _ => ChecksumType::of_parts(algorithm),
                };
                Some(UploadChecksum { algorithm, of })
            }),
            owner: self.owner,
            initiated: Timestamp::new(self.initiated.0, self.initiated.1),
        }
    }
}

/// `part-NNNNN.json`: an acknowledged part, and where its bytes lie.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct PartFile {
    /// The body, or a file of the part's own.
    pub(super) file: String,
    pub(super) offset: u64,
    pub(super) length: u64,
    md5: String,
    checksum: Option<NamedChecksum>,
    modified: (i64, u32),
}

impl PartFile {
    pub(super) fn new(file: &str, offset: u64, part: &PartRecord, md5: [u8; 16]) -> PartFile {
        PartFile {
            file: file.to_owned(),
            offset,
            length: part.length,
            md5: hex(&md5),
            checksum: part.checksum.as_ref().map(named),
            modified: (part.modified.secs(), part.modified.nanos()),
        }
    }

    /// The name of the file that is this part's alone, if it has one.
    pub(super) fn own_file(&self) -> Option<&str> {
        let name = self.file.as_str();
        (name.starts_with(folder::OWN) && !name.contains('/')).then_some(name)
    }

    pub(super) fn md5(&self) -> Option<[u8; 16]> {
        unhex(self.md5.as_bytes())?.try_into().ok()
    }

    pub(super) fn record(&self, number: PartNumber) -> Option<PartRecord> {
        let checksum = self.checksum.as_ref().and_then(checksum);
        Some(PartRecord {
            number,
            length: self.length,
            etag: ETag::Md5(self.md5()?),
            checksum,
            modified: Timestamp::new(self.modified.0, self.modified.1),
        })
    }
}

/// `<upload-id>.done`: what a completed upload answered, for a client that did not hear it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct DoneFile {
    pub(super) info: InfoFile,
    /// What it published lay in the upload's folder under this name: the body, or another file.
    pub(super) file: String,
    /// SHA-256 of the list of parts.
    pub(super) list: String,
    pub(super) etag: String,
    #[serde(default)]
    pub(super) checksum: Option<NamedChecksum>,
    pub(super) modified: (i64, u32),
    /// The version that it became, where versions are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) version_id: Option<String>,
}

/// A checksum in a record: the algorithm's name, and the value in hex.
pub(super) type NamedChecksum = (String, String);

pub(super) fn named(checksum: &Checksum) -> NamedChecksum {
    (checksum.algorithm.name().to_owned(), hex(&checksum.value))
}

pub(super) fn checksum((name, value): &NamedChecksum) -> Option<Checksum> {
    Some(Checksum { algorithm: algorithm(name)?, value: unhex(value.as_bytes())? })
}

fn algorithm(name: &str) -> Option<ChecksumAlgorithm> {
    ChecksumAlgorithm::ALL.into_iter().find(|algorithm| algorithm.name() == name)
}
