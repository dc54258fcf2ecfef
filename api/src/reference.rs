//! The document, and a page to read it and try it with.
//!
//! The page has everything in itself: it loads nothing from anywhere, and its policy forbids it to.

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use poem::http::{HeaderValue, header};
use poem::{Response, handler};

use crate::edge::Unchanging;
use crate::{DOCUMENT, service};

/// The page with what is published in place of what poem-openapi derives.
static PAGE: LazyLock<Page> = LazyLock::new(|| {
    let service = service();
    // JSON may write a slash with a backslash; so no text in it can end the script that it stands in.
    let document = DOCUMENT.text().replace("</", "<\\/");
    let html = service.swagger_ui_html();
    let html = html.replacen(&service.spec(), &document, 1);
    let html = html.replacen("<title>Swagger UI", "<title>ctsync API", 1);
    Page::new(format!("<!doctype html>{html}"))
});
static DOCUMENT_TAG: LazyLock<HeaderValue> = LazyLock::new(|| tag(DOCUMENT.text()));

struct Page {
    html: String,
    policy: HeaderValue,
    tag: HeaderValue,
}

impl Page {
    fn new(html: String) -> Self {
        Self {
            policy: policy(&html),
            tag: tag(&html),
            html,
        }
    }
}

/// Shows the document.
#[handler]
pub(crate) fn show_document() -> Response {
    Response::builder()
        .content_type("application/json")
        .extension(Unchanging("document"))
        .header(header::ETAG, &*DOCUMENT_TAG)
        .header(header::CACHE_CONTROL, "no-cache")
        .body(DOCUMENT.text())
}

/// Shows the page.
#[handler]
pub(crate) fn show_page() -> Response {
    Response::builder()
        .content_type("text/html; charset=utf-8")
        .header(header::CONTENT_SECURITY_POLICY, &PAGE.policy)
        .extension(Unchanging("page"))
        .header(header::ETAG, &PAGE.tag)
        .header(header::CACHE_CONTROL, "no-cache")
        .body(PAGE.html.as_str())
}

/// Returns a weak tag: a packed body is another one than the plain one.
fn tag(text: &str) -> HeaderValue {
    let hash = engine::hash::bytes(text.as_bytes());
    let short = hash.first_chunk::<16>().copied().unwrap_or_default();
    let text = format!("W/\"{}\"", hex::encode(short));
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("W/\"\""))
}

/// Allows the scripts that are in `html`, by their hashes, and nothing else but to ask this service.
fn policy(html: &str) -> HeaderValue {
    let hashes: Vec<_> = scripts(html).map(hash_source).collect();
    // The page sets styles on its elements, which no hash can allow.
    let text = format!(
        "default-src 'none'; script-src {}; style-src 'unsafe-inline'; img-src 'self' data:; \
         connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        hashes.join(" ")
    );
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

/// Returns what stands in the script elements, as browsers find them.
fn scripts(html: &str) -> impl Iterator<Item = &str> {
    let mut rest = html;
    std::iter::from_fn(move || {
        // What looks like an element inside of a script is none.
        let (_, element) = rest.split_once("<script")?;
        let (_, inside) = element.split_once('>')?;
        let (script, after) = inside.split_once("</script>")?;
        rest = after;
        Some(script)
    })
}

fn hash_source(script: &str) -> String {
    let hash = engine::hash::bytes(script.as_bytes());
    format!("'sha256-{}'", STANDARD.encode(hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_shows_the_finished_document_and_nothing_from_elsewhere() {
        let html = &PAGE.html;
        assert!(html.contains("\"openapi\": \"3.1.0\"") || html.contains("\"openapi\":\"3.1.0\""));
        assert!(!html.contains("3.0.0\",\"info\""));
        assert_eq!(scripts(html).count(), 2);
        let page = scripts(html).fold(html.clone(), |page, script| page.replace(script, ""));
        for tag in ["<link", "<img", "<iframe", "src="] {
            assert!(!page.contains(tag), "{tag}");
        }
    }
}
