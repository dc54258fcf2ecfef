//! Secrets and personal data show up nowhere: not in logs at any level, errors, reports or tables.

use ctsync_sandbox::{Fault, FaultKind};
use secrecy::ExposeSecret;
use tests::{endpoint, on_both_databases};

use crate::installation::{Finished, Installation, finished};

/// A bare level is for our own code only; this is for all that runs.
const EVERYTHING: &str = "ctsync=trace,engine=trace,reqwest=trace,hyper=trace,hyper_util=trace,h2=trace,sqlx=trace,\
                          sqlx_core=trace,sea_orm=trace,sea_orm_migration=trace,tokio=trace,backoff=trace,trace";
const SECRET: &str = "s3cret-web-key-0123456789";

fn assert_silent(done: &Finished, words: &[&str]) {
    for word in words {
        assert!(
            !done.stdout.contains(word),
            "{word} on stdout: {}",
            done.stdout
        );
        assert!(
            !done.stderr.contains(word),
            "{word} on stderr: {}",
            done.stderr
        );
    }
}

on_both_databases! {
    async fn a_log_at_trace_level_holds_no_secret_and_no_personal_data(app: &TestApp) {
        let ctsync = Installation::new(app);
        let account = ctsync.add_account(SECRET, 20);
        let credentials = format!("web_key={SECRET}\naccess_token={}\n", account.access_token());
        ctsync.connect("acme", &credentials).await;
        account.inject(Fault::new(FaultKind::HtmlPage).on(endpoint::CLIENTS).times(1));
        let truth = account.truth();
        let person = &truth.clients[0];
        let words = [SECRET, &account.access_token(), ctsync.key.expose_secret(), person.text("phone"), person.text("lastName")].map(str::to_owned);
        let words: Vec<&str> = words.iter().map(String::as_str).filter(|word| !word.is_empty()).collect();
        let mut traces = 0;
        for args in [["run", "--all"].as_slice(), &["status"], &["connections", "list"], &["runs", "list"], &["doctor"]] {
            let mut command = ctsync.command(args);
            command.env("CTSYNC_LOG", EVERYTHING);
            // The test server trusts everybody, with any password.
            let url = app.database.url().replace("postgres@", &format!("postgres:{SECRET}@"));
            command.env("DATABASE_URL", url);
            let done = finished(command.spawn().unwrap()).await;
            traces += done.stderr.matches("\"level\":\"TRACE\"").count();
            assert_silent(&done, &words);
        }
        assert!(traces > 0, "nothing was logged at trace level");
    }

    async fn a_refusal_does_not_repeat_the_credentials(app: &TestApp) {
        let ctsync = Installation::new(app);
        ctsync.connect("acme", &format!("web_key={SECRET}\naccess_token=wrong-{SECRET}\n")).await;
        let done = ctsync.run(&["run", "--all"]).await;
        assert_eq!(done.code, Some(11));
        assert_silent(&done, &[SECRET]);
        assert_silent(&ctsync.run(&["doctor"]).await, &[SECRET]);
    }
}
