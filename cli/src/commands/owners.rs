//! Names of connections, for lists of things that belong to them.

use std::collections::HashMap;

use anyhow::Result;
use engine::admin::{connections, tenants};
use engine::database::Database;
use entity::{ConnectionId, tenant};

/// Tenants and the names of their connections.
pub(super) struct Owners {
    tenants: Vec<tenant::Model>,
    references: HashMap<ConnectionId, String>,
}

impl Owners {
    /// Loads the tenant called `tenant`, or all of them.
    pub(super) async fn load(database: &Database, tenant: Option<&str>) -> Result<Self> {
        let tenants = match tenant {
            Some(tenant) => vec![tenants::find(database, tenant).await?],
            None => tenants::list(database).await?,
        };
        let owned = connections::list(database, None).await?;
        let references = owned
            .into_iter()
            .map(|owned| (owned.connection.id, owned.reference()));
        Ok(Self {
            tenants,
            references: references.collect(),
        })
    }

    pub(super) fn tenants(&self) -> &[tenant::Model] {
        &self.tenants
    }

    /// `<tenant>/<connection>`.
    pub(super) fn reference(&self, connection: ConnectionId) -> String {
        self.references
            .get(&connection)
            .cloned()
            .unwrap_or_default()
    }
}
