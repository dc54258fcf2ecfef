//! The real service, from an edit upstream to the row.

use std::time::{Duration, Instant};

use secrecy::ExposeSecret;
use tests::{PATIENCE, on_both_databases};

use super::address;
use crate::process::running::{Process, command};

on_both_databases! {
    async fn an_edit_upstream_is_soon_in_the_database(app: &TestApp) {
        let site = app.rental_site(5).await;
        site.sync_well().await;
        let key = site.webhook_key().await;
        let folder = tempfile::tempdir().unwrap();
        let mut command = command(app, folder.path());
        command.env("CURRENT_RMS_API_URL", app.sandbox.current_rms_url());
        command.env("CTSYNC_SECRET_KEY", app.key.expose_secret());
        let process = Process::start(command).await;
        let target = format!("http://{}{}", process.address, address(&key));
        site.account.register_webhook("opportunity_update", &target).unwrap();
        // The service lives by the machine's clock.
        site.account.set_clock(ctsync_sandbox::Clock::system());
        let (id, edited) = (site.id(2), Instant::now());
        site.account.update_opportunity(&id, "subject", "Renamed").unwrap();
        site.account.deliveries_settled().await;
        let acknowledged = edited.elapsed();
        let wait = async {
            while site.row(&id).await.unwrap().subject.as_deref() != Some("Renamed") {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.unwrap();
        assert!(acknowledged < edited.elapsed());
        site.assert_mirrors_truth().await;
        process.signal("-TERM").await;
        assert_eq!(process.end().await.code, Some(0));
    }
}
