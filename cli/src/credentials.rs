//! Reading credentials from a file, from standard input, or unseen from a terminal.
//!
//! Never from arguments, which other users of the machine can see. What was read is never repeated, not
//! even in a message about what is wrong with it.

use std::io::{IsTerminal, Read, stdin};
use std::path::{Path, PathBuf};

use anyhow::Result;
use console::Term;
use engine::secret::Credentials;
use secrecy::SecretString;

use crate::exit::Usage;

/// More than any credentials need.
const MAX_BYTES: u64 = 64 * 1024;

/// Where credentials come from.
#[derive(Debug, clap::Args)]
pub(crate) struct CredentialsArgs {
    /// File with the credentials; standard input if left out.
    ///
    /// Either the web key alone, or lines `web_key=…` and `access_token=…`, or the same as JSON. Without
    /// an access token of its own a connection uses CLIENTTETHER_ACCESS_TOKEN.
    #[arg(long, value_name = "FILE")]
    credentials_file: Option<PathBuf>,
}

impl CredentialsArgs {
    /// Reads the credentials; asks for them when standard input is a terminal.
    pub(crate) fn read(&self) -> Result<Credentials> {
        match &self.credentials_file {
            Some(path) => parse(&read_file(path)?),
            None if stdin().is_terminal() => ask(),
            None => parse(&read_all(stdin().lock(), "standard input")?),
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

fn ask() -> Result<Credentials> {
    let term = Term::stderr();
    term.write_str("Web key of the account (not shown): ")?;
    let web_key = term.read_secure_line()?;
    term.write_str("Access token (not shown; empty = CLIENTTETHER_ACCESS_TOKEN): ")?;
    let access_token = term.read_secure_line()?;
    let access_token = Some(access_token.trim()).filter(|token| !token.is_empty());
    build(Some(&web_key), access_token)
}

fn parse(text: &str) -> Result<Credentials> {
    let text = text.trim();
    if text.starts_with('{') {
        return parse_json(text);
    }
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    match (lines.next(), lines.next()) {
        (Some(only), None) if field(only).is_none() => build(Some(only), None),
        _ => parse_lines(text),
    }
}

fn parse_json(text: &str) -> Result<Credentials> {
    // The parser's own words could quote a secret.
    let refused = |_| {
        Usage(
            "the credentials look like JSON but are not {\"web_key\": \"…\"} or {\"web_key\": \"…\", \
             \"access_token\": \"…\"}"
                .to_owned(),
        )
    };
    let credentials: Credentials = serde_json::from_str(text).map_err(refused)?;
    let Credentials {
        web_key,
        access_token,
    } = credentials;
    Ok(Credentials {
        web_key: checked("web_key", web_key)?,
        access_token: access_token
            .map(|token| checked("access_token", token))
            .transpose()?,
    })
}

fn parse_lines(text: &str) -> Result<Credentials> {
    let (mut web_key, mut access_token) = (None, None);
    for (place, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        match field(line) {
            Some(("web_key", value)) => web_key = Some(value),
            Some((_, value)) => access_token = Some(value),
            None => {
                return Err(Usage(format!(
                    "line {} of the credentials is neither web_key=… nor access_token=…",
                    place + 1
                ))
                .into());
            }
        }
    }
    build(web_key, access_token)
}

/// Splits a line that sets one of the two known fields. Web keys may contain `=` themselves.
fn field(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once('=')?;
    let name = name.trim();
    matches!(name, "web_key" | "access_token").then(|| (name, value.trim()))
}

fn build(web_key: Option<&str>, access_token: Option<&str>) -> Result<Credentials> {
    let web_key = web_key.ok_or_else(|| {
        Usage(
            "the credentials have no web key: give it alone on a line, or as web_key=…".to_owned(),
        )
    })?;
    Ok(Credentials {
        web_key: checked("web_key", web_key.trim().into())?,
        access_token: access_token
            .map(|token| checked("access_token", token.into()))
            .transpose()?,
    })
}

fn checked(name: &str, secret: SecretString) -> Result<SecretString> {
    use secrecy::ExposeSecret;
    let text = secret.expose_secret();
    if !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic()) {
        return Ok(secret);
    }
    Err(Usage(format!(
        "the {name} must be printable ASCII without spaces, and not empty"
    ))
    .into())
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    fn read(text: &str) -> (String, Option<String>) {
        let Credentials {
            web_key,
            access_token,
        } = parse(text).unwrap();
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
            let error = parse(text).unwrap_err();
            assert!(!format!("{error:#}").contains("hunter2"), "{error:#}");
            assert!(error.is::<Usage>());
        }
    }
}
