//! apalis's tables, as far as we touch them ourselves.
//!
//! apalis fetches and acknowledges jobs with statements of its own. It cannot enqueue inside a transaction of ours,
//! nor give a job back without counting it as failed; both happen here. A job's id is a ULID with the bits of one of
//! our UUIDs.

use std::time::Duration;

use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult, Statement, Value};
use ulid::Ulid;
use uuid::Uuid;

use super::job::Job;
use crate::error::{Attempt, Error, Result};

/// apalis's own limit counts otherwise than we do: it must never be the one that is reached.
const MAX_ATTEMPTS: i32 = i32::MAX;
/// Finished jobs are kept for this long, in case somebody wants to look at them.
const KEPT_SECONDS: i64 = 24 * 60 * 60;

/// How the same thing is said on both databases.
pub(super) struct Dialect {
    pub(super) jobs: &'static str,
    pub(super) workers: &'static str,
    /// The present moment.
    pub(super) now: &'static str,
    /// Seconds as a length of time, before and after the number.
    seconds: (&'static str, &'static str),
}

impl Dialect {
    pub(super) fn of(backend: DbBackend) -> Self {
        match backend {
            DbBackend::Sqlite => Self {
                jobs: "Jobs",
                workers: "Workers",
                now: "CAST(strftime('%s', 'now') AS INTEGER)",
                seconds: ("", ""),
            },
            _ => Self {
                jobs: "apalis.jobs",
                workers: "apalis.workers",
                now: "now()",
                seconds: ("make_interval(secs => ", ")"),
            },
        }
    }

    fn seconds(&self, number: &str) -> String {
        let (before, after) = self.seconds;
        format!("{before}{number}{after}")
    }
}

/// Adds a job; tells whether there was none with its key.
pub(crate) async fn enqueue<J: Job>(db: &impl ConnectionTrait, id: Uuid, job: &J) -> Result<bool> {
    let added = add(db, &[(id, job.clone())]).await?;
    Ok(added == 1)
}

/// Adds jobs in the place of whatever had one of their ids, whatever its state; of one kind, and at most a few hundred.
pub(crate) async fn enqueue_anew<J: Job>(
    db: &impl ConnectionTrait,
    new: &[(Uuid, J)],
) -> Result<()> {
    if new.is_empty() {
        return Ok(());
    }
    let Dialect { jobs, .. } = Dialect::of(db.get_database_backend());
    let places: Vec<_> = (1..=new.len()).map(|place| format!("${place}")).collect();
    let sql = format!("DELETE FROM {jobs} WHERE id IN ({})", places.join(", "));
    let ids = new.iter().map(|(id, _)| text_of(*id).into());
    execute(db, sql, ids).await.attempt("remove the jobs")?;
    add(db, new).await.map(|_| ())
}

/// Adds jobs whose keys no job has; returns how many.
async fn add<J: Job>(db: &impl ConnectionTrait, new: &[(Uuid, J)]) -> Result<u64> {
    let Dialect { jobs, now, .. } = Dialect::of(db.get_database_backend());
    let mut values: Vec<Value> = vec![J::NAME.into(), MAX_ATTEMPTS.into()];
    let mut rows = vec![];
    for (id, job) in new {
        let (id_at, job_at, key_at) = (values.len() + 1, values.len() + 2, values.len() + 3);
        rows.push(format!(
            "(${id_at}, $1, ${job_at}, 'Pending', 0, $2, {now}, 0, ${key_at})"
        ));
        values.extend([
            text_of(*id).into(),
            payload(job)?.into(),
            job.dedup_key().into(),
        ]);
    }
    let sql = format!(
        "INSERT INTO {jobs} (id, job_type, job, status, attempts, max_attempts, run_at, priority, idempotency_key) \
         VALUES {} ON CONFLICT (job_type, idempotency_key) DO NOTHING",
        rows.join(", ")
    );
    execute(db, sql, values).await.attempt("enqueue the job")
}

/// A job that holds a key.
#[derive(FromQueryResult)]
struct Holder {
    id: String,
    status: String,
}

/// Returns the unfinished job that has this key, if there is one.
pub(super) async fn holder_of<J: Job>(
    db: &impl ConnectionTrait,
    dedup_key: String,
) -> Result<Option<Uuid>> {
    let Dialect { jobs, .. } = Dialect::of(db.get_database_backend());
    let sql = format!("SELECT id, status FROM {jobs} WHERE job_type = $1 AND idempotency_key = $2");
    let statement = statement(db, sql, [J::NAME.into(), dedup_key.into()]);
    let found = Holder::find_by_statement(statement).one(db).await;
    let Some(Holder { id, status }) = found.attempt("look for the job")? else {
        return Ok(None);
    };
    let id = id_of(&id)?;
    if matches!(status.as_str(), "Done" | "Killed") {
        remove(db, id).await?;
        return Ok(None);
    }
    Ok(Some(id))
}

/// Removes a job, whatever its state; a worker that is at it will find nothing to acknowledge.
pub(super) async fn remove(db: &impl ConnectionTrait, id: Uuid) -> Result<()> {
    let Dialect { jobs, .. } = Dialect::of(db.get_database_backend());
    let sql = format!("DELETE FROM {jobs} WHERE id = $1");
    let removed = execute(db, sql, [text_of(id).into()]).await;
    removed.attempt("remove the job").map(|_| ())
}

/// Gives a job back, if `worker` still has it, to be delivered after `delay` at the earliest.
pub(super) async fn put_back<J: Job>(
    db: &impl ConnectionTrait,
    worker: &str,
    id: &str,
    job: &J,
    failed_attempts: i32,
    delay: Duration,
) -> Result<()> {
    let dialect = Dialect::of(db.get_database_backend());
    let (jobs, now, delayed) = (dialect.jobs, dialect.now, dialect.seconds("$1"));
    let sql = format!(
        "UPDATE {jobs} SET status = 'Pending', lock_by = NULL, lock_at = NULL, done_at = NULL, run_at = {now} + {delayed}, \
         job = $2, attempts = attempts + $3 WHERE id = $4 AND lock_by = $5"
    );
    let seconds = i32::try_from(delay.as_secs()).unwrap_or(i32::MAX);
    let values = [
        seconds_value(db, seconds),
        payload(job)?.into(),
        failed_attempts.into(),
        id.into(),
        worker.into(),
    ];
    let done = execute(db, sql, values).await;
    done.attempt("put the job back").map(|_| ())
}

/// Tells whether a job of this kind is due.
pub(super) async fn is_due<J: Job>(db: &impl ConnectionTrait) -> Result<bool> {
    let Dialect { jobs, now, .. } = Dialect::of(db.get_database_backend());
    let sql = format!(
        "SELECT 1 AS due FROM {jobs} WHERE job_type = $1 AND run_at <= {now} AND (status = 'Pending' \
         OR (status = 'Failed' AND attempts < max_attempts)) LIMIT 1"
    );
    let found = db
        .query_one_raw(statement(db, sql, [J::NAME.into()]))
        .await
        .attempt("look for jobs")?;
    Ok(found.is_some())
}

/// Gives back everything that `worker` still has, and forgets the worker.
pub(super) async fn sign_off(db: &impl ConnectionTrait, worker: &str) -> Result<()> {
    let Dialect { jobs, workers, .. } = Dialect::of(db.get_database_backend());
    let unfinished = format!(
        "UPDATE {jobs} SET status = 'Pending', lock_by = NULL, lock_at = NULL WHERE lock_by = $1 AND status IN ('Queued', 'Running')"
    );
    let finished = format!("UPDATE {jobs} SET lock_by = NULL WHERE lock_by = $1");
    let itself = format!("DELETE FROM {workers} WHERE id = $1");
    for sql in [unfinished, finished, itself] {
        let done = execute(db, sql, [worker.into()]).await;
        done.attempt("sign the worker off")?;
    }
    Ok(())
}

/// Forgets jobs that finished a while ago, and workers that vanished; returns how many jobs there were.
pub(crate) async fn tidy(db: &impl ConnectionTrait) -> Result<u64> {
    let dialect = Dialect::of(db.get_database_backend());
    let (jobs, workers, now) = (dialect.jobs, dialect.workers, dialect.now);
    let kept = dialect.seconds(&KEPT_SECONDS.to_string());
    let finished = format!(
        "DELETE FROM {jobs} WHERE status IN ('Done', 'Killed') AND done_at < {now} - {kept}"
    );
    let vanished = format!(
        "DELETE FROM {workers} WHERE last_seen < {now} - {kept} \
         AND id NOT IN (SELECT lock_by FROM {jobs} WHERE lock_by IS NOT NULL)"
    );
    let forgotten = execute(db, finished, []).await;
    let forgotten = forgotten.attempt("forget finished jobs")?;
    let done = execute(db, vanished, []).await;
    done.attempt("forget vanished workers")?;
    Ok(forgotten)
}

pub(super) fn statement(
    db: &impl ConnectionTrait,
    sql: String,
    values: impl IntoIterator<Item = Value>,
) -> Statement {
    Statement::from_sql_and_values(db.get_database_backend(), sql, values)
}

async fn execute(
    db: &impl ConnectionTrait,
    sql: String,
    values: impl IntoIterator<Item = Value>,
) -> Result<u64, sea_orm::DbErr> {
    let done = db.execute_raw(statement(db, sql, values)).await?;
    Ok(done.rows_affected())
}

/// PostgreSQL takes the seconds of an interval as a float.
fn seconds_value(db: &impl ConnectionTrait, seconds: i32) -> Value {
    match db.get_database_backend() {
        DbBackend::Sqlite => seconds.into(),
        _ => f64::from(seconds).into(),
    }
}

fn payload<J: Job>(job: &J) -> Result<Vec<u8>> {
    serde_json::to_vec(job)
        .map_err(|error| Error::Internal(format!("a job could not be written: {error}")))
}

fn text_of(id: Uuid) -> String {
    Ulid(id.as_u128()).to_string()
}

fn id_of(text: &str) -> Result<Uuid> {
    let ulid = Ulid::from_string(text)
        .map_err(|error| Error::Internal(format!("a job has a strange id: {error}")))?;
    Ok(Uuid::from_u128(ulid.0))
}
