//! Who may ask, and how often.

use chrono::{DateTime, TimeDelta, Utc};
use ctsync_sandbox::current_rms::{ApiAccess, RateLimit, Switches};
use ctsync_sandbox::{AuthFailure, Clock};
use serde_json::{Value, json};

use super::client::{API_KEY, SUBDOMAIN, Stage, unlimited};

const PATH: &str = "stores?per_page=1";

fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_780_000_000, 0).unwrap_or_default()
}

#[tokio::test]
async fn missing_wrong_and_unknown_keys_are_refused_with_errors() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    let url = format!("{}{PATH}", stage.sandbox.current_rms_url());
    for (subdomain, key) in [(SUBDOMAIN, "wrong"), ("unknown", API_KEY), (SUBDOMAIN, "")] {
        let request = stage.http.get(&url).header("X-SUBDOMAIN", subdomain);
        let answer = request.header("X-AUTH-TOKEN", key).send().await?;
        assert_eq!(answer.status(), 401);
        let body: Value = answer.json().await?;
        assert_eq!(body, json!({"errors": ["Unauthorized"]}));
    }
    let credentials = format!("{url}&subdomain={SUBDOMAIN}&apikey={API_KEY}");
    assert_eq!(stage.http.get(credentials).send().await?.status(), 401);
    Ok(())
}

#[tokio::test]
async fn a_refusal_of_keys_has_four_styles() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    stage.account.rotate_secret();
    for (auth_failure, status, start) in [
        (AuthFailure::Unauthorized, 401, "{\"errors\""),
        (AuthFailure::Forbidden, 403, "{\"errors\""),
        (AuthFailure::Html, 401, "<!DOCTYPE html>"),
        (AuthFailure::Envelope, 200, "{\"errors\""),
    ] {
        let switches = Switches {
            auth_failure,
            ..unlimited()
        };
        stage.account.set_switches(switches);
        let answer = stage.get(PATH).await?;
        assert_eq!(answer.status(), status);
        assert!(answer.text().await?.starts_with(start));
    }
    Ok(())
}

#[tokio::test]
async fn an_account_without_access_to_the_api_is_told_so() -> anyhow::Result<()> {
    let stage = Stage::spawn().await?;
    let api_access = ApiAccess::Disabled;
    stage.account.set_switches(Switches {
        api_access,
        ..unlimited()
    });
    let answer = stage.get(PATH).await?;
    assert_eq!(answer.status(), 403);
    assert_eq!(answer.text().await?, r#"{"errors":["API not enabled"]}"#);
    Ok(())
}

#[tokio::test]
async fn sixty_requests_a_minute_are_answered_and_then_one_a_second() -> anyhow::Result<()> {
    let stage = Stage::empty().await?;
    stage.account.set_switches(Switches::default());
    stage.account.set_clock(Clock::fixed(noon()));
    for _ in 0..60 {
        assert_eq!(stage.status(PATH).await?, 200);
    }
    let answer = stage.get(PATH).await?;
    assert_eq!(answer.status(), 429);
    assert!(answer.headers().get("retry-after").is_none());
    stage
        .account
        .set_clock(Clock::fixed(noon() + TimeDelta::seconds(2)));
    for expected in [200, 200, 429] {
        assert_eq!(stage.status(PATH).await?, expected);
    }
    Ok(())
}

#[tokio::test]
async fn a_429_can_say_when_to_come_again() -> anyhow::Result<()> {
    let stage = Stage::empty().await?;
    stage.account.set_clock(Clock::fixed(noon()));
    stage.account.set_switches(Switches {
        rate_limit: Some(RateLimit {
            requests: 1,
            seconds: 30,
        }),
        retry_after: true,
        ..Switches::default()
    });
    assert_eq!(stage.status(PATH).await?, 200);
    let answer = stage.get(PATH).await?;
    assert_eq!(answer.status(), 429);
    let header = answer.headers().get("retry-after");
    assert_eq!(header.and_then(|value| value.to_str().ok()), Some("30"));
    Ok(())
}

#[tokio::test]
async fn answers_are_dated_by_the_clock_of_the_account() -> anyhow::Result<()> {
    let stage = Stage::empty().await?;
    stage.account.set_clock(Clock::fixed(noon()));
    let answer = stage.get(PATH).await?;
    let date = answer
        .headers()
        .get("date")
        .and_then(|value| value.to_str().ok());
    assert_eq!(date, Some("Thu, 28 May 2026 20:26:40 GMT"));
    stage
        .account
        .set_clock(Clock::ahead_by(TimeDelta::hours(2)));
    assert!(stage.account.now() > Clock::system().now() + TimeDelta::minutes(119));
    Ok(())
}
