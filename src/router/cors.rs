//! What a browser asks on behalf of a page of another origin, read from the headers.
//!
//! A preflight (OPTIONS) comes before the request it asks about and is judged before any
//! signature, since a browser sends none with it. An actual request only names its origin.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/RESTOPTIONSobject.html>

use super::parse::field;
use crate::error::{ErrorCode, Result, S3Error};
use crate::http::head::RequestHead;
use crate::types::CorsRequest;

/// What a preflight asks; `BadRequest` where it leaves out the origin or names no method of S3.
pub fn preflight(head: &RequestHead) -> Result<CorsRequest> {
    let Some(origin) = field(head, "origin") else {
        let message = "Insufficient information. Origin request header needed.";
        return Err(S3Error::new(ErrorCode::BadRequest, message));
    };
    let method = field(head, "access-control-request-method").unwrap_or("null");
    if !CorsRequest::METHODS.contains(&method) {
        let message = format!("Invalid Access-Control-Request-Method: {method}");
        return Err(S3Error::new(ErrorCode::BadRequest, message));
    }
    let names = field(head, "access-control-request-headers").unwrap_or_default();
    let headers = names.split(',').map(|name| name.trim().to_ascii_lowercase());
    Ok(CorsRequest {
        origin: origin.to_owned(),
        method: method.to_owned(),
        headers: headers.filter(|name| !name.is_empty()).collect(),
    })
}

/// The origin and method of an actual request; `None` where no browser names an origin. Ceph goes
/// by `Access-Control-Request-Method` where an actual request has one, and its suite wants it so;
/// no browser sends that.
pub fn cross_origin(head: &RequestHead) -> Option<CorsRequest> {
    let origin = field(head, "origin")?.to_owned();
    let method = field(head, "access-control-request-method").unwrap_or(head.method_as_sent());
    Some(CorsRequest { origin, method: method.to_owned(), headers: Vec::new() })
}
