//! `ctsync tenant`: syncs one tenant now.

use anyhow::Result;
use engine::admin::{connections, tenants};
use engine::connector::reads_records;
use engine::run::{RecordRef, SyncRequest};
use entity::connection::ConnectionStatus;
use entity::sync_run::RunTrigger;
use entity::tenant::{self, TenantStatus};
use entity::{Source, Stream};

use super::run::SyncArgs;
use crate::context::Context;
use crate::exit::{Exit, Usage};
use crate::sync::{Session, require_some, show};
use crate::word;

#[derive(Debug, clap::Args)]
pub(crate) struct TenantArgs {
    /// Slug or id of the tenant.
    tenant: String,
    /// Only connections of this upstream.
    #[arg(long, value_parser = word::source())]
    source: Option<Source>,
    /// Only this stream; may be given several times.
    #[arg(long = "stream", value_name = "STREAM", value_parser = word::stream())]
    streams: Vec<Stream>,
    /// Only this record, for example opportunities/501; of upstreams that can be asked for one.
    #[arg(long, value_name = "STREAM/ID", conflicts_with_all = ["streams", "full"])]
    record: Option<RecordRef>,
    /// Believe any deletion this time, also one the brake would stop.
    #[arg(long)]
    accept_deletes: bool,
    #[command(flatten)]
    sync: SyncArgs,
}

pub(crate) async fn run(context: &Context, args: &TenantArgs) -> Result<Exit> {
    let session = Session::open(context).await?;
    let database = &session.engine.database;
    let tenant = tenants::find(database, &args.tenant).await?;
    require_active(&tenant)?;
    let mut targets = connections::list(database, Some(tenant.id)).await?;
    targets.retain(|target| {
        target.connection.status != ConnectionStatus::Paused
            && args
                .source
                .is_none_or(|source| target.connection.source == source)
            && args
                .record
                .as_ref()
                .is_none_or(|record| reads_records(target.connection.source, record.stream))
    });
    let targets = require_some(targets, || {
        let slug = &tenant.slug;
        format!(
            "tenant {slug} has no active connection for this; see `ctsync connections list {slug}`"
        )
    })?;
    let request = SyncRequest {
        streams: (!args.streams.is_empty()).then(|| args.streams.clone()),
        record: args.record.clone(),
        accept_deletes: args.accept_deletes,
        ..args.sync.request(context, RunTrigger::Cli)
    };
    let outcomes = session.sync(targets, 1, request).await?;
    show(context.output, &outcomes)
}

/// Refuses to sync what somebody stopped on purpose.
pub(super) fn require_active(tenant: &tenant::Model) -> Result<()> {
    if tenant.status == TenantStatus::Active {
        return Ok(());
    }
    let tenant::Model { slug, status, .. } = tenant;
    Err(Usage(format!(
        "tenant {slug} is {status}; `ctsync tenants resume {slug}` makes it active"
    ))
    .into())
}
