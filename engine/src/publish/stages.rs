//! The stages of a connection, and what the mapping makes of them.

use std::collections::{BTreeMap, HashSet};

use entity::{Amount, ConnectionId, TenantId, sales_cycle};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QueryOrder};

use crate::error::{Attempt, Result};
use crate::model::NEW_LEAD;
use crate::settings::Mapping;

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
pub struct StageBook(BTreeMap<(String, String), StageInfo>);

impl StageBook {
    /// Loads the live stages of a connection.
    pub async fn load(
        db: &impl ConnectionTrait,
        tenant: TenantId,
        connection: ConnectionId,
    ) -> Result<Self> {
        let rows = sales_cycle::Entity::live(tenant)
            .filter(sales_cycle::COLUMN.connection_id.eq(connection))
            .order_by_desc(sales_cycle::Column::IsActive)
            .order_by_asc(sales_cycle::Column::Position)
            .order_by_asc(sales_cycle::Column::UpstreamId)
            .all(db)
            .await
            .attempt("read the stages")?;
        let mut book = Self::default();
        for row in rows {
            let info = StageInfo {
                position: row.position,
                likelihood: row.likelihood_to_close,
                is_active: row.is_active,
            };
            // Of two stages with one name the first active one counts.
            book.0
                .entry((row.contact_type.unwrap_or_default(), row.name))
                .or_insert(info);
        }
        Ok(book)
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

    /// Returns the (contact type, stage) pairs of the hot list.
    pub(super) fn hot_stages(&self, book: &StageBook) -> Vec<(String, String, Amount)> {
        let listed = book
            .of_prospects(self)
            .filter(|(_, stage, info)| self.is_hot(stage, info));
        let mut hot: Vec<_> = listed
            .map(|(contact_type, stage, info)| {
                (
                    contact_type.to_owned(),
                    stage.to_owned(),
                    info.likelihood.unwrap_or_default(),
                )
            })
            .collect();
        // A stage named by the setting counts also when the upstream does not list it.
        let known: HashSet<_> = hot
            .iter()
            .map(|(contact_type, stage, _)| (contact_type.clone(), stage.clone()))
            .collect();
        for contact_type in &self.prospect_contact_types {
            for stage in self.hot_list_stages.iter().flatten() {
                let key = (contact_type.clone(), stage.clone());
                if !known.contains(&key) && !book.0.contains_key(&key) {
                    hot.push((key.0, key.1, Amount::ZERO));
                }
            }
        }
        hot
    }
}
