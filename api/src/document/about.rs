//! What the document says about the service as a whole.

use serde_json::{Value, json};

const VERSION: &str = "3.1.0";

const DESCRIPTION: &str = "\
What ctsync has mirrored from your customers' CRM, tenant by tenant: how fresh it is, dashboards, and the records behind them.

**Access.** Send `Authorization: Bearer <token>` with an API token (`ctsync tokens create` makes one) or, where the service is \
set up for it, with a JWT of your identity provider. A token of one tenant means that tenant. Whoever may use several tenants \
names one, by id or slug, in the header `X-Tenant-Id`.

**Answers.** JSON. Times are RFC 3339 in UTC, amounts are exact decimals in strings. A property that has no value is `null`, \
never missing. New properties, and new words where words are listed, may be added at any time; clients pass over what they do \
not know. Answers to `GET` have an `ETag`; send it back in `If-None-Match` and get 304 as long as nothing has changed.

**Lists** come in parts. Ask with `cursor=<nextCursor>` for the next one until `nextCursor` is `null`.

**Refusals** are problem documents (RFC 9457). Their `code` is a word that stays the same; their `requestId` finds the request \
in the service's log. Unknown query parameters and unknown properties in bodies are refused.

**Limits.** The headers `RateLimit` and `RateLimit-Policy` tell how many requests are left; 429 and 503 say in `Retry-After` \
when to come back.";

/// Writes version, title, licence and where the service is.
pub(super) fn describe(document: &mut Value) {
    let version = document.pointer("/info/version").cloned();
    document["openapi"] = VERSION.into();
    document["info"] = json!({
        "title": "ctsync",
        "summary": "A mirror of CRM data, served.",
        "description": DESCRIPTION,
        "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        "version": version,
    });
    document["servers"] = json!([{ "url": "/", "description": "The service that answers this." }]);
}
