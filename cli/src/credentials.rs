//! Reading credentials from a file, from standard input, or unseen from a terminal.
//!
//! Never from arguments, which other users of the machine can see. What was read is never repeated, not
//! even in a message about what is wrong with it.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Read, stdin};
use std::path::{Path, PathBuf};

use anyhow::Result;
use console::Term;
use engine::credentials::{CredentialField, Credentials};
use entity::Source;
use secrecy::SecretString;

use crate::exit::Usage;

/// More than any credentials need.
const MAX_BYTES: u64 = 64 * 1024;

/// Where credentials come from.
#[derive(Debug, clap::Args)]
pub(crate) struct CredentialsArgs {
    /// File with the credentials; standard input if left out.
    ///
    /// Lines `name=value`, or the same as JSON. For clienttether: `web_key=…` and `access_token=…`, or the web key
    /// alone; without an access token of its own a connection uses CLIENTTETHER_ACCESS_TOKEN. For current_rms:
    /// `subdomain=…` and `api_key=…`.
    #[arg(long, value_name = "FILE")]
    credentials_file: Option<PathBuf>,
}

/// The values of the fields that were given.
type Given = BTreeMap<&'static str, SecretString>;

impl CredentialsArgs {
    /// Reads credentials of `source`; asks for them when standard input is a terminal.
    pub(crate) fn read(&self, source: Source) -> Result<Credentials> {
        match &self.credentials_file {
            Some(path) => parse(source, &read_file(path)?),
            None if stdin().is_terminal() => build(source, &ask(source)?),
            None => parse(source, &read_all(stdin().lock(), "standard input")?),
        }
    }
}

fn read_file(path: &Path) -> Result<String> {
    let name = path.display().to_string();
    let file = std::fs::File::open(path).map_err(|error| {
        Usage(format!(
            "the credentials file {name} cannot be read: {error}"
        ))
    })?;
    read_all(file, &name)
}

fn read_all(reader: impl Read, name: &str) -> Result<String> {
    let mut text = String::new();
    let read = reader.take(MAX_BYTES).read_to_string(&mut text);
    read.map_err(|error| Usage(format!("the credentials in {name} cannot be read: {error}")))?;
    Ok(text)
}

fn ask(source: Source) -> Result<Given> {
    let term = Term::stderr();
    let mut given = Given::new();
    for CredentialField { name, prompt, .. } in Credentials::fields(source) {
        term.write_str(&format!("{prompt} (not shown): "))?;
        let value = term.read_secure_line()?;
        if !value.trim().is_empty() {
            given.insert(name, value.trim().into());
        }
    }
    Ok(given)
}

fn parse(source: Source, text: &str) -> Result<Credentials> {
    let text = text.trim();
    let given = if text.starts_with('{') {
        parse_json(source, text)?
    } else {
        parse_lines(source, text)?
    };
    build(source, &given)
}

fn parse_json(source: Source, text: &str) -> Result<Given> {
    // The parser's own words could quote a secret.
    let refused = || {
        let fields = Credentials::fields(source).iter();
        let fields: Vec<_> = fields
            .map(|field| format!("\"{}\": \"…\"", field.name))
            .collect();
        Usage(format!(
            "the credentials look like JSON but are not {{{}}}",
            fields.join(", ")
        ))
    };
    let object: BTreeMap<String, String> = serde_json::from_str(text).map_err(|_| refused())?;
    let pair = |(name, value): (String, String)| Some((known(source, &name)?, value.into()));
    let pairs: Option<Given> = object.into_iter().map(pair).collect();
    Ok(pairs.ok_or_else(refused)?)
}

fn parse_lines(source: Source, text: &str) -> Result<Given> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    if let (Some(only), None) = (lines.next(), lines.next())
        && field(source, only).is_none()
        && let Some(name) = sole_required(source)
    {
        return Ok(Given::from([(name, only.into())]));
    }
    let mut given = Given::new();
    for (place, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, value) = field(source, line).ok_or_else(|| not_a_field(source, place))?;
        given.insert(name, value.into());
    }
    Ok(given)
}

fn not_a_field(source: Source, place: usize) -> Usage {
    let fields = Credentials::fields(source).iter();
    let fields: Vec<_> = fields.map(|field| format!("{}=…", field.name)).collect();
    Usage(format!(
        "line {} of the credentials is neither {}",
        place + 1,
        fields.join(" nor ")
    ))
}

/// The field that a bare line is, where only one is needed.
fn sole_required(source: Source) -> Option<&'static str> {
    let fields = Credentials::fields(source).iter();
    let mut required = fields.filter(|field| field.is_required);
    match (required.next(), required.next()) {
        (Some(only), None) => Some(only.name),
        _ => None,
    }
}

/// Splits a line that sets one of the known fields. Secrets may contain `=` themselves.
fn field(source: Source, line: &str) -> Option<(&'static str, &str)> {
    let (name, value) = line.split_once('=')?;
    Some((known(source, name.trim())?, value.trim()))
}

fn known(source: Source, name: &str) -> Option<&'static str> {
    let mut fields = Credentials::fields(source).iter();
    fields
        .find(|field| field.name == name)
        .map(|field| field.name)
}

fn build(source: Source, given: &Given) -> Result<Credentials> {
    let credentials = Credentials::from_fields(source, |name| given.get(name).cloned());
    credentials.map_err(|error| Usage(error.to_string()).into())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn read(text: &str) -> (String, Option<String>) {
        let parsed = parse(Source::ClientTether, text).unwrap();
        let Credentials::ClientTether {
            web_key,
            access_token,
        } = parsed
        else {
            panic!("they are of another upstream");
        };
        let token = access_token.map(|token| token.expose_secret().to_owned());
        (web_key.expose_secret().to_owned(), token)
    }

    #[test]
    fn a_bare_line_is_the_web_key() {
        assert_eq!(read("abc123==\n"), ("abc123==".to_owned(), None));
    }

    #[test]
    fn lines_name_their_secrets() {
        let both = ("k=1".to_owned(), Some("t".to_owned()));
        assert_eq!(read("# north\r\nweb_key = k=1\r\naccess_token=t\r\n"), both);
        assert_eq!(read("web_key=k\n"), ("k".to_owned(), None));
    }

    #[test]
    fn json_names_its_secrets() {
        let text = r#"{"web_key": "k", "access_token": "t"}"#;
        assert_eq!(read(text), ("k".to_owned(), Some("t".to_owned())));
    }

    #[test]
    fn what_is_wrong_is_refused_without_being_repeated() {
        let wrong = [
            "",
            "access_token=hunter2",
            "hunter2\nhunter2",
            "web_key=hunter2\nother=hunter2",
            "web_key=",
            "hunter2 hunter2",
            r#"{"hunter2": "hunter2"}"#,
            r#"{"web_key": "hunter2" "#,
            r#"{"web_key": " hunter2"}"#,
        ];
        for text in wrong {
            let error = parse(Source::ClientTether, text).unwrap_err();
            assert!(!format!("{error:#}").contains("hunter2"), "{error:#}");
            assert!(error.is::<Usage>());
        }
    }

    #[test]
    fn each_upstream_has_fields_of_its_own() {
        for text in [
            "subdomain=north\napi_key=k",
            r#"{"subdomain": "north", "api_key": "k"}"#,
        ] {
            let parsed = parse(Source::CurrentRms, text).unwrap();
            assert!(
                matches!(parsed, Credentials::CurrentRms { subdomain, .. } if subdomain == "north")
            );
        }
        for text in [
            "hunter2",
            "web_key=hunter2",
            "api_key=hunter2",
            r#"{"web_key": "hunter2"}"#,
        ] {
            let error = parse(Source::CurrentRms, text).unwrap_err();
            assert!(!format!("{error:#}").contains("hunter2"), "{error:#}");
        }
    }
}
