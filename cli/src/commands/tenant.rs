//! `ctsync tenant`: syncs one tenant now.

use anyhow::Result;
use clap::builder::RangedU64ValueParser;
use engine::admin::connections::Owned;
use engine::admin::{connections, tenants};
use engine::connector::{reads_records, reads_windows};
use engine::run::{RecordRef, SyncRequest, Window};
use engine::settings::MAX_DAYS;
use entity::connection::{ConnectionStatus, Model};
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
    /// Load at least so many days back by date, and keep them from then on; of upstreams that are read by date.
    #[arg(long, value_name = "N", conflicts_with = "record", value_parser = days())]
    past_days: Option<u32>,
    /// Load at least so many days ahead by date, and keep them from then on.
    #[arg(long, value_name = "N", conflicts_with = "record", value_parser = days())]
    future_days: Option<u32>,
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
    args.require_streams(&targets)?;
    targets.retain(|target| args.means(&target.connection));
    let targets = require_some(targets, || {
        let slug = &tenant.slug;
        format!(
            "tenant {slug} has no active connection for this; see `ctsync connections list {slug}`"
        )
    })?;
    let request = SyncRequest {
        window: args.window()?,
        streams: (!args.streams.is_empty()).then(|| args.streams.clone()),
        record: args.record.clone(),
        accept_deletes: args.accept_deletes,
        ..args.sync.request(context, RunTrigger::Cli)
    };
    let outcomes = session.sync(targets, 1, request).await?;
    show(context.output, &outcomes)
}

impl TenantArgs {
    /// Whether a connection is to be synced, and can be asked for what is wanted.
    fn means(&self, connection: &Model) -> bool {
        let Model { source, status, .. } = *connection;
        let reads = |record: &RecordRef| reads_records(source, record.stream);
        status != ConnectionStatus::Paused
            && self.source.is_none_or(|wanted| source == wanted)
            && self.record.as_ref().is_none_or(reads)
            && (!self.is_about_dates() || reads_windows(source))
            && (self.streams.is_empty()
                || self
                    .streams
                    .iter()
                    .any(|stream| mirrors(connection, *stream)))
    }

    /// Refuses streams that none of the connections mirrors.
    fn require_streams(&self, targets: &[Owned]) -> Result<()> {
        for stream in &self.streams {
            if !targets
                .iter()
                .any(|target| mirrors(&target.connection, *stream))
            {
                let tenant = &self.tenant;
                return Err(
                    Usage(format!("no connection of tenant {tenant} mirrors {stream}")).into(),
                );
            }
        }
        Ok(())
    }

    fn is_about_dates(&self) -> bool {
        self.past_days.is_some() || self.future_days.is_some()
    }

    fn window(&self) -> Result<Option<Window>> {
        if !self.is_about_dates() {
            return Ok(None);
        }
        Ok(Some(Window::new(self.past_days, self.future_days)?))
    }
}

/// Whether a connection mirrors a stream; one whose settings cannot be read is left to its run, which says so.
fn mirrors(connection: &Model, stream: Stream) -> bool {
    connections::mirrored_streams(connection).is_ok_and(|mirrored| mirrored.contains(&stream))
}

fn days() -> RangedU64ValueParser<u32> {
    RangedU64ValueParser::new().range(0..=MAX_DAYS.into())
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
