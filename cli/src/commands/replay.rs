//! `ctsync replay`: rebuilds record tables from the stored snapshots.

use anyhow::Result;
use engine::admin::connections::Owned;
use engine::admin::{connections, tenants};
use engine::run::SyncRequest;
use entity::Stream;
use entity::sync_run::RunTrigger;

use crate::context::Context;
use crate::exit::Exit;
use crate::sync::{Outcome, Session, require_some, show};
use crate::word;

#[derive(Debug, clap::Args)]
pub(crate) struct ReplayArgs {
    /// Slug or id of the tenant.
    tenant: String,
    /// Only this stream; may be given several times.
    #[arg(long = "stream", value_name = "STREAM", value_parser = word::stream())]
    streams: Vec<Stream>,
    /// Only show what would change; write nothing but the run.
    #[arg(long)]
    dry_run: bool,
    /// Believe any deletion this time, also one the brake would stop.
    #[arg(long)]
    accept_deletes: bool,
}

pub(crate) async fn run(context: &Context, args: &ReplayArgs) -> Result<Exit> {
    let session = Session::open(context).await?;
    let request = SyncRequest {
        actor: Some(context.actor.name.clone()),
        streams: (!args.streams.is_empty()).then(|| args.streams.clone()),
        dry_run: args.dry_run,
        accept_deletes: args.accept_deletes,
        ..SyncRequest::new(RunTrigger::Cli)
    };
    let targets = targets(&session, &args.tenant).await?;
    let outcomes = replay(&session, targets, request).await?;
    show(context.output, &outcomes)
}

/// Returns the connections of the tenant.
pub(super) async fn targets(session: &Session, tenant: &str) -> Result<Vec<Owned>> {
    let database = &session.engine.database;
    let tenant = tenants::find(database, tenant).await?;
    let targets = connections::list(database, Some(tenant.id)).await?;
    require_some(targets, || {
        format!("tenant {} has no connection", tenant.slug)
    })
}

/// Rebuilds `targets` from their snapshots.
pub(super) async fn replay(
    session: &Session,
    targets: Vec<Owned>,
    request: SyncRequest,
) -> Result<Vec<Outcome>> {
    let done = session
        .each(targets, 1, move |job| {
            let request = request.clone();
            Box::pin(async move {
                let id = job.target.connection.id;
                job.engine
                    .replay(id, &request, job.observer.as_ref(), &job.cancel)
                    .await
            })
        })
        .await?;
    Ok(done
        .into_iter()
        .map(|(target, result)| Outcome::new(&target, result))
        .collect())
}
