//! ClientTether: lists of texts, whole ones only, by their first row.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use chrono::TimeDelta;
use chrono_tz::Tz;
use ctsync_sandbox::{AccountSpec, Fault, FaultKind, Order, Record, Switches};
use engine::connector::{Boundary, Slice};
use engine::credentials::Credentials;
use entity::connection::ConnectionStatus;
use entity::{ConnectionId, Source, Stream, Timestamp};
use serde_json::{Value, json};

use super::{Mirrored, MirroredRow, Place, Specimen, Subject};
use crate::endpoint::CLIENTS;
use crate::{Site, SiteSpec, TestApp};

/// Three pages.
const CLIENTS_COUNT: usize = 210;

/// Moments of the account's zone, on both sides of the time at which its clocks go forward.
const BEFORE_SPRING: &str = "2026-02-28 23:59:59";
const FIRST_OF_SPRING: &str = "2026-03-01 00:00:00";
const LAST_OF_SPRING: &str = "2026-04-30 23:59:59";

/// Numbers accounts, so that no two have the same name.
static NUMBER: AtomicUsize = AtomicUsize::new(1);

/// ClientTether.
pub struct ClientTether;

#[async_trait]
impl Subject for ClientTether {
    fn source(&self) -> Source {
        Source::ClientTether
    }

    fn stream(&self) -> Stream {
        Stream::Leads
    }

    fn credentials(&self) -> Credentials {
        Credentials::ClientTether {
            web_key: "secret-web-key".into(),
            access_token: Some("secret-token".into()),
        }
    }

    fn secrets(&self) -> &'static [&'static str] {
        &["secret-web-key", "secret-token"]
    }

    fn slices(&self) -> Vec<Slice> {
        vec![
            Slice::new(Stream::SalesCycles, Boundary::Whole),
            Slice::new(Stream::Leads, Boundary::Whole),
            Slice::new(Stream::Opportunities, Boundary::Whole),
            Slice::new(Stream::Notes, Boundary::Parent("7".to_owned())),
            Slice::new(Stream::ScheduledActivities, spring_window()),
        ]
    }

    fn specimen(&self) -> Specimen {
        Specimen {
            record: super::members(json!({
                "client_id": "1001", "external_id": "77", "firstName": "Ada", "lastName": "Okafor",
                "compName": "Acme \u{1f389}", "email": "ada@example.org", "phone": "+1 212 555 0100",
                "clients_lead_source": "Fair", "clients_sales_cycle": "Contacted", "contact_type": "1",
                "deal_size": "45000", "assigned_user": "Sam User", "whiteboard": "Call back",
                "created": "2026-01-02 10:00:00", "last_modified_date": "2026-02-03 11:30:00",
            })),
            id: "client_id",
            text: ("compName", "company"),
            money: ("deal_size", "deal_size"),
            time: ("created", "source_created_at"),
            word: ("clients_sales_cycle", "stage"),
            unknown_word: (json!("A stage of next year"), "A stage of next year".into()),
        }
    }

    fn list(&self) -> &'static str {
        CLIENTS
    }

    fn page(&self, records: &[Value], total: u64) -> String {
        json!({"ResultCode": "CT_200", "TotalRecord": total, "data": records}).to_string()
    }

    fn errors(&self) -> &'static [&'static str] {
        &[
            r#"{"resultCode":"CT500","Message":"Unknown error"}"#,
            r#"{"ResultCode":"CT_400","Message":"Bad request","data":[]}"#,
            r#"{"Message":"Success","data":[]}"#,
            r#"{"ResultCode":"CT_200","data":"none"}"#,
            r#"{"ResultCode":"CT_200"}"#,
        ]
    }

    fn refusals(&self) -> &'static [&'static str] {
        &[r#"{"resultCode":"CT401","Message":"Invalid credentials"}"#]
    }

    fn missing_record(&self) -> Option<(&'static str, &'static str)> {
        None
    }

    fn writes(&self) -> &'static [&'static str] {
        &[
            "create_client",
            "update_client",
            "delete_client/7",
            "add_note",
        ]
    }

    fn sorts(&self) -> bool {
        false
    }

    async fn account(&self, app: &TestApp) -> Box<dyn Mirrored> {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let account = AccountSpec {
            web_key: format!("web-key-{number}"),
            leads: CLIENTS_COUNT,
            notes: 20,
            activities: 12,
            ..AccountSpec::default()
        };
        let spec = SiteSpec::new(account).streams(&[Stream::Leads]);
        Box::new(app.site_with(spec).await)
    }
}

/// From [`FIRST_OF_SPRING`] to the second after [`LAST_OF_SPRING`].
fn spring_window() -> Boundary {
    let moment = |text: &str| text.parse::<Timestamp>().expect("a moment");
    Boundary::Window(
        moment("2026-03-01T05:00:00Z"),
        moment("2026-05-01T04:00:00Z"),
    )
}

#[async_trait]
impl Mirrored for Site {
    fn source(&self) -> Source {
        Source::ClientTether
    }

    fn connection(&self) -> ConnectionId {
        self.connection
    }

    fn credentials(&self) -> Credentials {
        Self::credentials(self)
    }

    fn zone(&self) -> Tz {
        self.zone
    }

    fn truth(&self) -> BTreeMap<String, String> {
        let clients = self.account.truth().clients;
        let entry = |client: &Record| (client.text("client_id").to_owned(), client.to_json());
        clients.iter().map(entry).collect()
    }

    async fn rows(&self) -> Vec<MirroredRow> {
        let rows = self.records().await.leads;
        rows.into_iter()
            .map(|row| MirroredRow {
                all: format!("{row:?}"),
                id: row.id,
                upstream_id: row.upstream_id,
                text: row.raw_json,
                is_live: row.deleted_at.is_none(),
            })
            .collect()
    }

    async fn needs_credentials(&self) -> bool {
        self.connection_row().await.status == ConnectionStatus::NeedsCredentials
    }

    fn edit(&self, id: &str, text: &str) {
        self.clock.advance(TimeDelta::minutes(1));
        let edited = self.account.update_client(id, "compName", text);
        edited.expect("the client is there");
    }

    fn backdate(&self, id: &str, text: &str) {
        self.edit(id, text);
    }

    fn delete(&self, id: &str) {
        self.account.delete_client(id).expect("the client is there");
    }

    fn restore(&self, id: &str) {
        let restored = self.account.restore_client(id);
        restored.expect("the client was deleted");
    }

    fn slices(&self) -> Vec<(Slice, BTreeSet<String>)> {
        for start in [BEFORE_SPRING, FIRST_OF_SPRING, LAST_OF_SPRING] {
            let event = Record::new()
                .with("event_type", "appt")
                .with("start_date", start);
            self.account.add_event(event).expect("an event");
        }
        let truth = self.account.truth();
        let contact = truth.notes[0].text("client_id");
        let of_contact = |note: &&Record| note.text("client_id") == contact;
        let note_id = |note: &Record| format!("{contact}/{}", note.text("note_id"));
        let notes = truth.notes.iter().filter(of_contact).map(note_id);
        let spring = FIRST_OF_SPRING..=LAST_OF_SPRING;
        let in_spring = |event: &&Record| {
            event.text("event_type") == "appt" && spring.contains(&event.text("start_date"))
        };
        let events = truth.events.iter().filter(in_spring);
        let event_id = |event: &Record| event.text("event_id").to_owned();
        let parent = Boundary::Parent(contact.to_owned());
        vec![
            (
                Slice::new(Stream::Leads, Boundary::Whole),
                self.truth().into_keys().collect(),
            ),
            (Slice::new(Stream::Notes, parent), notes.collect()),
            (
                Slice::new(Stream::ScheduledActivities, spring_window()),
                events.map(event_id).collect(),
            ),
        ]
    }

    fn inject(&self, place: Place, kind: FaultKind, times: u32) {
        if place == Place::List {
            let fault = Fault::new(kind).on(CLIENTS).times(times);
            self.account.inject(fault);
        }
    }

    fn shuffle(&self) {
        self.account.set_switches(Switches {
            order: Order::Unstable,
            ..Switches::default()
        });
    }

    fn list_request_count(&self) -> usize {
        let requests = self.account.requests().into_iter();
        requests
            .filter(|request| request.endpoint == CLIENTS)
            .count()
    }
}
