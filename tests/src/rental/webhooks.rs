//! Webhooks of a rental account: what it sends, taken in without a service in between.

use engine::admin::{Actor, Admin};
use engine::webhooks::{self, Door, IntakeError, Outcome};
use entity::audit_entry::Via;
use entity::webhook_event::{self, Column, Model};
use entity::{Source, connection};
use sea_orm::{ActiveModelTrait, IntoActiveModel, QueryOrder};
use secrecy::SecretString;

use super::RentalSite;

/// Where the account is told to send what it has to say; it is held there, and nobody listens.
const NOWHERE: &str = "http://127.0.0.1:9/hook";

/// What is told of opportunities in tests.
const EVENTS: [&str; 5] = [
    "opportunity_create",
    "opportunity_update",
    "opportunity_destroy",
    "opportunity_mark_as_lost",
    "opportunity_discuss",
];

impl RentalSite {
    /// Has the account tell what happens, and hold it back until [`RentalSite::deliver`]; returns where it comes in.
    pub async fn open_door(&self) -> Door {
        self.switch(|switches| switches.hold_deliveries = true);
        for event in EVENTS {
            let registered = self.account.register_webhook(event, NOWHERE);
            registered.expect("the webhook is new");
        }
        let key = self.webhook_key().await;
        let door = self.door(&key).await;
        door.expect("the key is good")
    }

    /// Makes a key for the connection.
    pub async fn webhook_key(&self) -> SecretString {
        let actor = operator();
        let key = webhooks::issue_key(&self.admin(&actor), &self.connection_row().await).await;
        key.expect("a key can be made").0
    }

    /// Returns what a key opens.
    pub async fn door(&self, key: &SecretString) -> Option<Door> {
        let (database, now) = (&self.engine.database, self.engine.clock.now());
        let door = webhooks::find_door(database, now, Source::CurrentRms, key).await;
        door.expect("keys can be looked up")
    }

    /// Administers what the site mirrors into, as `actor`.
    pub fn admin<'a>(&'a self, actor: &'a Actor) -> Admin<'a> {
        Admin {
            database: &self.engine.database,
            clock: &self.engine.clock,
            actor,
        }
    }

    /// Takes in a message.
    pub async fn take_in(&self, door: &Door, body: &str) -> Result<Outcome, IntakeError> {
        let (database, clock) = (&self.engine.database, &self.engine.clock);
        webhooks::take_in(database, clock, door, body).await
    }

    /// Takes in what the account has said last.
    pub async fn deliver_last(&self, door: &Door) -> Outcome {
        let deliveries = self.account.deliveries();
        let last = deliveries.last().expect("the account has said something");
        self.deliver(door, last.id).await
    }

    /// Takes in a delivery of the account.
    pub async fn deliver(&self, door: &Door, id: u64) -> Outcome {
        let deliveries = self.account.deliveries();
        let delivery = deliveries.iter().find(|delivery| delivery.id == id);
        let delivery = delivery.expect("the account has made this delivery");
        let taken = self.take_in(door, &delivery.body).await;
        taken.expect("it is taken in")
    }

    /// Returns all messages that were taken in, in order.
    pub async fn events(&self) -> Vec<Model> {
        let events = webhook_event::Entity::owned_by(self.tenant).order_by_asc(Column::Id);
        let events = events.all(self.engine.database.writer()).await;
        events.expect("the messages can be read")
    }

    /// Changes the connection's row.
    pub async fn change_connection(&self, change: impl FnOnce(&mut connection::ActiveModel)) {
        let mut row = self.connection_row().await.into_active_model();
        change(&mut row);
        let changed = row.update(self.engine.database.writer()).await;
        changed.expect("the connection can be changed");
    }
}

/// Somebody at the command line.
pub fn operator() -> Actor {
    Actor {
        name: "operator".to_owned(),
        via: Via::Cli,
    }
}
