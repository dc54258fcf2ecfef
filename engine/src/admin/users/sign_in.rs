//! How people are recognised when they sign in elsewhere: by the subject an OIDC issuer knows them by.
//!
//! An email address can be given to somebody else later, a subject cannot. So an address leads to a person
//! only until their first sign-in, which binds them to its subject; from then on the subject alone does,
//! until an administrator takes it away. The service trusts one issuer and stores no more than the subject:
//! when the issuer is changed for another, the subjects must be taken away.

use entity::UserId;
use entity::audit_entry::Via;
use entity::user::{self, ActiveModel, COLUMN, Entity};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, DatabaseTransaction, EntityTrait, IntoActiveModel,
    QueryFilter, QuerySelect, Select,
};
use serde_json::json;

use super::people::{act, checked_email};
use crate::admin::audit::{Actor, Admin};
use crate::admin::write::unique;
use crate::clock::Clock;
use crate::database::Database;
use crate::error::{Attempt, Error, Result};

/// Longest subject that OIDC allows.
const MAX_SUBJECT_CHARS: usize = 255;

/// Tells whether `text` can be the subject of a person.
pub fn is_subject(text: &str) -> bool {
    !text.trim().is_empty()
        && text.chars().count() <= MAX_SUBJECT_CHARS
        && !text.chars().any(char::is_control)
}

/// Returns the person that the issuer knows as `subject`; else, and binds to it, the one with this verified
/// email address who is not bound to a subject yet; else nobody.
///
/// Only an address that the issuer vouches for may be given.
pub async fn find_by_identity(
    database: &Database,
    clock: &Clock,
    subject: &str,
    verified_email: Option<&str>,
) -> Result<Option<user::Model>> {
    if !is_subject(subject) {
        return Ok(None);
    }
    if let Some(row) = find_by_subject(database, subject).await? {
        return Ok(Some(row));
    }
    let email = verified_email.and_then(|email| checked_email(email).ok());
    let Some(email) = email else {
        return Ok(None);
    };
    // Strangers must not make the database write.
    let row = by_email(&email).one(database.reader()).await;
    let row = row.attempt("find the user of an email")?;
    match row.as_ref().map(|row| row.oidc_subject.as_deref()) {
        Some(None) => bind(database, clock, &email, subject).await,
        // Bound since the first look, by a sign-in at the same moment.
        Some(Some(bound)) if bound == subject => Ok(row),
        _ => Ok(None),
    }
}

/// Says who a person is to the issuer from now on; with none, that their next sign-in will tell.
///
/// # Errors
/// [`Error::NotFound`] when there is no such person, [`Error::Invalid`] for what is no subject,
/// [`Error::Conflict`] for the subject of somebody else.
pub async fn set_subject(
    admin: &Admin<'_>,
    id: UserId,
    subject: Option<&str>,
) -> Result<user::Model> {
    let subject = subject.map(checked_subject).transpose()?;
    let tx = admin.begin().await?;
    let row = Entity::find_by_id(id).lock_exclusive().one(&tx).await;
    let row = row.attempt("find the user")?;
    let row = row.ok_or_else(|| Error::NotFound {
        what: "user",
        name: id.to_string(),
    })?;
    if row.oidc_subject == subject {
        return Ok(row);
    }
    write_subject(admin, tx, row, "set_subject", subject).await
}

/// Returns `text` as it is.
///
/// # Errors
/// [`Error::Invalid`] for what is no subject.
pub(super) fn checked_subject(text: &str) -> Result<String> {
    if is_subject(text) {
        return Ok(text.to_owned());
    }
    Err(Error::Invalid(format!(
        "the subject must have 1 to {MAX_SUBJECT_CHARS} characters on one line"
    )))
}

async fn find_by_subject(database: &Database, subject: &str) -> Result<Option<user::Model>> {
    let query = Entity::find().filter(COLUMN.oidc_subject.eq(subject));
    query
        .one(database.reader())
        .await
        .attempt("find the user of a subject")
}

fn by_email(email: &str) -> Select<Entity> {
    Entity::find().filter(COLUMN.email.eq(email))
}

async fn bind(
    database: &Database,
    clock: &Clock,
    email: &str,
    subject: &str,
) -> Result<Option<user::Model>> {
    let actor = Actor {
        name: email.to_owned(),
        via: Via::Api,
    };
    let admin = Admin {
        database,
        clock,
        actor: &actor,
    };
    let tx = admin.begin().await?;
    let unbound = by_email(email).filter(COLUMN.oidc_subject.is_null());
    let row = unbound.lock_exclusive().one(&tx).await;
    let bound = match row.attempt("find the user of an email")? {
        Some(row) => {
            let subject = Some(subject.to_owned());
            let bound = write_subject(&admin, tx, row, "bind_subject", subject).await;
            bound.map(Some)
        }
        None => Ok(None),
    };
    match bound {
        // A sign-in at the same moment was faster; it may have been the same person's.
        Ok(None) | Err(Error::Conflict(_)) => find_by_subject(database, subject).await,
        bound => bound,
    }
}

async fn write_subject(
    admin: &Admin<'_>,
    tx: DatabaseTransaction,
    row: user::Model,
    action: &'static str,
    subject: Option<String>,
) -> Result<user::Model> {
    let detail = json!({ "from": row.oidc_subject, "to": subject });
    let row = ActiveModel {
        oidc_subject: Set(subject),
        updated_at: Set(admin.clock.now()),
        ..row.into_active_model()
    };
    let row = unique(row.update(&tx).await, "bind the user to a subject", || {
        "another user has this subject already".to_owned()
    })?;
    admin.commit(tx, act(action, row.id, None, detail)).await?;
    Ok(row)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_a_line_of_text() {
        for subject in ["248289761001", "auth0|5f7c", "ann@example.com", "Ä"] {
            assert!(is_subject(subject), "{subject}");
        }
        assert!(is_subject(&"x".repeat(255)));
    }

    #[test]
    fn what_no_issuer_may_send_is_no_subject() {
        for subject in ["", " ", "a\0b", "a\nb"] {
            assert!(!is_subject(subject), "{subject:?}");
        }
        assert!(!is_subject(&"x".repeat(256)));
    }
}
