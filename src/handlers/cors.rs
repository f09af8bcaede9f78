//! CORS: the answer to a preflight, and what an answer to a page of another origin carries.
//!
//! Neither asks who the caller is: a browser sends no signature with a preflight, and an answer of
//! 403 must be readable to the page too. Nothing is told but what the bucket's rules say of an
//! origin and a method, as on AWS.
//!
//! It fails closed: no bucket, no rules, a damaged configuration or no rule that matches, and no
//! `Access-Control-*` header is sent. `Vary` is sent wherever rules were weighed, also where none
//! matched, so that no cache serves one origin's answer to another; without an Origin it is not,
//! as on AWS.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/ManageCorsUsing.html>,
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/RESTOPTIONSobject.html>

use super::blocking;
use crate::error::{ErrorCode, Result, S3Error};
use crate::http::response::Response;
use crate::router::Address;
use crate::store::Store;
use crate::types::{BucketName, CORS_VARY, CorsConfiguration, CorsRequest};

/// Answers OPTIONS: 200 with what the page may do, else `AccessForbidden`.
pub async fn preflight(store: &Store, at: &Address, request: CorsRequest) -> Result<Response> {
    let refused = |message: &'static str| {
        let resource = if at.key.is_some() { "OBJECT" } else { "BUCKET" };
        S3Error::new(ErrorCode::AccessForbidden, message)
            .with("Method", request.method.as_str())
            .with("ResourceType", resource)
    };
    let Some(rules) = rules(store, at).await else {
        return Err(refused("CORSResponse: CORS is not enabled for this bucket."));
    };
    match rules.answer(&request) {
        Some(headers) => Ok(with_headers(Response::empty(200), headers)),
        None => Err(refused(
            "CORSResponse: This CORS request is not allowed. This is usually because the \
             evaluation of Origin, request method / Access-Control-Request-Method or \
             Access-Control-Request-Headers are not whitelisted by the resource's CORS spec.",
        )),
    }
}

/// Adds to an answer, good or bad, what lets the page of that origin read it.
pub async fn share(
    store: &Store,
    at: &Address,
    request: &CorsRequest,
    response: Response,
) -> Response {
    match rules(store, at).await {
        Some(rules) => with_headers(response, rules.answer(request).unwrap_or_default()),
        None => response,
    }
}

fn with_headers(response: Response, headers: Vec<(&'static str, String)>) -> Response {
    headers
        .into_iter()
        .fold(response, |response, (name, value)| response.header(name, value))
        .header("Vary", CORS_VARY)
}

/// The rules of the bucket; `None` where there are none, whatever the reason.
async fn rules(store: &Store, at: &Address) -> Option<CorsConfiguration> {
    let name = BucketName::parse(at.bucket.as_deref()?).ok()?;
    let store = store.clone();
    let rules = blocking(move || Ok(store.bucket(&name)?.config().cors.clone())).await;
    rules.ok().flatten()
}
