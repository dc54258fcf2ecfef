//! What a verified token says, and whether it counts here and now.

use std::time::Duration;

use chrono::{DateTime, TimeDelta};
use engine::admin::users::is_subject;
use entity::Timestamp;
use serde::Deserialize;
use serde_json::{Number, Value};

use super::error::Refusal;
use super::settings::OidcSettings;
use super::verifier::Identity;

/// The claims that count, of a token whose signature was good.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    iss: Option<String>,
    aud: Option<Audience>,
    sub: Option<String>,
    exp: Option<Number>,
    nbf: Option<Number>,
    iat: Option<Number>,
    // Whatever an odd issuer puts here must not spoil the rest.
    email: Option<Value>,
    email_verified: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Claims {
    /// Returns whom the token speaks of, if it is from the issuer, for us and good at the moment `now`.
    pub(super) fn identity(
        self,
        settings: &OidcSettings,
        now: Timestamp,
    ) -> Result<Identity, Refusal> {
        self.check_parties(settings)?;
        self.check_time(settings.leeway, now)?;
        let verified_email = self.verified_email();
        let subject = self.sub.filter(|subject| is_subject(subject));
        Ok(Identity {
            subject: subject.ok_or(Refusal::Subject)?,
            verified_email,
        })
    }

    fn check_parties(&self, settings: &OidcSettings) -> Result<(), Refusal> {
        if self.iss.as_ref() != Some(&settings.issuer) {
            return Err(Refusal::Issuer);
        }
        let is_ours = |name: &String| settings.audience.contains(name);
        let is_for_us = match &self.aud {
            Some(Audience::One(name)) => is_ours(name),
            Some(Audience::Several(names)) => names.iter().any(is_ours),
            None => false,
        };
        if is_for_us {
            Ok(())
        } else {
            Err(Refusal::Audience)
        }
    }

    fn check_time(&self, leeway: Duration, now: Timestamp) -> Result<(), Refusal> {
        let expiry = moment(self.exp.as_ref())?.ok_or(Refusal::NoExpiry)?;
        if now - leeway >= expiry {
            return Err(Refusal::Expired);
        }
        for start in [&self.nbf, &self.iat] {
            if moment(start.as_ref())?.is_some_and(|start| now + leeway < start) {
                return Err(Refusal::NotYetValid);
            }
        }
        Ok(())
    }

    /// An address that the issuer does not vouch for could be anybody's. Nor is anybody recognised by one with letters beyond
    /// ASCII: some of them turn into others when their case is changed.
    fn verified_email(&self) -> Option<String> {
        let is_verified = self.email_verified == Some(Value::Bool(true));
        let email = self.email.as_ref()?.as_str()?.trim().to_ascii_lowercase();
        (is_verified && !email.is_empty() && email.is_ascii()).then_some(email)
    }
}

/// Reads seconds since 1970, which may have a fraction.
fn moment(seconds: Option<&Number>) -> Result<Option<Timestamp>, Refusal> {
    let Some(number) = seconds else {
        return Ok(None);
    };
    let moment = match number.as_i64() {
        Some(whole) => DateTime::from_timestamp(whole, 0),
        None => fractional_moment(number),
    };
    moment.map(Some).ok_or(Refusal::Malformed)
}

fn fractional_moment(number: &Number) -> Option<Timestamp> {
    let length = Duration::try_from_secs_f64(number.as_f64()?).ok()?;
    DateTime::UNIX_EPOCH.checked_add_signed(TimeDelta::from_std(length).ok()?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// 2026-03-02 15:00:00 UTC.
    const NOW: i64 = 1_772_463_600;

    fn settings() -> OidcSettings {
        OidcSettings {
            issuer: "https://id.example.com".to_owned(),
            audience: vec!["dashboards".to_owned(), "reports".to_owned()],
            jwks_url: "https://id.example.com/keys".parse().unwrap(),
            leeway: Duration::from_mins(1),
        }
    }

    /// Good claims with one of them replaced, or removed where the value is null.
    fn with(name: &str, value: Value) -> Result<Identity, Refusal> {
        let mut claims = json!({
            "iss": "https://id.example.com", "aud": "dashboards", "sub": "ann", "exp": NOW + 300,
        });
        claims[name] = value;
        let claims: Claims = serde_json::from_value(claims).map_err(|_| Refusal::Malformed)?;
        claims.identity(&settings(), DateTime::from_timestamp(NOW, 0).unwrap())
    }

    fn refusal(name: &str, value: Value) -> Option<Refusal> {
        with(name, value).err()
    }

    #[test]
    fn the_issuer_must_be_exactly_ours() {
        for issuer in [
            json!("https://id.example.com/"),
            json!("https://ID.example.com"),
            json!(""),
            json!(null),
        ] {
            assert_eq!(refusal("iss", issuer), Some(Refusal::Issuer));
        }
        let list = json!(["https://id.example.com"]);
        assert_eq!(refusal("iss", list), Some(Refusal::Malformed));
    }

    #[test]
    fn nobody_is_recognised_by_letters_that_become_others() {
        let email = |email: &str| {
            let claims = json!({
                "iss": "https://id.example.com", "aud": "dashboards", "sub": "ann", "exp": NOW + 300,
                "email": email, "email_verified": true,
            });
            let claims: Claims = serde_json::from_value(claims).unwrap();
            let now = DateTime::from_timestamp(NOW, 0).unwrap();
            claims.identity(&settings(), now).unwrap().verified_email
        };
        assert_eq!(email("Kim@Example.com").unwrap(), "kim@example.com");
        // The sign for Kelvin.
        assert_eq!(email("\u{212a}im@example.com"), None);
    }

    #[test]
    fn one_audience_must_be_ours() {
        for audience in [json!("reports"), json!(["other", "dashboards"])] {
            assert_eq!(refusal("aud", audience), None);
        }
        for audience in [json!("dash"), json!(["other"]), json!([]), json!(null)] {
            assert_eq!(refusal("aud", audience), Some(Refusal::Audience));
        }
    }

    #[test]
    fn an_expired_token_is_good_for_the_leeway_and_no_longer() {
        assert_eq!(refusal("exp", json!(NOW - 59)), None);
        assert_eq!(refusal("exp", json!(NOW - 60)), Some(Refusal::Expired));
        assert_eq!(refusal("exp", json!(-1)), Some(Refusal::Expired));
        assert_eq!(refusal("exp", json!(null)), Some(Refusal::NoExpiry));
    }

    #[test]
    fn a_token_may_begin_within_the_leeway_and_no_later() {
        for name in ["nbf", "iat"] {
            assert_eq!(refusal(name, json!(NOW + 60)), None, "{name}");
            assert_eq!(
                refusal(name, json!(NOW + 61)),
                Some(Refusal::NotYetValid),
                "{name}"
            );
        }
    }

    #[test]
    fn moments_may_have_a_fraction_and_must_exist() {
        let fraction = Number::from_f64(1_772_463_600.5).unwrap();
        assert_eq!(refusal("exp", json!(fraction)), None);
        for odd in [
            json!(1e300),
            json!(-1.5),
            json!(i64::MAX),
            json!("1772463600"),
        ] {
            assert_eq!(
                refusal("exp", odd.clone()),
                Some(Refusal::Malformed),
                "{odd}"
            );
        }
    }

    #[test]
    fn the_subject_names_somebody() {
        for subject in [
            json!(""),
            json!(" "),
            json!("a\u{0}b"),
            json!("x".repeat(256)),
            json!(null),
        ] {
            assert_eq!(refusal("sub", subject), Some(Refusal::Subject));
        }
        assert_eq!(refusal("sub", json!(7)), Some(Refusal::Malformed));
    }

    fn email(email: &Value, verified: &Value) -> Option<String> {
        let claims = json!({ "email": email, "email_verified": verified });
        serde_json::from_value::<Claims>(claims)
            .unwrap()
            .verified_email()
    }

    #[test]
    fn only_a_verified_email_counts() {
        let ann = "ann@example.com";
        assert_eq!(
            email(&json!(" Ann@Example.com"), &json!(true)).as_deref(),
            Some(ann)
        );
        for verified in [json!(false), json!("true"), json!(1), json!(null)] {
            assert_eq!(email(&json!(ann), &verified), None);
        }
        for odd in [json!(""), json!([ann]), json!(null)] {
            assert_eq!(email(&odd, &json!(true)), None);
        }
    }
}
