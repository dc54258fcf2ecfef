//! The words of the API: the mirror's own, published in the document.

use engine::inspect;
use entity::audit_entry::Via as StoredVia;
use entity::connection::ConnectionStatus as StoredConnectionStatus;
use entity::membership::Role as StoredRole;
use entity::sync_run::{RunKind as Kind, RunStatus as Status, RunTrigger as Trigger};
use entity::sync_run_stream::StreamStatus as StoredStreamStatus;
use entity::tenant::TenantStatus as StoredTenantStatus;
use entity::webhook_event::WebhookStatus as StoredWebhookStatus;
use poem_openapi::Enum;

/// Publishes an enum of the mirror under the words it has everywhere else.
macro_rules! words {
    ($($(#[$doc:meta])+ $name:ident of $stored:path { $($(#[$word_doc:meta])* $word:ident,)+ })+) => {$(
        $(#[$doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
        #[oai(rename_all = "snake_case", remote = $stored)]
        pub(crate) enum $name {
            $($(#[$word_doc])* $word,)+
        }
    )+};
}

words! {
    /// An upstream service.
    Source of entity::Source {
        #[oai(rename = "clienttether")]
        ClientTether,
        CurrentRms,
    }

    /// A kind of record.
    Stream of entity::Stream {
        SalesCycles, Leads, Opportunities, Notes, ScheduledActivities,
    }

    /// The state of data: `failed` and `partial` tell of the last run, `never` that there was none.
    SyncState of inspect::SyncState {
        Failed, Never, Partial, Running, Success,
    }

    /// What became of a run. `queued` and `running` are not final.
    RunStatus of Status {
        Queued, Running, Success, Partial, Failed, Skipped, Cancelled, Abandoned,
    }

    /// How much a run reads: all there is (`full`, or `initial` the first time), what changed, one record; or
    /// the stored answers (`replay`), or everything to compare only (`verify`).
    RunKind of Kind {
        Full, Initial, Incremental, Record, Replay, Verify,
    }

    /// What started a run.
    RunTrigger of Trigger {
        Cron, Cli, Api, Webhook,
    }

    /// What became of a webhook: the record it names is still to be read, was read, is none that is mirrored, or could
    /// not be read for too long.
    WebhookStatus of StoredWebhookStatus {
        Received, Processed, Ignored, Failed,
    }

    /// What became of one stream of a run.
    StreamStatus of StoredStreamStatus {
        Published, Failed, Braked, Skipped,
    }

    /// Why a run or a stream was no success.
    ReasonCode of entity::ReasonCode {
        Auth, Upstream, RateLimited, Timeout, IncompleteListing, MassDeleteBrake, RejectedRecords,
        Numbers, Drift, Deadline, Cancelled, Locked, LeaseLost, Database, Internal,
    }

    /// Whether a connection is synced.
    ConnectionStatus of StoredConnectionStatus {
        Active, Paused, NeedsCredentials,
    }

    /// Whether a tenant is synced and can be read.
    TenantStatus of StoredTenantStatus {
        Active, Paused, Archived,
    }

    /// What somebody may do: everything everywhere, everything in a tenant, reading in a tenant.
    Role of StoredRole {
        AgencyAdmin, TenantAdmin, TenantViewer,
    }

    /// The door that somebody came through: the command line, or this API.
    Via of StoredVia {
        Cli, Api,
    }
}

#[cfg(test)]
mod tests {
    use poem_openapi::types::ToJSON;

    use super::*;

    #[test]
    fn words_are_those_of_the_mirror() {
        for &source in entity::Source::ALL {
            assert_eq!(Source::from(source).to_json().unwrap(), source.as_str());
        }
        for &reason in entity::ReasonCode::ALL {
            assert_eq!(ReasonCode::from(reason).to_json().unwrap(), reason.as_str());
        }
        for &stream in entity::Stream::ALL {
            assert_eq!(Stream::from(stream).to_json().unwrap(), stream.as_str());
        }
        for &status in Status::ALL {
            assert_eq!(RunStatus::from(status).to_json().unwrap(), status.as_str());
        }
        for &role in StoredRole::ALL {
            assert_eq!(Role::from(role).to_json().unwrap(), role.as_str());
        }
    }
}
