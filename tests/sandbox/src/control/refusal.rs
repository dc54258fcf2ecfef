//! Refusing connections for a while.

use std::time::Duration;

use poem::web::Data;
use poem::{Body, Response, handler};
use serde::Deserialize;
use tokio::time::sleep;

use super::body::{read, response};
use crate::sandbox::Shared;

/// For how long to refuse connections.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Refusing {
    duration_ms: u64,
}

/// Refuses connections for a while. An end by request could not work: it would be refused as well.
#[handler]
pub(super) async fn refuse_for_a_while(Data(shared): Data<&Shared>, body: Body) -> Response {
    let refusal = read::<Refusing>(body).await;
    response(refusal.map(|Refusing { duration_ms }| {
        let connections = shared.connections.clone();
        connections.refuse(true);
        tokio::spawn(async move {
            sleep(Duration::from_millis(duration_ms)).await;
            connections.refuse(false);
        });
    }))
}
