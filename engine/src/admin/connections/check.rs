//! What is acceptable for a connection, and how acts on one are told.

use entity::{Source, connection};
use serde_json::Value;
use url::Url;

use crate::admin::audit::Act;
use crate::admin::write::plain_name;
use crate::admin::{Assignment, assignment};
use crate::egress::Egress;
use crate::error::{Error, Result};
use crate::settings;

pub(super) fn not_found(reference: &str) -> Error {
    Error::NotFound {
        what: "connection",
        name: reference.to_owned(),
    }
}

pub(super) fn act(action: &'static str, row: &connection::Model, detail: Value) -> Act {
    Act {
        tenant: Some(row.tenant_id),
        action,
        object_type: "connection",
        object_id: row.id.to_string(),
        detail,
    }
}

pub(super) fn checked_name(name: &str) -> Result<String> {
    let name = plain_name("connection's name", name)?;
    if name.contains('/') {
        // `<tenant>/<name>` names a connection.
        return Err(Error::Invalid(
            "the connection's name cannot have a slash".to_owned(),
        ));
    }
    Ok(name)
}

pub(super) fn changed_settings(
    name: &str,
    source: Source,
    settings: &Value,
    changes: &[Assignment],
) -> Result<Value> {
    let owner = format!("connection {name}");
    let mut settings = assignment::apply(settings, changes, |json| {
        settings::connection_settings(&owner, source, json).map(drop)
    })?;
    if let Some(Value::String(url)) = settings.get_mut("base_url") {
        *url = checked_base_url(url)?;
    }
    Ok(settings)
}

/// Returns `url` in the form endpoints are resolved against: the last slash counts. Which hosts are listed is the process's
/// business, which asks them.
fn checked_base_url(url: &str) -> Result<String> {
    let parsed = Url::parse(url).ok();
    let parsed = parsed.filter(|url| url.query().is_none() && url.fragment().is_none());
    let parsed = parsed.ok_or_else(|| {
        Error::Invalid(
            "base_url must be an https address without query, for example \
             https://api.clienttether.com/v2/api/"
                .to_owned(),
        )
    })?;
    Egress::default().check(&parsed)?;
    Ok(format!("{}/", url.trim_end_matches('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_would_read_as_a_reference_is_refused() {
        assert!(checked_name("north/main").is_err());
        assert_eq!(checked_name("north").unwrap(), "north");
    }

    #[test]
    fn a_base_url_ends_with_a_slash() {
        let url = checked_base_url("http://localhost:1/v2/api").unwrap();
        assert_eq!(url, "http://localhost:1/v2/api/");
        assert_eq!(checked_base_url(&url).unwrap(), url);
        assert!(checked_base_url("ftp://localhost/").is_err());
    }
}
