//! People who sign in elsewhere: how a subject and a verified email address lead to a user.

use chrono::TimeDelta;
use engine::admin::users::{self, NewUser};
use engine::admin::{Actor, Admin};
use engine::error::Error;
use entity::audit_entry::{self, Via};
use entity::user;
use futures::future::join_all;
use sea_orm::{EntityTrait, QueryOrder};
use tests::{TestApp, on_both_databases};

const EMAIL: &str = "ann@example.com";

fn operator() -> Actor {
    Actor {
        name: "operator".to_owned(),
        via: Via::Cli,
    }
}

fn admin<'a>(app: &'a TestApp, actor: &'a Actor) -> Admin<'a> {
    Admin {
        database: &app.engine.database,
        clock: &app.engine.clock,
        actor,
    }
}

async fn add(app: &TestApp, email: &str, subject: Option<&str>) -> user::Model {
    try_add(app, email, subject).await.unwrap()
}

async fn try_add(app: &TestApp, email: &str, subject: Option<&str>) -> Result<user::Model, Error> {
    let new = NewUser {
        email: email.to_owned(),
        name: None,
        subject: subject.map(str::to_owned),
    };
    users::add(&admin(app, &operator()), new).await
}

/// The email address of the user who signs in like this.
async fn sign_in(app: &TestApp, subject: &str, verified_email: Option<&str>) -> Option<String> {
    app.clock.advance(TimeDelta::seconds(1));
    let engine = &app.engine;
    let found = users::find_by_identity(&engine.database, &engine.clock, subject, verified_email);
    found.await.unwrap().map(|user| user.email)
}

/// What was done, in that order.
async fn acts(app: &TestApp) -> Vec<audit_entry::Model> {
    let query = audit_entry::Entity::find().order_by_asc(audit_entry::COLUMN.id);
    query.all(app.engine.database.reader()).await.unwrap()
}

on_both_databases! {
    async fn a_subject_leads_to_its_user(app: &TestApp) {
        add(app, EMAIL, Some("auth0|ann")).await;
        assert_eq!(sign_in(app, "auth0|ann", None).await.as_deref(), Some(EMAIL));
        assert_eq!(sign_in(app, "auth0|ANN", None).await, None);
        assert_eq!(sign_in(app, "auth0|ann", Some("new@example.com")).await.as_deref(), Some(EMAIL));
    }

    async fn strangers_lead_to_nobody_and_change_nothing(app: &TestApp) {
        add(app, EMAIL, None).await;
        let before = acts(app).await.len();
        for (subject, email) in [("x", None), ("x", Some("bob@example.com")), ("x", Some("no email")), ("x", Some("%"))] {
            assert_eq!(sign_in(app, subject, email).await, None);
        }
        assert_eq!(acts(app).await.len(), before);
    }

    async fn the_first_sign_in_binds_a_user_to_the_subject(app: &TestApp) {
        let user = add(app, EMAIL, None).await;
        assert_eq!(sign_in(app, "s-1", Some(" Ann@Example.com")).await.as_deref(), Some(EMAIL));
        assert_eq!(sign_in(app, "s-1", None).await.as_deref(), Some(EMAIL));
        let acts = acts(app).await;
        let act = acts.last().unwrap();
        assert_eq!((act.action.as_str(), act.via, act.actor.as_str()), ("bind_subject", Via::Api, EMAIL));
        assert_eq!((&act.object_id, &act.detail["to"]), (&user.id.to_string(), &"s-1".into()));
        let count = acts.len();
        sign_in(app, "s-1", Some(EMAIL)).await;
        assert_eq!(self::acts(app).await.len(), count);
    }

    async fn whoever_gets_the_email_address_later_does_not_get_the_user(app: &TestApp) {
        add(app, EMAIL, None).await;
        sign_in(app, "s-1", Some(EMAIL)).await;
        assert_eq!(sign_in(app, "s-2", Some(EMAIL)).await, None);
        assert_eq!(sign_in(app, "s-1", Some(EMAIL)).await.as_deref(), Some(EMAIL));
    }

    async fn of_two_who_sign_in_at_once_one_gets_the_user(app: &TestApp) {
        add(app, EMAIL, None).await;
        let subjects: Vec<String> = (0..8).map(|number| format!("s-{number}")).collect();
        let found = join_all(subjects.iter().map(|subject| sign_in(app, subject, Some(EMAIL)))).await;
        assert_eq!(found.iter().flatten().count(), 1, "{found:?}");
        assert_eq!(acts(app).await.iter().filter(|act| act.action == "bind_subject").count(), 1);
    }

    async fn one_person_who_signs_in_twice_at_once_is_bound_once(app: &TestApp) {
        add(app, EMAIL, None).await;
        let found = join_all((0..8).map(|_| sign_in(app, "s-1", Some(EMAIL)))).await;
        assert!(found.iter().all(Option::is_some), "{found:?}");
        assert_eq!(acts(app).await.iter().filter(|act| act.action == "bind_subject").count(), 1);
    }

    async fn a_subject_wins_over_an_email_address(app: &TestApp) {
        add(app, EMAIL, Some("s-1")).await;
        add(app, "bob@example.com", None).await;
        assert_eq!(sign_in(app, "s-1", Some("bob@example.com")).await.as_deref(), Some(EMAIL));
        assert_eq!(sign_in(app, "s-2", Some("bob@example.com")).await.as_deref(), Some("bob@example.com"));
    }

    async fn a_subject_that_is_taken_away_can_be_bound_anew(app: &TestApp) {
        let user = add(app, EMAIL, None).await;
        sign_in(app, "s-1", Some(EMAIL)).await;
        let actor = operator();
        app.clock.advance(TimeDelta::seconds(1));
        users::set_subject(&admin(app, &actor), user.id, None).await.unwrap();
        assert_eq!(sign_in(app, "s-1", None).await, None);
        assert_eq!(sign_in(app, "s-2", Some(EMAIL)).await.as_deref(), Some(EMAIL));
        let actions: Vec<_> = acts(app).await.into_iter().map(|act| act.action).collect();
        assert_eq!(actions, ["add", "bind_subject", "set_subject", "bind_subject"]);
    }

    async fn a_subject_belongs_to_one_user(app: &TestApp) {
        add(app, EMAIL, Some("s-1")).await;
        let bob = add(app, "bob@example.com", None).await;
        let actor = operator();
        let taken = users::set_subject(&admin(app, &actor), bob.id, Some("s-1")).await;
        assert!(matches!(taken, Err(Error::Conflict(_))), "{taken:?}");
        let taken = try_add(app, "eve@example.com", Some("s-1")).await;
        assert!(matches!(taken, Err(Error::Conflict(_))), "{taken:?}");
        assert_eq!(sign_in(app, "s-1", None).await.as_deref(), Some(EMAIL));
    }

    async fn what_is_no_subject_is_refused(app: &TestApp) {
        for subject in ["", " ", "a\0b"] {
            let refused = try_add(app, EMAIL, Some(subject)).await;
            assert!(matches!(refused, Err(Error::Invalid(_))), "{subject:?}");
            assert_eq!(sign_in(app, subject, Some(EMAIL)).await, None);
        }
    }
}
