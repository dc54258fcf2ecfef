//! Typed row ids: one newtype a kind of row, so that ids of different things cannot be mixed up.
//!
//! All are UUIDs, stored as `uuid` on PostgreSQL and as 16 bytes on SQLite. Nothing here makes a
//! random id: new ones come from the engine's id source, so that tests can hold them still.

use std::fmt;
use std::str::FromStr;

use sea_orm::{DbErr, DeriveValueType, TryFromU64};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])+ $name:ident;)+) => {$(
        $(#[$doc])+
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
            DeriveValueType,
        )]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Gives the UUID its meaning.
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The bare UUID.
            pub const fn as_uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }

        // sea-orm asks this of every primary key, for databases that hand out numbers.
        impl TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, DbErr> {
                Err(DbErr::ConvertFromU64(stringify!($name)))
            }
        }
    )+};
}

ids! {
    /// A customer of the agency: `tenants`.
    TenantId;
    /// A person: `users`.
    UserId;
    /// A person's role in one tenant or in the agency: `memberships`.
    MembershipId;
    /// A key of the HTTP service: `api_tokens`.
    ApiTokenId;
    /// One account of one upstream: `connections`.
    ConnectionId;
    /// One attempt to sync one connection: `sync_runs`.
    SyncRunId;
    /// The counters of one stream of a run: `sync_run_streams`.
    SyncRunStreamId;
    /// One upstream answer: `ct_raw_snapshots`.
    SnapshotId;
    /// One upstream answer that could not be used: `unusable_answers`.
    UnusableAnswerId;
    /// A mirrored record: `ct_leads`, `ct_opportunities`, `ct_sales_cycles`, `ct_notes`,
    /// `ct_scheduled_activities`.
    RecordId;
    /// One counted value of a dimension: `lead_metrics`.
    LeadMetricId;
    /// One stage's totals: `pipeline_stage_counts`.
    StageCountId;
    /// One likely opportunity: `hot_list_items`.
    HotListItemId;
    /// A record that could not be normalized: `rejected_records`.
    RejectId;
    /// A change of an upstream record's shape: `schema_drift`.
    DriftId;
    /// What is known of one stream's fields: `stream_profiles`.
    StreamProfileId;
    /// The last whole read of a slice: `coverage`.
    CoverageId;
    /// Who did what: `audit_log`.
    AuditId;
    /// A key in the address of webhooks: `webhook_keys`.
    WebhookKeyId;
    /// Word of an upstream that something happened: `webhook_events`.
    WebhookEventId;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_an_id_reads_back_as_the_same_id() {
        let id = TenantId::from_uuid(Uuid::from_u128(7));
        assert_eq!(id.to_string().parse::<TenantId>(), Ok(id));
        assert_eq!(id.as_uuid(), Uuid::from_u128(7));
    }

    #[test]
    fn an_id_is_bare_text_in_json() {
        let id = RecordId::from_uuid(Uuid::nil());
        let json = serde_json::to_string(&id).unwrap();
        assert_eq!(json, "\"00000000-0000-0000-0000-000000000000\"");
        assert_eq!(serde_json::from_str::<RecordId>(&json).unwrap(), id);
    }
}
