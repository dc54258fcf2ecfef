//! Answers that cannot be used, on their way to where they are kept.

use bytes::Bytes;
use reqwest::header::HeaderMap;

use super::{ConnectorError, Listing, Parameter, Upstream};
use crate::answers;
use crate::snapshot;

/// What stands in the place of a credential.
const REDACTED: &[u8] = b"[redacted]";
/// Shorter values are not looked for: they would be found everywhere.
const MIN_SECRET: usize = 4;

/// A failure, and the answer that it is about, if there was one.
#[derive(Debug)]
pub(super) struct Unusable {
    error: ConnectorError,
    answer: Option<(u16, Bytes)>,
}

impl Unusable {
    /// A failure because of an answer.
    pub(super) fn new(error: ConnectorError, status: u16, body: Bytes) -> Self {
        Self {
            error,
            answer: Some((status, body)),
        }
    }
}

impl From<ConnectorError> for Unusable {
    fn from(error: ConnectorError) -> Self {
        Self {
            error,
            answer: None,
        }
    }
}

impl Upstream {
    /// Keeps the answer, without the credentials that it may repeat, and returns the failure.
    pub(super) async fn keep(
        &self,
        listing: &Listing,
        parameters: &[Parameter],
        unusable: Unusable,
    ) -> ConnectorError {
        let Unusable { error, answer } = unusable;
        if let (Some(log), Some((status, body))) = (&self.answers, answer) {
            let body = without_secrets(&body, &self.connector.headers());
            let answer = answers::Unusable {
                endpoint: &listing.endpoint,
                parameters: snapshot::parameters(parameters),
                status,
                reason: error.to_string(),
                body: &body,
            };
            log.keep(answer).await;
        }
        error
    }
}

/// Returns `body` without the values of sensitive headers.
fn without_secrets(body: &[u8], headers: &HeaderMap) -> Vec<u8> {
    let sensitive = headers.values().filter(|value| value.is_sensitive());
    sensitive.fold(body.to_vec(), |body, value| {
        // `Bearer` and the like are no secret, what follows is.
        let secret = value.as_bytes().rsplit(|byte| *byte == b' ').next();
        match secret.filter(|secret| secret.len() >= MIN_SECRET) {
            Some(secret) => replaced(&body, secret),
            None => body,
        }
    })
}

fn replaced(body: &[u8], secret: &[u8]) -> Vec<u8> {
    let mut rest = body;
    let mut result = Vec::with_capacity(body.len());
    while let Some(place) = rest.windows(secret.len()).position(|bytes| bytes == secret) {
        let (before, behind) = rest.split_at(place);
        result.extend_from_slice(before);
        result.extend_from_slice(REDACTED);
        rest = behind.get(secret.len()..).unwrap_or_default();
    }
    result.extend_from_slice(rest);
    result
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn credentials_that_an_answer_repeats_are_left_out() {
        let mut secret = HeaderValue::from_static("Bearer abc-123");
        secret.set_sensitive(true);
        let mut headers = HeaderMap::new();
        headers.insert("authorization", secret);
        headers.insert("accept", HeaderValue::from_static("json"));
        let body = br#"{"sent":"Bearer abc-123","json":"abc-123"}"#;
        let kept = without_secrets(body, &headers);
        assert_eq!(kept, br#"{"sent":"Bearer [redacted]","json":"[redacted]"}"#);
    }
}
