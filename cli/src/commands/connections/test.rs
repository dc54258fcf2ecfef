//! `ctsync connections test`.

use anyhow::Result;
use engine::admin::connections;
use serde_json::json;

use super::status::ConnectionArgs;
use crate::context::Context;
use crate::exit::Exit;
use crate::sync::engine;

pub(crate) async fn run(context: &Context, args: &ConnectionArgs) -> Result<Exit> {
    let database = context.database().await?;
    let found = connections::locate(&database, args.connection()).await?;
    let reference = found.reference();
    let engine = engine(context, database)?;
    Box::pin(engine.test_connection(found.connection.id)).await?;
    let json = json!({ "connection": reference, "id": found.connection.id, "works": true });
    context.output.result(&json, || {
        format!("Connection {reference} works: the upstream accepts its credentials.")
    })?;
    Ok(Exit::Success)
}
