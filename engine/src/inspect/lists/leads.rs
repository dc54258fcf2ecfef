//! Leads: the rows behind the numbers of leads.

use entity::lead::{self, Column, Entity};
use entity::{RecordId, TenantId, Timestamp};
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, QueryFilter};
use serde::Serialize;

use super::order::{Key, Order, Way};
use super::{Part, PartQuery, read, search};
use crate::error::{Attempt, Error, Result};
use crate::publish::{Columns, NO_SOURCE, Rules};

/// By id, which never changes: what was first seen last comes first.
const ORDER: Order<Column> = Order {
    column: None,
    id: Column::Id,
    direction: Way::Down,
};

const COLUMNS: Columns<Column> = Columns {
    connection: Column::ConnectionId,
    contact_type: Column::ContactType,
    stage: Column::Stage,
};

const SEARCHED: [Column; 5] = [
    Column::FirstName,
    Column::LastName,
    Column::Company,
    Column::Email,
    Column::Phone,
];

/// Which leads are wanted; without any of these, those that the dashboards count.
#[derive(Debug, Clone, Default, Serialize)]
pub struct LeadFilter {
    /// Of this source, as the dashboards call it.
    pub source: Option<String>,
    /// In this stage.
    pub stage: Option<String>,
    /// Qualified ones, or the others.
    pub is_qualified: Option<bool>,
    /// That contain this in name, company, e-mail address or phone number.
    pub search: Option<String>,
    /// That changed here at this time or later.
    pub updated_since: Option<Timestamp>,
    /// Other contact types, too.
    pub include_non_prospects: bool,
    /// Those that are gone upstream, too.
    pub include_deleted: bool,
}

/// Returns leads of `tenant`.
pub async fn list_leads(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    rules: &Rules,
    filter: &LeadFilter,
    part: PartQuery<RecordId>,
) -> Result<Part<lead::Model>> {
    let leads = Entity::owned_by(tenant).filter(condition(rules, filter));
    let limit = part.limit;
    let start = part.start(|id| Key {
        value: None,
        id: id.into(),
    });
    let Some(text) = &filter.search else {
        return read(db, leads, ORDER, &start, limit).await;
    };
    let found = leads.filter(search::contains(db.get_database_backend(), SEARCHED, text));
    let owner = (tenant, Column::ConnectionId);
    search::read(db, owner, found, ORDER, &start, limit).await
}

/// Returns one lead of `tenant`, also when it is gone upstream.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub async fn find_lead(
    db: &impl ConnectionTrait,
    tenant: TenantId,
    id: RecordId,
) -> Result<lead::Model> {
    let found = Entity::owned_by(tenant).filter(Column::Id.eq(id));
    let found = found.one(db).await.attempt("read a lead")?;
    found.ok_or_else(|| Error::NotFound {
        what: "lead",
        name: id.to_string(),
    })
}

fn condition(rules: &Rules, filter: &LeadFilter) -> Condition {
    let LeadFilter {
        source,
        stage,
        is_qualified,
        search: _,
        updated_since,
        include_non_prospects,
        include_deleted,
    } = filter;
    let qualified = |is_qualified: bool| {
        let qualified = rules.qualified(COLUMNS);
        if is_qualified {
            qualified
        } else {
            qualified.not()
        }
    };
    Condition::all()
        .add_option(source.as_deref().map(of_source))
        .add_option(stage.as_deref().map(|stage| Column::Stage.eq(stage)))
        .add_option(is_qualified.map(qualified))
        .add_option(updated_since.map(|since| Column::UpdatedAt.gte(since)))
        .add_option((!include_non_prospects).then(|| rules.prospects(COLUMNS)))
        .add_option((!include_deleted).then(|| Column::DeletedAt.is_null()))
}

/// Leads without a source are counted together with those whose source has the name that stands for none.
fn of_source(source: &str) -> Condition {
    let is_none = (source == NO_SOURCE).then(|| Column::LeadSource.is_null());
    Condition::any()
        .add(Column::LeadSource.eq(source))
        .add_option(is_none)
}
