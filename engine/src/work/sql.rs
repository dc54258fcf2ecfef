//! Statements about time on either database.

use chrono::TimeDelta;
use sea_orm::{ConnectionTrait, DbBackend, Statement, Value};

use crate::clock::Clock;

/// A statement in the making: the values that it binds.
///
/// The present moment is the database's, so that the clocks of workers need not agree. SQLite is on the same machine; and
/// a clock that is not the system's is the one that counts.
pub(crate) struct Sql<'a> {
    backend: DbBackend,
    clock: &'a Clock,
    values: Vec<Value>,
}

impl<'a> Sql<'a> {
    pub(crate) fn new(db: &impl ConnectionTrait, clock: &'a Clock) -> Self {
        Self {
            backend: db.get_database_backend(),
            clock,
            values: vec![],
        }
    }

    /// Binds a value; returns what stands for it.
    pub(crate) fn bind(&mut self, value: impl Into<Value>) -> String {
        self.values.push(value.into());
        format!("${}", self.values.len())
    }

    /// The present moment.
    pub(crate) fn now(&mut self) -> String {
        self.after(TimeDelta::zero())
    }

    /// The moment that is so far away.
    pub(crate) fn after(&mut self, delay: TimeDelta) -> String {
        if self.backend == DbBackend::Postgres && self.clock.is_system() {
            let milliseconds = delay.num_milliseconds();
            return format!("(clock_timestamp() + interval '{milliseconds} milliseconds')");
        }
        self.bind(self.clock.now() + delay)
    }

    /// What keeps a selection for an update from waiting for others.
    pub(crate) fn skip_locked(&self) -> &'static str {
        match self.backend {
            DbBackend::Postgres => "FOR UPDATE SKIP LOCKED",
            _ => "",
        }
    }

    pub(crate) fn statement(self, text: String) -> Statement {
        Statement::from_sql_and_values(self.backend, text, self.values)
    }
}
