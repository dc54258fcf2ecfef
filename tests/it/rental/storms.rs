//! An account that bears only so many requests.

use ctsync_sandbox::current_rms::{AccountSpec, RateLimit};
use ctsync_sandbox::{Fault, FaultKind};
use entity::sync_run::RunStatus;
use entity::{ReasonCode, Stream};
use tests::{assert_ended, on_both_databases, stream};

use super::LIST;

/// A bucket that is soon empty and fills by one request in six seconds.
const SMALL: RateLimit = RateLimit {
    requests: 10,
    seconds: 60,
};

fn too_many(retry_after: &str) -> FaultKind {
    FaultKind::StatusWith {
        status: 429,
        retry_after: Some(retry_after.to_owned()),
        html: false,
    }
}

on_both_databases! {
    async fn a_limit_that_says_when_is_waited_for(app: &TestApp) {
        let site = app.rental_site(40).await;
        site.switch(|switches| (switches.rate_limit, switches.retry_after) = (Some(SMALL), true));
        let report = site.sync_well().await;
        let retries = usize::try_from(stream(&report, Stream::Opportunities).retries).unwrap();
        // Of two requests at most one is in vain: after it everybody waits as long as the account asks for.
        assert!(retries > 0 && retries * 2 <= site.account.requests().len(), "{retries}");
        assert!(app.clock.slept_ms().contains(&6_000), "{:?}", app.clock.slept_ms());
    }

    async fn a_limit_that_does_not_say_when_is_weathered(app: &TestApp) {
        let site = app.rental_site(40).await;
        site.switch(|switches| switches.rate_limit = Some(SMALL));
        let report = site.sync_well().await;
        assert!(stream(&report, Stream::Opportunities).retries > 0);
    }

    async fn a_storm_that_does_not_end_is_told(app: &TestApp) {
        let site = app.rental_site(40).await;
        site.sync_well().await;
        let (rows, covered) = (site.rows().await, site.covered().await);
        for storm in [FaultKind::Status(429), too_many("5"), too_many("3600")] {
            site.outlive_sweeps();
            site.account.inject(Fault::new(storm));
            assert_ended(&site.sync().await, RunStatus::Failed, ReasonCode::RateLimited);
            assert_eq!((site.rows().await, site.covered().await), (rows.clone(), covered.clone()));
            site.mend();
        }
        site.sync_well().await;
    }

    async fn what_was_published_before_a_storm_stays(app: &TestApp) {
        let site = app.rental_site(60).await;
        site.account.inject(Fault::new(FaultKind::Status(429)).on(LIST).skip(15));
        assert_ended(&site.sync().await, RunStatus::Partial, ReasonCode::RateLimited);
        let published = site.covered().await.len();
        assert!(published > 5, "{published}");
        site.mend();
        site.sync_well().await;
    }

    async fn all_workers_keep_away_as_long_as_the_account_asks(app: &TestApp) {
        let site = app.rental_site(10).await;
        site.account.inject(Fault::new(too_many("3600")).times(1));
        assert_ended(&site.sync().await, RunStatus::Failed, ReasonCode::RateLimited);
        assert_eq!(app.clock.slept_ms(), [0; 0]);
        let other = site.with_engine(app.other_worker("worker-2").await);
        other.sync_well().await;
        // The longest that anybody waits.
        assert_eq!(app.clock.slept_ms(), [120_000]);
    }

    async fn the_usual_pace_never_meets_the_usual_limit(app: &TestApp) {
        let spec = AccountSpec { opportunities: 200, ..AccountSpec::default() };
        let site = app.rental_site_with(spec, &[("requests_per_second", "0.909")]).await;
        site.switch(|switches| switches.rate_limit = Some(RateLimit::default()));
        let report = site.sync_well().await;
        assert_eq!(stream(&report, Stream::Opportunities).retries, 0);
        let (requests, waits) = (site.account.requests().len(), app.clock.slept_ms());
        let waited: u128 = waits.iter().sum();
        assert!(requests > 30 && waited >= 1_100 * (requests as u128 - 2), "{requests} in {waited} ms");
    }
}
