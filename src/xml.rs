//! The documents S3 reads and writes.
//!
//! Between `http::body`, which collects at most `limits::XML_BYTES_MAX` bytes of a request, and
//! the handlers, which see typed values; and between the handlers' answers and the wire.
//!
//! * `read`, `lock`, `settings`: one function a document, on its way in; below them `pull`, the
//!   guarded event reader.
//! * `cors`, [`lifecycle`], `sharing`, `tagging`, `versioning`, `website`: one configuration each,
//!   in both directions.
//! * `page`: the one document that is HTML, the error page of a site.
//! * `write`: [`Document`], [`error()`], [`acl()`], and the encoding of `encoding-type=url`.
//!
//! Refused on the way in, as `MalformedXML` (`MalformedACLError` for an ACL): anything but UTF-8,
//! DOCTYPE, entities beside the five of XML, depth over `limits::XML_DEPTH_MAX`, an element that
//! may stand once standing twice. Ignored: namespaces, attributes, elements not known here.
//!
//! <https://www.w3.org/TR/xml/>,
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_Types_Amazon_Simple_Storage_Service.html>

mod cors;
pub mod lifecycle;
mod lock;
mod page;
mod pull;
mod read;
mod settings;
mod sharing;
mod tagging;
mod versioning;
mod website;
mod write;

pub use cors::{cors_configuration, cors_document};
pub use lock::{legal_hold, object_lock_configuration, retention};
pub use page::error_page;
pub use read::{
    AclDocument, CompletedPart, DeleteEntry, XmlGrantee, access_control_policy,
    complete_multipart_upload, create_bucket, delete,
};
pub use settings::{acceleration_enabled, logging_enabled, notifies, requester_pays};
pub use sharing::{
    ownership_controls, ownership_controls_document, policy_status, public_access_block,
    public_access_block_document,
};
pub use tagging::{tagging, tagging_document};
pub use versioning::{versioning, versioning_configuration};
pub use website::{website_configuration, website_document};
pub use write::{Document, acl, error, location_constraint, url_encode};

#[cfg(test)]
mod tests;
