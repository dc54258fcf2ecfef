//! However slowly an account may be asked, every run comes further.

use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use ctsync_sandbox::AccountSpec;
use engine::observer::{Event, Observer};
use engine::run::SyncRequest;
use entity::{Stream, Timestamp, coverage};
use sea_orm::{ColumnTrait, PaginatorTrait, QueryFilter};
use serde_json::json;
use tests::endpoint::NOTES;
use tests::{Site, on_both_databases, plain};
use tokio_util::sync::CancellationToken;

const CONTACTS: usize = 40;
/// Requests a second that the account allows.
const RATE: usize = 2;
/// Seconds that a run may take, by the clock of the test.
const SECONDS: usize = 10;

/// Keeps a run where it is once its time is over by the clock of the test, until it is over by the true one.
struct Deadline {
    site: Site,
    over_at: Mutex<Option<Timestamp>>,
}

#[async_trait]
impl Observer for Deadline {
    async fn on(&self, event: Event) {
        let now = self.site.engine.clock.now();
        let over_at = *self
            .over_at
            .lock()
            .unwrap()
            .get_or_insert_with(|| now + TimeDelta::seconds(i64::try_from(SECONDS).unwrap()));
        if matches!(event, Event::PageRead { .. }) && now >= over_at {
            std::future::pending::<()>().await;
        }
    }
}

async fn contacts_covered(site: &Site) -> usize {
    let covered = coverage::Entity::owned_by(site.tenant)
        .filter(coverage::COLUMN.stream.eq(Stream::Notes))
        .count(site.engine.database.reader());
    usize::try_from(covered.await.unwrap()).unwrap()
}

on_both_databases! {
    async fn notes_of_many_contacts_are_all_there_after_as_few_runs_as_the_pace_allows(app: &TestApp) {
        let account = AccountSpec { leads: CONTACTS, notes: 2 * CONTACTS, activities: 10, ..AccountSpec::default() };
        let site = app.site(account).await;
        site.change_settings(json!({"concurrency": 1, "requests_per_second": RATE})).await;
        let deadline = Some(Duration::from_secs(3));
        let request = SyncRequest { deadline, ..plain() };
        let (mut runs, mut others) = (0, 0);
        while contacts_covered(&site).await < CONTACTS {
            let before = contacts_covered(&site).await;
            site.account.reset_requests();
            let watch = Deadline { site: site.clone(), over_at: Mutex::new(None) };
            let run = site.engine.sync(site.connection, &request, &watch, &CancellationToken::new()).await;
            run.unwrap();
            runs += 1;
            assert!(contacts_covered(&site).await > before, "run {runs} came no further");
            assert!(!site.records().await.activities.is_empty(), "run {runs}");
            others = site.account.requests().iter().filter(|request| request.endpoint != NOTES).count();
        }
        let least = CONTACTS.div_ceil(RATE * SECONDS - others);
        assert!((2..=least + 1).contains(&runs), "{runs} runs instead of {least}, {others} requests for the rest");
        site.assert_mirrors_truth().await;
    }
}
