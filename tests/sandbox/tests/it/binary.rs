//! The program itself.

use std::process::Stdio;

use anyhow::Context;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

#[tokio::test]
async fn the_program_says_where_it_listens_and_stops_when_told() -> anyhow::Result<()> {
    let mut program = Command::new(env!("CARGO_BIN_EXE_ctsync-sandbox"))
        .args(["--accounts", "2", "--leads", "3", "--odd"])
        .args(["--opportunities", "5", "--rms-opportunities", "7"])
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let stdout = program.stdout.take().context("stdout is piped")?;
    let line = BufReader::new(stdout).lines().next_line().await?;
    let line: Value = serde_json::from_str(&line.unwrap_or_default())?;
    let account = &line["accounts"][1];
    assert_eq!(account["webKey"], "web-key-2");

    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let url = format!(
        "{}/clienttether/v2/api/read_client_list",
        text(&line["url"])
    );
    let http = reqwest::Client::builder().no_proxy().build()?;
    let request = http
        .get(url)
        .header("X-Access-Token", text(&account["accessToken"]))
        .header("X-Web-Key", text(&account["webKey"]));
    let answer: Value = request.send().await?.json().await?;
    assert_eq!(answer["TotalRecord"], 3);

    let account = &line["currentRmsAccounts"][1];
    assert_eq!(account["subdomain"], "rental-2");
    let url = format!("{}/current-rms/api/v1/opportunities", text(&line["url"]));
    let request = http
        .get(url)
        .header("X-SUBDOMAIN", text(&account["subdomain"]))
        .header("X-AUTH-TOKEN", text(&account["apiKey"]));
    let answer: Value = request
        .query(&[("filtermode", "all")])
        .send()
        .await?
        .json()
        .await?;
    assert_eq!(answer["meta"]["total_row_count"], 7);

    let id = program.id().context("the program runs")?.to_string();
    Command::new("kill").args(["-TERM", &id]).status().await?;
    assert!(program.wait().await?.success());
    Ok(())
}
