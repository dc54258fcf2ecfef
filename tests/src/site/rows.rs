//! What a test looks up in the database, and what it changes there.

use engine::settings::{ConnectionSettings, Mapping};
use entity::{SyncRunId, connection, sync_run, tenant, work};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter,
};
use serde_json::Value;

use super::Site;
use crate::Records;

impl Site {
    /// Returns every record row and everything derived from them.
    pub async fn records(&self) -> Records {
        Records::load(self.engine.database.reader(), self.tenant).await
    }

    /// Returns the connection's row.
    pub async fn connection_row(&self) -> connection::Model {
        let find = connection::Entity::find_by_id(self.connection);
        let row = find.one(self.engine.database.writer()).await;
        row.expect("the connection can be read")
            .expect("the connection is there")
    }

    /// Returns the row that is the connection's lease.
    pub async fn lease_row(&self) -> work::Model {
        let key = ("sync".to_owned(), self.connection.to_string());
        let row = work::Entity::find_by_id(key)
            .one(self.engine.database.writer())
            .await;
        row.expect("the lease can be read")
            .expect("the connection has one")
    }

    /// Returns the settings of the connection.
    pub async fn settings(&self) -> ConnectionSettings {
        let row = self.connection_row().await;
        let settings = engine::settings::connection_settings("the site", row.source, &row.settings);
        settings.expect("the settings are valid")
    }

    /// Changes settings of the connection.
    pub async fn change_settings(&self, settings: Value) {
        let row = self.connection_row().await;
        let settings = overlaid(row.settings.clone(), settings);
        let update = connection::ActiveModel {
            settings: Set(settings),
            ..row.into_active_model()
        };
        let result = update.update(self.engine.database.writer()).await;
        result.expect("the settings can be written");
    }

    /// Returns what the tenant's numbers mean.
    pub async fn mapping(&self) -> Mapping {
        let row = self.tenant_row().await;
        let settings = engine::settings::tenant_settings("the tenant", &row.settings);
        settings.expect("the settings are valid").mapping
    }

    /// Changes settings of the tenant.
    pub async fn change_tenant_settings(&self, settings: Value) {
        let row = self.tenant_row().await;
        let settings = overlaid(row.settings.clone(), settings);
        let update = tenant::ActiveModel {
            settings: Set(settings),
            ..row.into_active_model()
        };
        let result = update.update(self.engine.database.writer()).await;
        result.expect("the settings can be written");
    }

    async fn tenant_row(&self) -> tenant::Model {
        let find = tenant::Entity::find_by_id(self.tenant);
        let row = find.one(self.engine.database.writer()).await;
        row.expect("the tenant can be read")
            .expect("the tenant is there")
    }

    /// Returns the row of a run.
    pub async fn run_row(&self, run: SyncRunId) -> sync_run::Model {
        let find = sync_run::Entity::owned_by(self.tenant).filter(sync_run::COLUMN.id.eq(run));
        let row = find.one(self.engine.database.writer()).await;
        row.expect("the run can be read").expect("the run is there")
    }

    /// Returns the rows of all runs.
    pub async fn run_rows(&self) -> Vec<sync_run::Model> {
        let find = sync_run::Entity::owned_by(self.tenant);
        find.all(self.engine.database.writer())
            .await
            .expect("the runs can be read")
    }
}

/// Returns `below` with everything that `above` sets.
pub(super) fn overlaid(below: Value, above: Value) -> Value {
    let (Value::Object(mut settings), Value::Object(above)) = (below, above) else {
        panic!("settings are objects");
    };
    settings.extend(above);
    Value::Object(settings)
}
