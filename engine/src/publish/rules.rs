//! Which records the published numbers count, for whoever lists those records.
//!
//! Numbers are computed when a run publishes, with the settings of that moment. [`Rules`] hold those settings
//! together with the stages, all as one reader sees them: a list by these rules agrees with the numbers that
//! the same reader sees, whatever has been set since.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use entity::tenant::Model as Tenant;
use entity::{Amount, ConnectionId, TenantId, pipeline_stage_count};
use sea_orm::sea_query::{CaseStatement, Expr, ExprTrait, Func, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, FromQueryResult, QueryFilter, Statement};
use serde_json::Value;

use super::stages::{Stage, StageBook};
use crate::error::{Attempt, Result};
use crate::settings::{Mapping, published_mapping, tenant_settings};

/// The columns of a record that the rules look at.
#[derive(Debug, Clone, Copy)]
pub struct Columns<C> {
    /// The connection.
    pub connection: C,
    /// The contact type.
    pub contact_type: C,
    /// The stage's name.
    pub stage: C,
}

/// What the rules look at in a record.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The connection.
    pub connection: ConnectionId,
    /// The contact type.
    pub contact_type: Option<&'a str>,
    /// The stage's name.
    pub stage: &'a str,
}

/// What the published numbers of a tenant count.
#[derive(Debug)]
pub struct Rules {
    backend: DbBackend,
    connections: BTreeMap<ConnectionId, ConnectionRules>,
}

#[derive(Debug)]
struct ConnectionRules {
    mapping: Mapping,
    qualified: BTreeSet<Stage>,
    hot: BTreeMap<Stage, Amount>,
    inactive: BTreeSet<String>,
}

impl Rules {
    /// Loads the rules of `tenant`, as `db` sees them.
    pub async fn load(db: &impl ConnectionTrait, tenant: &Tenant) -> Result<Self> {
        let mut books = StageBook::load_all(db, tenant.id).await?;
        let mut inactive = inactive_stages(db, tenant.id).await?;
        let rules = mappings(db, tenant)
            .await?
            .into_iter()
            .map(|(id, mapping)| {
                let book = books.remove(&id).unwrap_or_default();
                let rules = ConnectionRules {
                    qualified: mapping.qualified_stages(&book),
                    hot: mapping.hot_stages(&book),
                    inactive: inactive.remove(&id).unwrap_or_default(),
                    mapping,
                };
                (id, rules)
            });
        Ok(Self {
            backend: db.get_database_backend(),
            connections: rules.collect(),
        })
    }

    /// Tells whether a lead or opportunity is one of a prospect.
    pub fn is_prospect(&self, subject: Subject<'_>) -> bool {
        let contact_type = subject.contact_type.unwrap_or_default();
        self.of(subject)
            .is_some_and(|rules| rules.mapping.is_prospect(contact_type))
    }

    /// Tells whether a lead is a qualified one.
    pub fn is_qualified(&self, subject: Subject<'_>) -> bool {
        self.of(subject)
            .is_some_and(|rules| rules.qualified.contains(&subject.place()))
    }

    /// Tells whether an opportunity that still exists is on the hot list.
    pub fn is_hot(&self, subject: Subject<'_>) -> bool {
        self.of(subject)
            .is_some_and(|rules| rules.hot.contains_key(&subject.place()))
    }

    /// Tells whether a stage is part of the pipeline.
    pub fn is_active(&self, subject: Subject<'_>) -> bool {
        self.of(subject)
            .is_none_or(|rules| !rules.inactive.contains(subject.stage))
    }

    /// The condition of [`Self::is_prospect`].
    pub fn prospects<C: ColumnTrait>(&self, columns: Columns<C>) -> Expr {
        self.condition(columns, |rules| {
            contact_type(columns).is_in(rules.mapping.prospect_contact_types.iter().cloned())
        })
    }

    /// The condition of [`Self::is_qualified`].
    pub fn qualified<C: ColumnTrait>(&self, columns: Columns<C>) -> Expr {
        self.condition(columns, |rules| self.within(columns, &rules.qualified))
    }

    /// The condition of [`Self::is_hot`].
    pub fn hot<C: ColumnTrait>(&self, columns: Columns<C>) -> Expr {
        self.condition(columns, |rules| self.within(columns, rules.hot.keys()))
    }

    /// The condition of [`Self::is_active`].
    pub fn active<C: ColumnTrait>(&self, columns: Columns<C>) -> Expr {
        self.condition(columns, |rules| {
            let inactive = rules.inactive.iter().map(String::as_str);
            self.is_one_of(columns.stage, inactive).not()
        })
    }

    fn of(&self, subject: Subject<'_>) -> Option<&ConnectionRules> {
        self.connections.get(&subject.connection)
    }

    /// Puts the connections' conditions together: a case, in which no database sees a reason to leave the
    /// order of the list for another index.
    fn condition<C: ColumnTrait>(
        &self,
        columns: Columns<C>,
        condition: impl Fn(&ConnectionRules) -> Expr,
    ) -> Expr {
        if self.connections.is_empty() {
            return Expr::value(false);
        }
        let cases = self.connections.iter();
        let cases = cases.fold(CaseStatement::new(), |cases, (&id, rules)| {
            cases.case(columns.connection.into_expr().eq(id), condition(rules))
        });
        cases.finally(false).into()
    }

    fn within<'a, C: ColumnTrait>(
        &self,
        columns: Columns<C>,
        stages: impl IntoIterator<Item = &'a Stage>,
    ) -> Expr {
        let mut by_type: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (contact_type, stage) in stages {
            by_type.entry(contact_type).or_default().push(stage);
        }
        let of_type = by_type.into_iter().map(|(name, stages)| {
            let is_stage = self.is_one_of(columns.stage, stages);
            contact_type(columns).eq(name).and(is_stage)
        });
        of_type.reduce(ExprTrait::or).unwrap_or(Expr::value(false))
    }

    /// Whether a column is one of `texts`: one value of the query, however many there are.
    fn is_one_of<'a>(
        &self,
        column: impl ColumnTrait,
        texts: impl IntoIterator<Item = &'a str>,
    ) -> Expr {
        let list = Expr::value(Value::from_iter(texts).to_string());
        let elements = match self.backend {
            DbBackend::Sqlite => Func::cust("json_each").arg(list),
            _ => Func::cust("json_array_elements_text").arg(list.cast_as("json")),
        };
        let texts = Query::select()
            .expr(Expr::col("value"))
            .from_function(elements, "texts")
            .take();
        column.into_expr().in_subquery(texts)
    }
}

impl Subject<'_> {
    fn place(self) -> Stage {
        let contact_type = self.contact_type.unwrap_or_default();
        (contact_type.to_owned(), self.stage.to_owned())
    }
}

/// A missing contact type counts as an empty one.
fn contact_type<C: ColumnTrait>(columns: Columns<C>) -> Expr {
    let parts = [columns.contact_type.into_expr(), Expr::value("")];
    Func::coalesce(parts).into()
}

#[derive(FromQueryResult)]
struct MappingRow {
    connection_id: ConnectionId,
    mapping: Option<Value>,
}

/// Returns the mapping behind each connection's numbers; the tenant's own where nothing was published yet.
async fn mappings(
    db: &impl ConnectionTrait,
    tenant: &Tenant,
) -> Result<Vec<(ConnectionId, Mapping)>> {
    let sql = "SELECT c.id AS connection_id, m.mapping FROM connections c \
        LEFT JOIN published_mappings m ON m.tenant_id = c.tenant_id AND m.connection_id = c.id \
        WHERE c.tenant_id = $1";
    let statement =
        Statement::from_sql_and_values(db.get_database_backend(), sql, [tenant.id.into()]);
    let rows = MappingRow::find_by_statement(statement)
        .all(db)
        .await
        .attempt("read the mappings")?;
    let settings = tenant_settings(&format!("tenant {}", tenant.slug), &tenant.settings)?;
    let mapping = |row: MappingRow| {
        let mapping = match row.mapping {
            Some(mapping) => published_mapping(row.connection_id, &mapping)?,
            None => settings.mapping.clone(),
        };
        Ok((row.connection_id, mapping))
    };
    rows.into_iter().map(mapping).collect()
}

/// Returns the stages that are no part of the pipeline, by connection.
async fn inactive_stages(
    db: &impl ConnectionTrait,
    tenant: TenantId,
) -> Result<HashMap<ConnectionId, BTreeSet<String>>> {
    let rows = pipeline_stage_count::Entity::owned_by(tenant)
        .filter(pipeline_stage_count::COLUMN.is_active.eq(false))
        .all(db)
        .await
        .attempt("read the stages")?;
    let mut inactive: HashMap<_, BTreeSet<_>> = HashMap::new();
    for row in rows {
        inactive
            .entry(row.connection_id)
            .or_default()
            .insert(row.stage);
    }
    Ok(inactive)
}
