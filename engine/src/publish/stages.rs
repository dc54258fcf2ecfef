//! The stages of a connection, and what the mapping makes of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use entity::{Amount, ConnectionId, TenantId, sales_cycle};
use sea_orm::{ConnectionTrait, QueryOrder};

use crate::error::{Attempt, Result};
use crate::model::NEW_LEAD;
use crate::settings::Mapping;

/// The contact type that a stage is for, and the stage's name.
pub(super) type Stage = (String, String);

/// What is known of a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageInfo {
    /// Place in the pipeline; 0 for "New Lead", none for a stage the upstream does not list.
    pub position: Option<i32>,
    /// Percent, when the upstream tells it.
    pub likelihood: Option<Amount>,
    /// Whether it is part of the pipeline.
    pub is_active: bool,
}

/// The stages by contact type and name: the same name may mean different things to two contact types.
#[derive(Debug, Default)]
pub struct StageBook(BTreeMap<Stage, StageInfo>);

impl StageBook {
    /// Loads the live stages of a connection.
    pub async fn load(
        db: &impl ConnectionTrait,
        tenant: TenantId,
        connection: ConnectionId,
    ) -> Result<Self> {
        let mut books = Self::load_all(db, tenant).await?;
        Ok(books.remove(&connection).unwrap_or_default())
    }

    /// Loads the live stages of all connections of a tenant that have some.
    pub async fn load_all(
        db: &impl ConnectionTrait,
        tenant: TenantId,
    ) -> Result<HashMap<ConnectionId, Self>> {
        let rows = sales_cycle::Entity::live(tenant)
            .order_by_desc(sales_cycle::Column::IsActive)
            .order_by_asc(sales_cycle::Column::Position)
            .order_by_asc(sales_cycle::Column::UpstreamId)
            .all(db)
            .await
            .attempt("read the stages")?;
        let mut books: HashMap<_, Self> = HashMap::new();
        for row in rows {
            books.entry(row.connection_id).or_default().add(row);
        }
        Ok(books)
    }

    /// Adds a stage. Of two with one name the first active one counts.
    fn add(&mut self, row: sales_cycle::Model) {
        let info = StageInfo {
            position: row.position,
            likelihood: row.likelihood_to_close,
            is_active: row.is_active,
        };
        let key = (row.contact_type.unwrap_or_default(), row.name);
        self.0.entry(key).or_insert(info);
    }

    /// Returns what is known of a stage; one that is not listed is shown, so that nothing is hidden.
    pub fn get(&self, contact_type: &str, stage: &str) -> StageInfo {
        let key = (contact_type.to_owned(), stage.to_owned());
        let listed = self.0.get(&key).cloned();
        listed.unwrap_or_else(|| StageInfo {
            position: (stage == NEW_LEAD).then_some(0),
            likelihood: None,
            is_active: true,
        })
    }

    /// Returns the names of the stages that prospects can be in.
    pub(super) fn of_prospects<'a>(
        &'a self,
        mapping: &'a Mapping,
    ) -> impl Iterator<Item = (&'a str, &'a str, &'a StageInfo)> {
        let all = self
            .0
            .iter()
            .map(|((contact_type, name), info)| (contact_type.as_str(), name.as_str(), info));
        all.filter(|(contact_type, ..)| mapping.is_prospect(contact_type))
    }
}

impl Mapping {
    /// Tells whether a contact type counts as prospect.
    pub fn is_prospect(&self, contact_type: &str) -> bool {
        self.prospect_contact_types
            .iter()
            .any(|prospect| prospect == contact_type)
    }

    /// Tells whether a prospect in `stage` is a qualified lead.
    pub fn is_qualified(&self, stage: &str, info: &StageInfo) -> bool {
        match &self.qualified_stages {
            Some(stages) => stages.iter().any(|qualified| qualified == stage),
            None => info
                .likelihood
                .is_some_and(|likelihood| likelihood >= self.qualified_min_likelihood),
        }
    }

    /// Tells whether an opportunity in `stage` is on the hot list.
    pub fn is_hot(&self, stage: &str, info: &StageInfo) -> bool {
        if !info.is_active {
            return false;
        }
        match &self.hot_list_stages {
            Some(stages) => stages.iter().any(|hot| hot == stage),
            None => info
                .likelihood
                .is_some_and(|likelihood| likelihood >= self.hot_list_min_likelihood),
        }
    }

    /// Returns the (contact type, stage) pairs of the hot list, with their likelihood.
    pub(super) fn hot_stages(&self, book: &StageBook) -> BTreeMap<Stage, Amount> {
        let stages = self.stages(book, self.hot_list_stages.as_deref());
        let infos = stages
            .into_iter()
            .map(|stage| (book.get(&stage.0, &stage.1), stage));
        infos
            .filter(|(info, stage)| self.is_hot(&stage.1, info))
            .map(|(info, stage)| (stage, info.likelihood.unwrap_or_default()))
            .collect()
    }

    /// Returns the (contact type, stage) pairs whose prospects are qualified leads.
    pub(super) fn qualified_stages(&self, book: &StageBook) -> BTreeSet<Stage> {
        let mut stages = self.stages(book, self.qualified_stages.as_deref());
        stages.retain(|stage| self.is_qualified(&stage.1, &book.get(&stage.0, &stage.1)));
        stages
    }

    /// Returns the stages of prospects that are listed, and those that `named` by a setting count also when
    /// the upstream does not list them.
    fn stages(&self, book: &StageBook, named: Option<&[String]>) -> BTreeSet<Stage> {
        let listed = book.of_prospects(self);
        let listed = listed.map(|(contact_type, stage, _)| (contact_type, stage));
        let types = self.prospect_contact_types.iter();
        let named = types.flat_map(|contact_type| {
            let stages = named.into_iter().flatten();
            stages.map(|stage| (contact_type.as_str(), stage.as_str()))
        });
        let owned =
            |(contact_type, stage): (&str, &str)| (contact_type.to_owned(), stage.to_owned());
        listed.chain(named).map(owned).collect()
    }
}
