//! Syncing a site, and what must hold afterwards.

use ctsync_sandbox::Switches;
use engine::error::Result;
use engine::observer::{NoObserver, Observer};
use engine::run::{RunReport, SyncRequest};
use tokio_util::sync::CancellationToken;

use super::Site;
use crate::oracle::assert_aggregates_follow_from;
use crate::report::assert_numbers_add_up;
use crate::{Gate, Records, assert_ended_well, plain, thorough};

impl Site {
    /// Syncs once.
    pub async fn sync(&self) -> RunReport {
        self.sync_with(&plain()).await
    }

    /// Syncs once and expects a success that leaves the mirror equal to the upstream.
    pub async fn sync_well(&self) -> RunReport {
        let report = self.sync().await;
        assert_ended_well(&report);
        self.assert_mirrors_truth().await;
        report
    }

    /// Syncs once as asked; what must hold after any run is checked.
    pub async fn sync_with(&self, request: &SyncRequest) -> RunReport {
        let report = self.try_sync_with(request, &NoObserver).await;
        report.unwrap_or_else(|error| panic!("our own side failed: {error:?}"))
    }

    /// Syncs once, watched; what must hold after any run is checked.
    pub async fn try_sync_with(
        &self,
        request: &SyncRequest,
        observer: &dyn Observer,
    ) -> Result<RunReport> {
        let cancel = CancellationToken::new();
        let run = self
            .engine
            .sync(self.connection, request, observer, &cancel);
        let result = Box::pin(run).await;
        if let Ok(report) = &result {
            assert_numbers_add_up(report);
        }
        self.assert_consistent().await;
        result
    }

    /// Syncs and kills the run at `point`; tells whether the run came there.
    pub async fn sync_until_killed(&self, point: &Gate) -> bool {
        let cancel = CancellationToken::new();
        let request = plain();
        let run = self.engine.sync(self.connection, &request, point, &cancel);
        tokio::select! {
            biased;
            () = point.reached() => true,
            _ = Box::pin(run) => false,
        }
    }

    /// Checks what must hold at any moment: rows keep their identity, aggregates follow from the records.
    pub async fn assert_consistent(&self) {
        let records = self.records().await;
        self.identities.check(&records);
        assert_aggregates_follow_from(self.mapping().await, &records);
    }

    /// Checks that no record row, nor anything derived from them, differs from `before`.
    pub async fn assert_unchanged_since(&self, before: &Records) {
        before.assert_equals(&self.records().await);
    }

    /// Mends the account, lets any lease expire, reads everything, and expects a mirror equal to the upstream.
    pub async fn assert_recovers(&self) {
        self.account.clear_faults();
        self.account.set_switches(Switches::default());
        self.outlive_leases();
        assert_ended_well(&self.sync_with(&thorough()).await);
        self.assert_mirrors_truth().await;
    }
}
