//! The addresses that upstreams send webhooks to.

use entity::Source;
use secrecy::{ExposeSecret, SecretString};
use url::{Host, Url};

use super::key::KEY_CHARS;
use crate::error::{Error, Result};

/// Stands for a key that is not shown.
const HIDDEN: &str = "…";

/// Reads the address under which the service is reached from outside; `name` is what it is called by whoever gave it.
///
/// # Errors
/// When it is none that keys may be sent to: they need https, save on this machine.
pub fn public_url(name: &str, text: &str) -> Result<Url> {
    let url = Url::parse(&format!("{}/", text.trim().trim_end_matches('/'))).ok();
    url.filter(is_usable).ok_or_else(|| {
        Error::Configuration(format!(
            "{name} must be an https address without query, like https://sync.example.com \
             (http only for this machine)"
        ))
    })
}

fn is_usable(url: &Url) -> bool {
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    let has_user = !url.username().is_empty() || url.password().is_some();
    let is_bare = url.query().is_none() && url.fragment().is_none() && !has_user;
    is_bare && (url.scheme() == "https" || (url.scheme() == "http" && is_here))
}

/// Where webhooks of `source` come in at the service.
fn path(source: Source) -> &'static str {
    match source {
        Source::ClientTether => "api/webhooks/clienttether/",
        Source::CurrentRms => "api/webhooks/current-rms/",
    }
}

/// Returns where webhooks of `source` with this key go; `base` ends with a slash.
pub(super) fn target(base: &Url, source: Source, key: &SecretString) -> SecretString {
    format!("{base}{}{}", path(source), key.expose_secret()).into()
}

/// Returns the key in an address that may be one of ours.
pub(super) fn key_in(source: Source, target: &SecretString) -> Option<SecretString> {
    let (_, key) = target.expose_secret().rsplit_once(path(source))?;
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let is_key = key.len() == KEY_CHARS && key.bytes().all(is_letter);
    is_key.then(|| key.into())
}

/// Returns an address of ours without its key, or of others without whatever may be one.
pub(super) fn shown(target: &SecretString, key: Option<&SecretString>) -> String {
    let text = target.expose_secret();
    if let Some(key) = key {
        return text.replace(key.expose_secret(), HIDDEN);
    }
    match Url::parse(text).map(|url| url.origin().ascii_serialization()) {
        Ok(origin) if origin != "null" => format!("{origin}/{HIDDEN}"),
        _ => HIDDEN.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "0123456789012345678901234567890123456789-_a";

    #[test]
    fn keys_are_sent_over_https_or_not_at_all() {
        for good in [
            "https://sync.example.com",
            "https://example.com/sync/",
            "http://localhost:8080",
            "http://[::1]:8080",
        ] {
            assert!(public_url("--url", good).is_ok(), "{good}");
        }
        for wrong in [
            "http://sync.example.com",
            "https://a.example.com/?x=1",
            "https://user@a.example.com",
            "https://:word@a.example.com",
            "sync.example.com",
            "",
        ] {
            let error = public_url("--url", wrong).unwrap_err().to_string();
            assert!(error.starts_with("--url must be"), "{error}");
        }
    }

    #[test]
    fn a_key_is_found_in_its_address_and_hidden() {
        let base = public_url("--url", "https://example.com/sync").unwrap();
        let target = target(&base, Source::CurrentRms, &KEY.into());
        let key = key_in(Source::CurrentRms, &target).unwrap();
        assert_eq!(key.expose_secret(), KEY);
        let expected = "https://example.com/sync/api/webhooks/current-rms/…";
        assert_eq!(shown(&target, Some(&key)), expected);
    }

    #[test]
    fn what_others_have_in_their_addresses_is_not_shown() {
        for (text, expected) in [
            (
                "https://other.example.com/in?token=s3cret",
                "https://other.example.com/…",
            ),
            ("nonsense s3cret", "…"),
        ] {
            assert!(key_in(Source::CurrentRms, &text.into()).is_none());
            assert_eq!(shown(&text.into(), None), expected);
        }
    }
}
