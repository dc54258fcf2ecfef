//! What goes out: struck by faults, held or queued for the sender.

use std::time::Duration;

use tokio::sync::{mpsc, watch};

use super::dispatch::Message;
use super::{Delivery, DeliveryFault, DeliveryFaultKind, DeliveryStatus};

/// A delivery that the sender is to send, after a while.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ticket {
    pub(super) delivery: u64,
    pub(super) after: Duration,
}

/// The deliveries of an account.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    deliveries: Vec<Delivery>,
    faults: Vec<DeliveryFault>,
    /// Deliveries that wait for the next one to go first.
    parked: Vec<u64>,
    /// The newest action that was looked at.
    pub(super) last_action: u64,
    queue: Option<mpsc::UnboundedSender<Ticket>>,
    changes: watch::Sender<()>,
}

impl Outbox {
    /// Returns what the sender is to read from.
    pub(super) fn open(&mut self) -> mpsc::UnboundedReceiver<Ticket> {
        let (queue, tickets) = mpsc::unbounded_channel();
        self.queue = Some(queue);
        tickets
    }

    pub(crate) fn deliveries(&self) -> &[Delivery] {
        &self.deliveries
    }

    pub(crate) fn inject(&mut self, fault: DeliveryFault) {
        self.faults.push(fault);
    }

    pub(crate) fn clear_faults(&mut self) {
        self.faults.clear();
        for delivery in std::mem::take(&mut self.parked) {
            self.queue(delivery, Duration::ZERO);
        }
    }

    /// Returns a receiver that sees the next change of any delivery.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changes.subscribe()
    }

    /// Returns whether nothing is on its way.
    pub(crate) fn is_settled(&self) -> bool {
        let mut deliveries = self.deliveries.iter();
        !deliveries.any(|delivery| {
            matches!(
                delivery.status,
                DeliveryStatus::Waiting | DeliveryStatus::Sending
            )
        })
    }

    /// Returns whether a delivery is still to be sent.
    pub(super) fn is_waiting(&self, id: u64) -> bool {
        let mut deliveries = self.deliveries.iter();
        deliveries.any(|one| one.id == id && one.status == DeliveryStatus::Waiting)
    }

    /// Changes a delivery and returns it as it is then; `None` where there is none of this id.
    pub(crate) fn change(
        &mut self,
        id: u64,
        change: impl FnOnce(&mut Delivery),
    ) -> Option<&Delivery> {
        let place = usize::try_from(id.checked_sub(1)?).ok()?;
        let delivery = self.deliveries.get_mut(place)?;
        change(delivery);
        self.changes.send_replace(());
        Some(delivery)
    }

    /// Queues a delivery for the sender.
    pub(super) fn queue(&mut self, id: u64, after: Duration) {
        self.change(id, |delivery| delivery.status = DeliveryStatus::Waiting);
        if let Some(queue) = &self.queue {
            let delivery = id;
            // Without a sender the sandbox is gone, and nobody waits for the delivery.
            let _ = queue.send(Ticket { delivery, after });
        }
    }

    /// Sends everything that is held, in the order in which it happened.
    pub(crate) fn release(&mut self) {
        let held = self.deliveries.iter();
        let held = held.filter(|delivery| delivery.status == DeliveryStatus::Held);
        for id in held.map(|delivery| delivery.id).collect::<Vec<_>>() {
            self.queue(id, Duration::ZERO);
        }
    }

    /// Takes a message in, as many times as a fault wants it.
    pub(super) fn post(&mut self, message: &Message, is_held: bool) {
        let fault = self
            .faults
            .iter_mut()
            .find_map(|fault| fault.strike(&message.event));
        let copies = match fault {
            Some(DeliveryFaultKind::Duplicate(more)) => more + 1,
            _ => 1,
        };
        for _ in 0..copies {
            let id = self.keep(message);
            match fault {
                Some(DeliveryFaultKind::Lost) => {
                    self.change(id, |delivery| delivery.status = DeliveryStatus::Lost);
                }
                _ if is_held => {}
                Some(DeliveryFaultKind::LateMs(delay)) => {
                    self.queue(id, Duration::from_millis(delay));
                }
                Some(DeliveryFaultKind::AfterNext) => self.park(id),
                _ => self.queue_before_parked(id),
            }
        }
    }

    fn park(&mut self, id: u64) {
        self.change(id, |delivery| delivery.status = DeliveryStatus::Waiting);
        self.parked.push(id);
    }

    fn queue_before_parked(&mut self, id: u64) {
        self.queue(id, Duration::ZERO);
        for delivery in std::mem::take(&mut self.parked) {
            self.queue(delivery, Duration::ZERO);
        }
    }

    fn keep(&mut self, message: &Message) -> u64 {
        let id = u64::try_from(self.deliveries.len()).unwrap_or_default() + 1;
        let message = message.clone();
        self.deliveries.push(Delivery {
            id,
            action_id: message.action_id,
            webhook_id: message.webhook_id,
            event: message.event,
            target_url: message.target_url,
            body: message.body,
            status: DeliveryStatus::Held,
            attempts: 0,
            response_code: None,
        });
        id
    }
}
