//! Sends what is queued, one after the other, and tries again what failed.

use std::sync::LazyLock;
use std::time::Duration;

use reqwest::redirect::Policy;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::outbox::Ticket;
use super::{DeliveryStatus, Forgery};
use crate::account::{Account, AccountState};
use crate::current_rms::CurrentRms;
use crate::current_rms::truth::Collection;
use crate::record::Record;
use crate::tasks::Tasks;

/// How much of an answer the log of deliveries keeps, in characters.
const LOGGED_RESPONSE: usize = 200;

/// The client of all accounts. It keeps no connection, since each would belong to the runtime of one test.
static CLIENT: LazyLock<reqwest::Result<reqwest::Client>> = LazyLock::new(|| {
    reqwest::Client::builder()
        .no_proxy()
        .redirect(Policy::none())
        .pool_max_idle_per_host(0)
        .build()
});

/// What came of sending something once.
struct Answer {
    /// `None` where nobody answered.
    code: Option<u16>,
    text: String,
}

impl Answer {
    fn is_accepted(&self) -> bool {
        self.code.is_some_and(|code| (200..300).contains(&code))
    }
}

/// Starts the sender of an account, which ends with the account or its sandbox.
pub(crate) fn send_all(account: &Account<CurrentRms>, tasks: &Tasks) {
    let mut tickets = account.lock().own.outbox.open();
    let account = account.downgrade();
    tasks.spawn(async move {
        let mut late = JoinSet::new();
        while let Some(Ticket { delivery, after }) = tickets.recv().await {
            let Some(account) = account.upgrade() else {
                return;
            };
            while late.try_join_next().is_some() {}
            if after.is_zero() {
                // One that was lost meanwhile, or sent by hand, is left alone.
                if account.lock().own.outbox.is_waiting(delivery) {
                    send(&account, delivery).await;
                }
            } else {
                late.spawn(queue_later(account, delivery, after));
            }
        }
    });
}

async fn queue_later(account: Account<CurrentRms>, delivery: u64, after: Duration) {
    sleep(after).await;
    account.lock().own.outbox.queue(delivery, Duration::ZERO);
}

/// Sends a delivery, and queues it for another attempt where that failed and one is left.
async fn send(account: &Account<CurrentRms>, id: u64) {
    let Some(answer) = attempt(account, id).await else {
        return;
    };
    let mut state = account.lock();
    let delays = state.switches.retry_delays_ms.clone();
    let outbox = &mut state.own.outbox;
    let mut delay = None;
    outbox.change(id, |delivery| {
        delay = delays.get(delivery.attempts - 1).copied();
        delivery.status = match (answer.is_accepted(), delay) {
            (true, _) => DeliveryStatus::Delivered,
            (false, Some(_)) => DeliveryStatus::Waiting,
            (false, None) => DeliveryStatus::GivenUp,
        };
    });
    if let (false, Some(delay)) = (answer.is_accepted(), delay) {
        outbox.queue(
            id,
            Duration::from_millis(delay).max(Duration::from_millis(1)),
        );
    }
}

/// Sends a delivery once, now, whatever has come of it before; returns what the receiver answered.
pub(crate) async fn deliver(account: &Account<CurrentRms>, id: u64) -> Option<u16> {
    let answer = attempt(account, id).await?;
    let status = if answer.is_accepted() {
        DeliveryStatus::Delivered
    } else {
        DeliveryStatus::Held
    };
    let mut state = account.lock();
    let outbox = &mut state.own.outbox;
    outbox.change(id, |delivery| delivery.status = status);
    answer.code
}

/// Sends a delivery and logs that; `None` where there is none of this id.
async fn attempt(account: &Account<CurrentRms>, id: u64) -> Option<Answer> {
    let (delivery, timeout) = {
        let mut state = account.lock();
        let timeout = state.switches.delivery_timeout_ms;
        let delivery = state.own.outbox.change(id, |delivery| {
            delivery.status = DeliveryStatus::Sending;
            delivery.attempts += 1;
        })?;
        (delivery.clone(), Duration::from_millis(timeout))
    };
    let answer = post(&delivery.target_url, delivery.body, timeout).await;
    let mut state = account.lock();
    log(&mut state, delivery.webhook_id, &answer);
    let outbox = &mut state.own.outbox;
    outbox.change(id, |delivery| delivery.response_code = answer.code);
    Some(answer)
}

/// Sends what nobody upstream sent, and returns what the receiver answered.
pub(crate) async fn forge(account: &Account<CurrentRms>, forgery: Forgery) -> Option<u16> {
    let (first, timeout) = {
        let state = account.lock();
        let first = state.truth.webhooks.first();
        let first = first.map(|webhook| webhook.text("target_url").to_owned());
        (first, state.switches.delivery_timeout_ms)
    };
    let target_url = forgery.target_url.clone().or(first)?;
    let timeout = Duration::from_millis(timeout);
    post(&target_url, forgery.into_body(), timeout).await.code
}

async fn post(target_url: &str, body: String, timeout: Duration) -> Answer {
    match try_post(target_url, body, timeout).await {
        Ok(answer) => answer,
        Err(text) => Answer { code: None, text },
    }
}

async fn try_post(target_url: &str, body: String, timeout: Duration) -> Result<Answer, String> {
    let client = CLIENT.as_ref().map_err(ToString::to_string)?;
    let request = client
        .post(target_url)
        .timeout(timeout)
        .header("Content-Type", "application/json")
        .body(body);
    let answer = request.send().await.map_err(|error| error.to_string())?;
    let code = Some(answer.status().as_u16());
    let text = answer.text().await.unwrap_or_default();
    Ok(Answer { code, text })
}

fn log(state: &mut AccountState<CurrentRms>, webhook_id: u64, answer: &Answer) {
    let response: String = answer.text.chars().take(LOGGED_RESPONSE).collect();
    let record = Record::new()
        .with("webhook_id", webhook_id)
        .with("response_code", answer.code)
        .with("response", response);
    // The id is a fresh one, so that it cannot be taken.
    let _ = state.truth.add(Collection::WebhookLogs, record);
}
