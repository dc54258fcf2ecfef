//! Packs larger answers for those who can unpack them.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use poem::http::{HeaderMap, HeaderValue, Method, header};
use poem::web::{Compress, CompressionAlgo, CompressionLevel};
use poem::{Body, Endpoint, IntoResponse, Request, Response, Result};

/// Bodies below this are not worth it.
const MIN_BYTES: usize = 1024;
/// What is offered, the best first.
const OFFERED: [(&str, CompressionAlgo); 2] =
    [("br", CompressionAlgo::BR), ("gzip", CompressionAlgo::GZIP)];
/// Better packing takes longer than it saves.
const LEVEL: CompressionLevel = CompressionLevel::Fastest;

/// An answer that is the same each time, and its name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unchanging(pub(crate) &'static str);

/// Packs the answer's body, where that is wanted and worth it.
pub(super) async fn compress<E: Endpoint>(next: E, request: Request) -> Result<Response> {
    let wanted = wanted(request.headers());
    let is_head = request.method() == Method::HEAD;
    let mut response = match next.call(request).await {
        Ok(response) => response.into_response(),
        Err(error) => error.into_response(),
    };
    if is_head || !is_text(response.headers()) {
        return Ok(response);
    }
    let value = HeaderValue::from_static("Accept-Encoding");
    response.headers_mut().append(header::VARY, value);
    let bytes = response.take_body().into_bytes().await?;
    let is_large = bytes.len() >= MIN_BYTES;
    response.set_body(Body::from_bytes(bytes));
    let Some((name, algorithm)) = wanted.filter(|_| is_large) else {
        return Ok(response);
    };
    match response.extensions().get().copied() {
        Some(page) => packed_once(response, page, name, algorithm).await,
        None => Ok(pack(response, algorithm)),
    }
}

fn pack(response: Response, algorithm: CompressionAlgo) -> Response {
    let packed = Compress::new(response, algorithm).with_quality(LEVEL);
    packed.into_response()
}

/// Packs a page that never changes, the first time.
async fn packed_once(
    mut response: Response,
    page: Unchanging,
    name: &'static str,
    algorithm: CompressionAlgo,
) -> Result<Response> {
    static PACKED: Mutex<BTreeMap<(&str, &str), Bytes>> = Mutex::new(BTreeMap::new());
    let pages = || PACKED.lock().unwrap_or_else(PoisonError::into_inner);
    let known = pages().get(&(page.0, name)).cloned();
    if let Some(bytes) = known {
        response.set_body(bytes);
        let coding = HeaderValue::from_static(name);
        response.headers_mut().remove(header::CONTENT_LENGTH);
        response
            .headers_mut()
            .insert(header::CONTENT_ENCODING, coding);
        return Ok(response);
    }
    response = pack(response, algorithm);
    let bytes = response.take_body().into_bytes().await?;
    pages().insert((page.0, name), bytes.clone());
    response.set_body(bytes);
    Ok(response)
}

fn is_text(headers: &HeaderMap) -> bool {
    let media_type = headers.get(header::CONTENT_TYPE);
    let media_type = media_type.and_then(|value| value.to_str().ok());
    let is_text = |text: &str| text.starts_with("text/") || text.contains("json");
    media_type.is_some_and(is_text) && !headers.contains_key(header::CONTENT_ENCODING)
}

/// Returns what is wanted most of what is offered.
fn wanted(headers: &HeaderMap) -> Option<(&'static str, CompressionAlgo)> {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter();
    let values = values.filter_map(|value| value.to_str().ok());
    let asked: Vec<_> = values
        .flat_map(|value| value.split(','))
        .filter_map(coding)
        .collect();
    let weight = |name: &str| {
        let named = asked
            .iter()
            .find(|(coding, _)| coding.eq_ignore_ascii_case(name));
        let any = asked.iter().find(|(coding, _)| *coding == "*");
        named.or(any).map_or(0, |(_, weight)| *weight)
    };
    let offers = OFFERED.iter().rev().map(|offer| (weight(offer.0), *offer));
    let best = offers.filter(|(weight, _)| *weight > 0);
    best.max_by_key(|(weight, _)| *weight)
        .map(|(_, offer)| offer)
}

/// Reads `br;q=0.5` as its name and its weight in thousandths.
fn coding(text: &str) -> Option<(&str, u32)> {
    let (name, parameters) = text.split_once(';').unwrap_or((text, ""));
    let parameters = parameters.trim();
    let weight = match parameters
        .strip_prefix("q=")
        .or(parameters.strip_prefix("Q="))
    {
        Some(weight) => weight.trim().parse::<f32>().ok()?,
        None => 1.0,
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a number from 0 to 1000"
    )]
    let thousandths = (weight.clamp(0.0, 1.0) * 1000.0) as u32;
    Some((name.trim(), thousandths))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(accepted: &'static str) -> Option<CompressionAlgo> {
        let headers = [(header::ACCEPT_ENCODING, HeaderValue::from_static(accepted))];
        wanted(&headers.into_iter().collect()).map(|(_, algorithm)| algorithm)
    }

    #[tokio::test]
    async fn a_page_that_never_changes_is_packed_once() {
        let packed = async |text: &'static str| {
            let page = Unchanging("test");
            let answer = packed_once(Response::from(text), page, "br", CompressionAlgo::BR).await;
            let mut answer = answer.unwrap();
            let coding = answer.headers().get(header::CONTENT_ENCODING).cloned();
            assert_eq!(coding.unwrap(), "br");
            answer.take_body().into_vec().await.unwrap()
        };
        let first = packed("what is packed").await;
        assert_eq!(packed("what nobody looks at").await, first);
    }

    #[test]
    fn the_best_that_both_know_is_chosen() {
        assert_eq!(chosen("gzip, deflate, br, zstd"), Some(CompressionAlgo::BR));
        assert_eq!(chosen("GZIP"), Some(CompressionAlgo::GZIP));
        assert_eq!(chosen("br;q=0.5, gzip;q=0.8"), Some(CompressionAlgo::GZIP));
        assert_eq!(chosen("*"), Some(CompressionAlgo::BR));
    }

    #[test]
    fn what_is_not_accepted_is_not_sent() {
        for accepted in [
            "",
            "identity",
            "br;q=0",
            "*;q=0",
            "br;q=0, gzip; q=0",
            "br;q=nonsense",
        ] {
            assert_eq!(chosen(accepted), None, "{accepted}");
        }
        assert_eq!(chosen("*, br;q=0"), Some(CompressionAlgo::GZIP));
    }
}
