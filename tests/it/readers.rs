//! Readers see the state before a publication or the state after it, never a third one.

use std::cell::Cell;

use ctsync_sandbox::AccountSpec;
use engine::database::Database;
use engine::observer::Event;
use entity::{Stream, TenantId};
use sea_orm::{FromQueryResult, Statement};
use tests::{Gate, Site, SiteSpec, assert_ended_well, on_both_databases, plain};

/// Opportunities of the site; it has as many leads to begin with.
const OPPORTUNITIES: i64 = 30;
const VERSIONS: i64 = 6;

/// What one look at the database shows.
#[derive(Debug, FromQueryResult)]
struct Sight {
    first_version: Option<String>,
    last_version: Option<String>,
    row_count: i64,
    counted_leads: i64,
    counted_opportunities: i64,
}

impl Sight {
    fn version(&self) -> i64 {
        let version = self
            .first_version
            .as_ref()
            .map(|name| name.replace("version ", ""));
        version.map_or(0, |version| version.parse().unwrap())
    }
}

/// Looks at records and aggregates with one statement, which both databases answer as of one moment.
async fn look(database: &Database, tenant: TenantId) -> Sight {
    let sql = "SELECT MIN(company) AS first_version, MAX(company) AS last_version, COUNT(*) AS row_count, \
        (SELECT CAST(COALESCE(SUM(leads), 0) AS BIGINT) FROM lead_metrics \
         WHERE tenant_id = $1 AND dimension_type = 'source') AS counted_leads, \
        (SELECT CAST(COALESCE(SUM(count), 0) AS BIGINT) FROM pipeline_stage_counts \
         WHERE tenant_id = $1) AS counted_opportunities \
        FROM (SELECT company FROM ct_leads WHERE tenant_id = $1 AND deleted_at IS NULL \
              UNION ALL SELECT company FROM ct_opportunities WHERE tenant_id = $1 AND deleted_at IS NULL) AS seen";
    let db = database.reader();
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, [tenant.into()]);
    Sight::find_by_statement(statement)
        .one(db)
        .await
        .unwrap()
        .unwrap()
}

/// Expects one whole version: everything of it and nothing of another.
fn assert_whole(sight: &Sight) {
    let version = sight.version();
    let lead_count = if version == 0 { 0 } else { lead_count(version) };
    let opportunity_count = if version == 0 { 0 } else { OPPORTUNITIES };
    let name = (version > 0).then(|| name(version));
    assert_eq!(
        (&sight.first_version, &sight.last_version),
        (&name, &name),
        "{sight:?}"
    );
    assert_eq!(sight.row_count, lead_count + opportunity_count, "{sight:?}");
    assert_eq!(sight.counted_leads, lead_count, "{sight:?}");
    assert_eq!(sight.counted_opportunities, opportunity_count, "{sight:?}");
}

fn name(version: i64) -> String {
    format!("version {version}")
}

/// Some leads vanish with every version.
fn lead_count(version: i64) -> i64 {
    OPPORTUNITIES - 2 * version
}

fn make_version(site: &Site, version: i64) {
    site.account.edit(|truth| {
        truth
            .clients
            .truncate(usize::try_from(lead_count(version)).unwrap());
        for record in truth.clients.iter_mut().chain(&mut truth.opportunities) {
            record.set("compName", name(version));
            record.set("contact_type", "1");
        }
    });
}

/// Publishes all versions one after the other; each waits before its commit until somebody has looked.
async fn publish_versions(site: &Site, looks: &Cell<u64>) {
    for version in 1..=VERSIONS {
        make_version(site, version);
        let (gate, request) = (Gate::at(Event::PublishingPart), plain());
        let wait_for_look = async {
            gate.reached().await;
            let seen = looks.get();
            while looks.get() < seen + 2 {
                tokio::task::yield_now().await;
            }
            gate.open();
        };
        let (report, ()) = tokio::join!(site.try_sync_with(&request, &gate), wait_for_look);
        assert_ended_well(&report.unwrap());
    }
}

on_both_databases! {
    async fn a_reader_that_polls_during_syncs_sees_only_whole_states(app: &TestApp) {
        let count = usize::try_from(OPPORTUNITIES).unwrap();
        let account = AccountSpec { leads: count, opportunities: count, ..AccountSpec::default() };
        let streams = [Stream::SalesCycles, Stream::Leads, Stream::Opportunities];
        let site = app.site_with(SiteSpec::new(account).streams(&streams)).await;
        let database = app.database.connect().await;
        let (looks, is_over) = (Cell::new(0), Cell::new(false));
        let reader = async {
            while !is_over.get() {
                assert_whole(&look(&database, site.tenant).await);
                looks.set(looks.get() + 1);
            }
        };
        let writer = async {
            publish_versions(&site, &looks).await;
            is_over.set(true);
        };
        tokio::join!(reader, writer);
        assert_eq!(look(&database, site.tenant).await.version(), VERSIONS);
        site.assert_mirrors_truth().await;
    }
}
