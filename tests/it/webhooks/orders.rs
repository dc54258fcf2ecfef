//! Messages that come twice, late, in any order, or never.

use std::sync::Arc;

use chrono::TimeDelta;
use engine::observer::NoObserver;
use engine::webhooks::{Door, Outcome};
use tests::{RentalSite, RunningWorker, on_both_databases, queue_is_hurried};

use super::assert_all_processed;

/// Things that happen to a record, one after the other.
const CHANGES: usize = 5;

/// Returns all orders of the numbers below `count`.
fn orders(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![vec![]];
    }
    let shorter = orders(count - 1);
    let places = shorter
        .iter()
        .flat_map(|order| (0..count).map(move |place| (order, place)));
    let inserted = places.map(|(order, place)| {
        let mut order = order.clone();
        order.insert(place, count - 1);
        order
    });
    inserted.collect()
}

/// A record, and the order in which what happens to it is told.
struct Tale {
    id: String,
    order: Vec<usize>,
    /// The message that is lost.
    lost: Option<usize>,
    /// The deliveries of what has happened so far.
    told: Vec<u64>,
}

impl Tale {
    /// Has everything happen that the next message, or an earlier one, tells of; then has it told.
    async fn go_on(&mut self, site: &RentalSite, door: &Door, round: usize) {
        let next = self.order[round];
        while self.told.len() <= next {
            self.change(site);
        }
        if self.lost == Some(next) {
            return;
        }
        let delivery = self.told[next];
        assert_eq!(site.deliver(door, delivery).await, Outcome::Received);
        // Every message comes twice: the second one at once or in the end.
        if next.is_multiple_of(2) {
            assert_eq!(site.deliver(door, delivery).await, Outcome::Duplicate);
        }
    }

    fn change(&mut self, site: &RentalSite) {
        let (account, id) = (&site.account, &self.id);
        let changed = match self.told.len() {
            0 => account.update_opportunity(id, "subject", "First"),
            1 => account.act(id, "mark_as_lost"),
            2 => account.update_opportunity(id, "charge_total", "7.5"),
            3 => account.act(id, "discuss"),
            _ => account.update_opportunity(id, "subject", "Last"),
        };
        changed.unwrap();
        let deliveries = account.deliveries();
        self.told.push(deliveries.last().unwrap().id);
    }
}

async fn tell(app: &tests::TestApp, loses_one: bool) -> RentalSite {
    let orders = orders(CHANGES);
    let site = app.rental_site(orders.len()).await;
    site.sync_well().await;
    let door = site.open_door().await;
    let tale = |(nth, order): (usize, Vec<usize>)| Tale {
        id: site.id(nth),
        lost: loses_one.then_some(nth % CHANGES),
        order,
        told: vec![],
    };
    let mut tales: Vec<Tale> = orders.into_iter().enumerate().map(tale).collect();
    let worker = RunningWorker::start(&app.engine, Arc::new(NoObserver));
    for round in 0..CHANGES {
        for tale in &mut tales {
            tale.go_on(&site, &door, round).await;
        }
        site.clock().advance(TimeDelta::seconds(5));
        queue_is_hurried(&app.engine).await;
    }
    for delivery in tales
        .iter()
        .filter(|tale| tale.lost.is_none())
        .map(|tale| tale.told[1])
    {
        assert_eq!(site.deliver(&door, delivery).await, Outcome::Duplicate);
    }
    worker.stop().await;
    site
}

#[test]
fn five_messages_have_a_hundred_and_twenty_orders() {
    let mut all = orders(CHANGES);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 120);
}

on_both_databases! {
    async fn messages_in_all_orders_lead_to_the_same_mirror(app: &TestApp) {
        let site = tell(app, false).await;
        assert_all_processed(&site).await;
        site.assert_mirrors_truth().await;
    }

    async fn of_all_orders_with_one_message_lost_the_increment_makes_up(app: &TestApp) {
        let site = tell(app, true).await;
        assert_all_processed(&site).await;
        site.sync_well().await;
    }
}
