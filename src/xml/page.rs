//! The page that a site shows where something is wrong and it has none of its own: AWS's, with the
//! elements of the XML error as a list.
//!
//! Keys are a visitor's own words, and the page is of the site's origin: every text is escaped, so
//! that no link can put a script there (security class O).
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/CustomErrorDocSupport.html>

use crate::error::S3Error;
use std::fmt::Write;

/// The page of an error; `status` is its status line, `of_document` what went wrong with the error
/// document.
pub fn error_page(
    status: &str,
    error: &S3Error,
    of_document: Option<&S3Error>,
    request_id: &str,
) -> String {
    let mut page =
        format!("<html>\n<head><title>{status}</title></head>\n<body>\n<h1>{status}</h1>\n<ul>\n");
    items(&mut page, error);
    item(&mut page, "RequestId", request_id);
    item(&mut page, "HostId", request_id);
    page.push_str("</ul>\n");
    if let Some(error) = of_document {
        page.push_str(
            "<h3>An Error Occurred While Attempting to Retrieve a Custom Error Document</h3>\n<ul>\n",
        );
        items(&mut page, error);
        page.push_str("</ul>\n");
    }
    page.push_str("<hr/>\n</body>\n</html>\n");
    page
}

fn items(page: &mut String, error: &S3Error) {
    item(page, "Code", error.code.name());
    item(page, "Message", &error.message);
    for (name, value) in &error.fields {
        item(page, name, value);
    }
}

fn item(page: &mut String, name: &str, text: &str) {
    writeln!(page, "<li>{name}: {}</li>", escape(text)).expect("a String takes all");
}

/// For text between tags. What HTML cannot carry is shown as what cannot be shown.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ if character.is_control() => escaped.push('\u{fffd}'),
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorCode;

    #[test]
    fn the_page_of_an_error_lists_what_the_xml_tells() {
        let error = S3Error::from(ErrorCode::NoSuchKey).with("Key", "a");
        let of_document = S3Error::from(ErrorCode::AccessDenied);
        assert_eq!(
            error_page("404 Not Found", &error, Some(&of_document), "ID"),
            "<html>\n<head><title>404 Not Found</title></head>\n<body>\n<h1>404 Not Found</h1>\n\
             <ul>\n<li>Code: NoSuchKey</li>\n<li>Message: The specified key does not exist.</li>\n\
             <li>Key: a</li>\n<li>RequestId: ID</li>\n<li>HostId: ID</li>\n</ul>\n<h3>An Error \
             Occurred While Attempting to Retrieve a Custom Error Document</h3>\n<ul>\n<li>Code: \
             AccessDenied</li>\n<li>Message: Access Denied</li>\n</ul>\n<hr/>\n</body>\n</html>\n"
        );
    }

    #[test]
    fn class_o_no_text_of_an_error_page_is_markup() {
        let error = S3Error::from(ErrorCode::NoSuchKey).with("Key", "<script>'\"&\0\r\n</li>é");
        let page = error_page("404 Not Found", &error, Some(&error), "ID");
        let shown =
            "<li>Key: &lt;script&gt;&#39;&quot;&amp;\u{fffd}\u{fffd}\u{fffd}&lt;/li&gt;é</li>";
        assert_eq!(page.matches(shown).count(), 2, "{page}");
    }
}
