//! A run tells how far it is while it goes on, and that it comes on is its sign of life.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use ctsync_sandbox::AccountSpec;
use engine::inspect::{self, CheckState};
use engine::observer::Event;
use engine::run::{Engine, RunReport, StreamProgress};
use entity::sync_run::RunStatus;
use entity::{ReasonCode, Stream, TenantId, sync_run, work};
use sea_orm::QueryOrder;
use tests::{Gate, PATIENCE, Site, assert_ended, assert_ended_well, on_both_databases, plain};

/// More leads than come with a page.
fn many_leads() -> AccountSpec {
    AccountSpec {
        leads: 250,
        opportunities: 3,
        notes: 0,
        activities: 0,
        ..AccountSpec::default()
    }
}

/// At the first such event, and at no later one.
fn at_first(is_meant: impl Fn(&Event) -> bool + Send + Sync + 'static) -> Gate {
    let is_first = AtomicBool::new(true);
    Gate::nth(0, move |event| {
        is_meant(event) && is_first.swap(false, Ordering::Relaxed)
    })
}

/// At the second page of the leads.
fn within_the_leads() -> Gate {
    at_first(|event| {
        matches!(
            event,
            Event::PageRead {
                stream: Stream::Leads,
                read: 101..,
                ..
            }
        )
    })
}

/// Returns the latest run of a tenant as others see it.
async fn shown(engine: &Engine, tenant: TenantId) -> RunReport {
    let query = sync_run::Entity::owned_by(tenant).order_by_desc(sync_run::Column::Id);
    let row = query.one(engine.database.writer()).await.unwrap().unwrap();
    let report = inspect::show_run(&engine.database, &engine.clock, Some(tenant), row.id);
    report.await.unwrap()
}

/// Waits until the run has noted how far it is.
async fn noted(engine: &Engine, tenant: TenantId) -> RunReport {
    let wait = async {
        loop {
            let report = shown(engine, tenant).await;
            if !report.progress.is_empty() {
                return report;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let noted = tokio::time::timeout(PATIENCE, wait).await;
    noted.expect("the run notes its progress")
}

/// Waits until the lease has been extended.
async fn extended(site: &Site) -> work::Model {
    let before = site.lease_row().await.expires_at;
    let wait = async {
        loop {
            let row = site.lease_row().await;
            if row.expires_at > before {
                return row;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    let extended = tokio::time::timeout(PATIENCE, wait).await;
    extended.expect("the lease is extended")
}

fn of(report: &RunReport, stream: Stream) -> StreamProgress {
    let mut progress = report.progress.iter();
    *progress.find(|progress| progress.stream == stream).unwrap()
}

on_both_databases! {
    async fn a_run_tells_how_far_it_is_until_it_ends(app: &TestApp) {
        let site = app.site(many_leads()).await;
        let (gate, request) = (within_the_leads(), plain());
        let watch = async {
            gate.reached().await;
            let report = noted(&site.engine, site.tenant).await;
            gate.open();
            report
        };
        let (ended, running) = tokio::join!(site.try_sync_with(&request, &gate), watch);
        let ended = ended.unwrap();
        assert_ended_well(&ended);
        let leads = of(&running, Stream::Leads);
        assert_eq!(leads.total, Some(250));
        assert!(leads.done > 100 && leads.done < 250, "{leads:?}");
        let streams: Vec<_> = running.progress.iter().map(|progress| progress.stream).collect();
        assert_eq!(streams, [Stream::SalesCycles, Stream::Leads]);
        assert!(!running.is_stalled);
        let row = site.run_row(ended.id).await;
        assert_eq!((row.progress, shown(&site.engine, site.tenant).await.progress), (None, vec![]));
    }

    async fn of_notes_the_contacts_are_counted(app: &TestApp) {
        let site = app.small_site().await;
        let is_note = |event: &Event| matches!(event, Event::PartRead { stream: Stream::Notes, done: 5, .. });
        let (gate, request) = (at_first(is_note), plain());
        let watch = async {
            gate.reached().await;
            let report = noted(&site.engine, site.tenant).await;
            gate.open();
            report
        };
        let (ended, running) = tokio::join!(site.try_sync_with(&request, &gate), watch);
        assert_ended_well(&ended.unwrap());
        let notes = StreamProgress { stream: Stream::Notes, done: 5, total: Some(12) };
        assert_eq!(of(&running, Stream::Notes), notes);
    }

    async fn of_windows_the_records_are_counted(app: &TestApp) {
        let site = app.rental_site(130).await;
        let has_some = |event: &Event| matches!(event, Event::PartRead { done: 50.., .. });
        let (gate, request) = (at_first(has_some), plain());
        let watch = async {
            gate.reached().await;
            let report = noted(&site.engine, site.tenant).await;
            gate.open();
            report
        };
        let (ended, running) = tokio::join!(site.try_sync_with(&request, &gate), watch);
        assert_ended_well(&ended.unwrap());
        let read = of(&running, Stream::Opportunities);
        assert!((50..130).contains(&read.done) && read.total.is_none(), "{read:?}");
    }

    async fn a_lease_that_is_kept_alive_is_no_progress(app: &TestApp) {
        let site = app.site(many_leads()).await;
        let other = site.with_engine(app.other_worker("worker-2").await);
        let (gate, request) = (within_the_leads(), plain());
        let watch = async {
            gate.reached().await;
            let before = noted(&site.engine, site.tenant).await;
            let heartbeat_at = site.run_row(before.id).await.heartbeat_at;
            app.clock.advance(TimeDelta::minutes(6));
            extended(&site).await;
            assert_eq!(site.run_row(before.id).await.heartbeat_at, heartbeat_at);
            assert!(shown(&site.engine, site.tenant).await.is_stalled);
            // It is nobody else's all the same.
            assert_ended(&other.sync().await, RunStatus::Skipped, ReasonCode::Locked);
            assert_eq!(site.run_row(before.id).await.status, RunStatus::Running);
            gate.open();
        };
        let (ended, ()) = tokio::join!(site.try_sync_with(&request, &gate), watch);
        assert_ended_well(&ended.unwrap());
        assert!(!shown(&site.engine, site.tenant).await.is_stalled);
    }

    async fn status_and_doctor_tell_of_a_sync_that_makes_no_progress(app: &TestApp) {
        let site = app.site(many_leads()).await;
        let (gate, request) = (within_the_leads(), plain());
        let watch = async {
            gate.reached().await;
            noted(&site.engine, site.tenant).await;
            app.clock.advance(TimeDelta::minutes(6));
            extended(&site).await;
            let fleet = inspect::fleet(&app.engine.database, &app.engine.clock).await.unwrap();
            let checks = inspect::doctor(&app.engine).await;
            gate.open();
            (fleet, checks)
        };
        let (ended, (fleet, checks)) = tokio::join!(site.try_sync_with(&request, &gate), watch);
        assert_ended_well(&ended.unwrap());
        assert_eq!(fleet[0].message, "The first sync makes no progress");
        assert!(fleet[0].connections[0].is_stalled);
        let check = checks.iter().find(|check| check.name.contains("main")).unwrap();
        assert_eq!((check.state, check.sentence.as_str()), (CheckState::Warning, "The first sync makes no progress"));
        assert!(check.next_step.as_ref().unwrap().contains("worker"));
    }

    async fn a_run_whose_worker_is_dead_is_not_stalled_but_abandoned(app: &TestApp) {
        let site = app.site(many_leads()).await;
        assert!(site.sync_until_killed(&within_the_leads()).await);
        let killed = shown(&site.engine, site.tenant).await;
        app.clock.advance(TimeDelta::minutes(6));
        assert!(!shown(&site.engine, site.tenant).await.is_stalled);
        site.sync_well().await;
        assert_eq!(site.run_row(killed.id).await.status, RunStatus::Abandoned);
    }
}
