//! A visit to the site of a bucket: pages for browsers, by the bucket's website configuration.
//!
//! What to do next is decided by [`WebsiteConfiguration`], which opens nothing; here it is carried
//! out. The visitor is nobody, and every object, be it the page, the index of a folder or the error
//! document, comes through the door of an anonymous GetObject: without `--allow-public`, and an ACL
//! or a policy that lets everybody read it, it is 403. What is not there is 404 only where everybody
//! may list the bucket (security class G): a folder is looked for, and rules and error document are
//! used, in the same way whether an object is missing or private.
//!
//! A site never lists, and never tells of an object more than GetObject would.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteEndpoints.html>

use super::object::answer_object;
use super::{Context, OpenBucket, blocking};
use crate::auth::access::Action;
use crate::error::{Result, S3Error};
use crate::http::response::Response;
use crate::notice::tell;
use crate::router::{GetObject, GetPage, ObjectAddress};
use crate::types::{Conditions, ContentHeaders, Key, Redirection, Step};

/// An error that the visitor is shown on a page of the server's.
#[derive(Debug)]
pub struct PageError {
    /// What went wrong.
    pub error: S3Error,
    /// What went wrong with the error document that was to be shown instead.
    pub of_document: Option<S3Error>,
}

/// What a visit comes to.
pub type Page = std::result::Result<Response, PageError>;

impl From<S3Error> for PageError {
    fn from(error: S3Error) -> PageError {
        PageError { error, of_document: None }
    }
}

/// Answers a visit.
///
/// # Errors
///
/// What the visitor is to be told, where the site has no error document for it.
pub async fn get_page(context: Context, asked: GetPage) -> Page {
    blocking(move || Ok(answer(&context, &asked))).await?
}

fn answer(context: &Context, asked: &GetPage) -> Page {
    let (open, site) = context.open_site(&asked.bucket)?;
    let visit = &asked.visit;
    let served = match site.first(visit)? {
        Step::Redirect(to) => return Ok(redirect(to)),
        Step::Serve(key) => serve(context, &open, key, Some(asked)),
    };
    let error = match served {
        Ok(response) => return Ok(response),
        Err(error) => error,
    };
    let status = error.code.status();
    if let Some((index, to)) = site.folder(visit, status)
        && context.object_in(&open, &index, None, Action::GetObject).is_ok()
    {
        return Ok(redirect(to));
    }
    let shown = match site.after_error(visit, status) {
        None => return Err(error.into()),
        Some(Step::Redirect(to)) => Ok(redirect(to)),
        Some(Step::Serve(key)) => serve(context, &open, key, None),
    };
    match shown {
        Ok(response) => Ok(instead_of(&error, response)),
        Err(of_document) => Err(PageError { error, of_document: Some(of_document) }),
    }
}

/// An object as a page: where it says that it is elsewhere, 301. Conditions and ranges are those of
/// what was asked for, and not for an error document that stands in for it.
fn serve(
    context: &Context,
    open: &OpenBucket,
    key: Key,
    asked: Option<&GetPage>,
) -> Result<Response> {
    let object = context.object_in(open, &key, None, Action::GetObject)?;
    if let Some(location) = &object.meta.headers.website_redirect_location {
        return Ok(redirect(Redirection::of_object(location)));
    }
    let input = GetObject {
        object: ObjectAddress { bucket: open.bucket.name().clone(), key, version: None },
        range: asked.and_then(|asked| asked.range),
        part_number: None,
        if_range: asked.and_then(|asked| asked.if_range.clone()),
        conditions: asked.map_or_else(Conditions::default, |asked| asked.conditions.clone()),
        overrides: ContentHeaders::default(),
        checksum_mode: false,
    };
    answer_object(context, open, object, input)
}

fn redirect(to: Redirection) -> Response {
    Response::empty(to.code).header("Location", to.location)
}

/// What the site shows where something is wrong: its error document with the status of the error,
/// or a redirect. A fault of ours is told to the log, now that the visitor does not see it.
fn instead_of(error: &S3Error, mut shown: Response) -> Response {
    if let Some(cause) = &error.cause {
        tell(format_args!("a site hides {}: {cause}", error.code.name()));
    }
    if shown.status == 200 {
        shown.status = error.code.status();
        shown.headers.retain(|(name, _)| name != "Accept-Ranges"); // of what was not found
        shown = shown.header("x-amz-error-code", error.code.name());
    }
    shown
}
