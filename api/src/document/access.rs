//! Who may call what.
//!
//! Each extractor of a caller (`crate::access`) registers a security scheme of its own name, so that no handler
//! can forget to say what it needs. Callers have but one way to identify themselves: the schemes become the one
//! `bearer`, the role goes into `x-required-role` and into the description, and the extractors that look for
//! a tenant bring the header that names it.

use serde_json::{Value, json};

use super::walk::{Object, each_operation, entries, put, refer_to_parameter};
use crate::access::TENANT_HEADER;

/// What an extractor asks of a caller.
struct Extractor {
    scheme: &'static str,
    role: Option<&'static str>,
    is_in_tenant: bool,
}

const EXTRACTORS: [Extractor; 7] = [
    Extractor {
        scheme: "SignedIn",
        role: None,
        is_in_tenant: false,
    },
    Extractor {
        scheme: "TenantViewer",
        role: Some("tenant_viewer"),
        is_in_tenant: true,
    },
    Extractor {
        scheme: "TenantAdmin",
        role: Some("tenant_admin"),
        is_in_tenant: true,
    },
    Extractor {
        scheme: "PathViewer",
        role: Some("tenant_viewer"),
        is_in_tenant: false,
    },
    Extractor {
        scheme: "PathAdmin",
        role: Some("tenant_admin"),
        is_in_tenant: false,
    },
    Extractor {
        scheme: "ScopeAdmin",
        role: Some("tenant_admin"),
        is_in_tenant: true,
    },
    Extractor {
        scheme: "AgencyAdmin",
        role: Some("agency_admin"),
        is_in_tenant: false,
    },
];

/// Rewrites the security of every operation. A scheme that is not known here stays, and is seen by a test.
pub(super) fn fold(document: &mut Value) {
    each_operation(document, |_, _, operation| {
        let Some(security) = operation.get("security").cloned() else {
            operation.insert("security".to_owned(), json!([]));
            return;
        };
        if let Some(extractor) = extractor(&security) {
            demand(operation, extractor);
        }
    });
    if let Some(Value::Object(schemes)) = document.pointer_mut("/components/securitySchemes") {
        schemes.retain(|name, _| EXTRACTORS.iter().all(|known| known.scheme != name));
    }
    let bearer = json!({
        "type": "http",
        "scheme": "bearer",
        "description": "An API token of ctsync, or a JWT of the identity provider that the service trusts.",
    });
    put(
        document,
        &["components", "securitySchemes", "bearer"],
        bearer,
    );
    put(
        document,
        &["components", "parameters", "TenantId"],
        tenant_parameter(),
    );
}

fn extractor(security: &Value) -> Option<&'static Extractor> {
    let (scheme, _) = entries(security.get(0)?).next()?;
    EXTRACTORS.iter().find(|known| known.scheme == scheme)
}

fn demand(operation: &mut Object, extractor: &Extractor) {
    operation.insert("security".to_owned(), json!([{ "bearer": [] }]));
    if let Some(role) = extractor.role {
        operation.insert("x-required-role".to_owned(), role.into());
        let place = if extractor.is_in_tenant {
            " in the tenant"
        } else {
            ""
        };
        add_sentence(operation, &format!("Takes the role `{role}`{place}."));
    }
    if extractor.is_in_tenant {
        refer_to_parameter(operation, "TenantId");
    }
}

fn add_sentence(operation: &mut Object, sentence: &str) {
    let text = match operation.get("description").and_then(Value::as_str) {
        Some(text) => format!("{text}\n\n{sentence}"),
        None => sentence.to_owned(),
    };
    operation.insert("description".to_owned(), text.into());
}

fn tenant_parameter() -> Value {
    json!({
        "name": TENANT_HEADER,
        "in": "header",
        "description": "The tenant, by id or slug. A token of one tenant needs no header; whoever may use several must name one. For example `harbor-homes`.",
        "schema": { "type": "string", "pattern": "^[a-z0-9-]{1,63}$" },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(security: Value) -> (Value, Value) {
        let mut operation = json!({ "operationId": "get_it", "description": "Why." });
        if !security.is_null() {
            operation["security"] = security;
        }
        let mut document = json!({
            "paths": { "/it": { "get": operation } },
            "components": { "securitySchemes": { "TenantAdmin": {}, "Unknown": {} } },
        });
        fold(&mut document);
        let operation = document["paths"]["/it"]["get"].take();
        (operation, document["components"]["securitySchemes"].take())
    }

    #[test]
    fn an_extractor_becomes_bearer_role_and_header() {
        let (operation, _) = folded(json!([{ "TenantAdmin": [] }]));
        assert_eq!(operation["security"], json!([{ "bearer": [] }]));
        assert_eq!(operation["x-required-role"], "tenant_admin");
        assert_eq!(
            operation["description"],
            "Why.\n\nTakes the role `tenant_admin` in the tenant."
        );
        let parameter = &operation["parameters"][0]["$ref"];
        assert_eq!(parameter, "#/components/parameters/TenantId");
    }

    #[test]
    fn the_agency_and_whoever_is_signed_in_name_no_tenant() {
        for scheme in ["AgencyAdmin", "SignedIn"] {
            let (operation, _) = folded(json!([{ scheme: [] }]));
            assert_eq!(operation["security"], json!([{ "bearer": [] }]));
            assert!(operation.get("parameters").is_none(), "{scheme}");
        }
    }

    #[test]
    fn what_nobody_guards_is_said_to_be_public() {
        assert_eq!(folded(Value::Null).0["security"], json!([]));
    }

    #[test]
    fn an_unknown_extractor_stays_visible() {
        let (operation, schemes) = folded(json!([{ "Unknown": [] }]));
        assert_eq!(operation["security"], json!([{ "Unknown": [] }]));
        assert_eq!(schemes.as_object().map(Object::len), Some(2));
    }
}
