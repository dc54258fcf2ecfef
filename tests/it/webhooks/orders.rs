//! Messages that come twice, late, in any order, or never.

use chrono::TimeDelta;
use engine::webhooks::{Door, Outcome};
use tests::{RentalSite, TestApp, on_both_databases};

use super::{assert_all_processed, work_off};

/// Things that happen to a record, one after the other.
const CHANGES: usize = 5;
/// Records of an account.
const RECORDS: usize = 20;

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

/// An account, and what is told of its records.
struct Book {
    site: RentalSite,
    door: Door,
    tales: Vec<Tale>,
}

impl Book {
    async fn open(app: &TestApp, number: usize, orders: &[Vec<usize>], loses_one: bool) -> Self {
        let site = app.numbered_rental_site(number, orders.len()).await;
        site.sync_well().await;
        let door = site.open_door().await;
        let tale = |(nth, order): (usize, &Vec<usize>)| Tale {
            id: site.id(nth),
            lost: loses_one.then_some(nth % CHANGES),
            order: order.clone(),
            told: vec![],
        };
        let tales = orders.iter().enumerate().map(tale).collect();
        Self { site, door, tales }
    }

    async fn go_on(&mut self, round: usize) {
        for tale in &mut self.tales {
            tale.go_on(&self.site, &self.door, round).await;
        }
    }

    /// Has the messages told once more that were told once only.
    async fn tell_again(&self) {
        for tale in self.tales.iter().filter(|tale| tale.lost.is_none()) {
            for message in [1, 3] {
                let outcome = self.site.deliver(&self.door, tale.told[message]).await;
                assert_eq!(outcome, Outcome::Duplicate);
            }
        }
    }
}

/// Tells of everything in all orders, in several accounts at once.
async fn tell(app: &TestApp, loses_one: bool) -> Vec<RentalSite> {
    let orders = orders(CHANGES);
    let mut books = vec![];
    for (number, orders) in orders.chunks(RECORDS).enumerate() {
        books.push(Book::open(app, number, orders, loses_one).await);
    }
    for round in 0..CHANGES {
        for book in &mut books {
            book.go_on(round).await;
        }
        app.clock.advance(TimeDelta::seconds(5));
        // What is told in between is read together with what is told next.
        if [0, 2, CHANGES - 1].contains(&round) {
            work_off(app).await;
        }
    }
    for book in &books {
        book.tell_again().await;
    }
    books.into_iter().map(|book| book.site).collect()
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
        for site in tell(app, false).await {
            assert_all_processed(&site).await;
            site.assert_mirrors_truth().await;
        }
    }

    async fn of_all_orders_with_one_message_lost_the_increment_makes_up(app: &TestApp) {
        for site in tell(app, true).await {
            assert_all_processed(&site).await;
            site.sync_well().await;
        }
    }
}
