//! Looking at people, and adding them.

use std::collections::HashMap;
use std::sync::Arc;

use engine::admin::users::{self, Member, NewUser};
use entity::UserId;
use poem::web::Data;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

use super::view::{User, UserPage, shown};
use crate::Tag;
use crate::access::AgencyAdmin;
use crate::answer::{Answer, Created, Fetched};
use crate::error::{ApiError, Code};
use crate::page::{List, cut, default_limit};
use crate::state::State;
use crate::text::Text;

/// A person to be.
#[derive(Debug, Object)]
#[oai(rename = "NewUser", rename_all = "camelCase", deny_unknown_fields)]
struct NewUserBody {
    /// Email address.
    #[oai(validator(
        max_length = 254,
        pattern = r"^[^\s@\x00-\x1f\x7f-\x9f]+@[^\s@\x00-\x1f\x7f-\x9f]+$"
    ))]
    email: Text,
    /// The person's name.
    #[oai(validator(min_length = 1, max_length = 200))]
    name: Option<Text>,
    /// Who the person is to the identity provider (the `sub` of its tokens). If left out, the first sign-in
    /// with the verified email address tells.
    #[oai(validator(min_length = 1, max_length = 255))]
    subject: Option<Text>,
}

pub(crate) struct UsersApi;

#[OpenApi(prefix_path = "/api/users", tag = "Tag::Users")]
impl UsersApi {
    /// List users
    #[oai(path = "/", method = "get", operation_id = "list_users")]
    async fn list(
        &self,
        _agency: AgencyAdmin,
        state: Data<&Arc<State>>,
        /// How many to show.
        #[oai(
            default = "default_limit::<50>",
            validator(minimum(value = "1"), maximum(value = "200"))
        )]
        limit: Query<u32>,
        /// Continues a list: the `nextCursor` of its last part.
        cursor: Query<Option<String>>,
    ) -> Answer<Fetched<UserPage>> {
        let list = List::new("list_users", None, &());
        let after = cursor.as_deref().map(|cursor| list.key::<String>(cursor));
        let after = after.transpose()?;
        let db = state.engine.database.begin_read().await?;
        let members = users::page(&db, after.as_deref(), u64::from(limit.0) + 1).await?;
        let (members, next) = cut(members, limit.0, |member| member.user.email.clone());
        Ok(Fetched(UserPage {
            items: shown(&db, members).await?,
            limit: limit.0,
            has_more: next.is_some(),
            next_cursor: next.map(|key| list.cursor(&key)),
        })
        .into())
    }

    /// Add a user
    ///
    /// A person who may do nothing yet. Next they need a role.
    #[oai(path = "/", method = "post", operation_id = "create_user")]
    async fn create(
        &self,
        agency: AgencyAdmin,
        state: Data<&Arc<State>>,
        body: Json<NewUserBody>,
    ) -> Answer<Created<User>> {
        let user = users::add(&agency.caller().admin(&state), body.0.into()).await?;
        let memberships = vec![];
        Ok(Created {
            location: format!("/api/users/{}", user.id),
            value: User::new(Member { user, memberships }, &HashMap::new()),
        }
        .into())
    }

    /// Show a user
    #[oai(path = "/:id", method = "get", operation_id = "get_user")]
    async fn show(
        &self,
        _agency: AgencyAdmin,
        state: Data<&Arc<State>>,
        /// The person.
        id: Path<Uuid>,
    ) -> Answer<Fetched<User>> {
        Ok(Fetched(found(&state, UserId::from_uuid(id.0)).await?).into())
    }
}

/// Returns a person as they are now.
pub(super) async fn found(state: &State, id: UserId) -> Result<User, ApiError> {
    let db = state.engine.database.begin_read().await?;
    let member = users::show(&db, id).await?;
    let mut shown = shown(&db, vec![member]).await?;
    shown.pop().ok_or_else(|| Code::NotFound.into())
}

impl From<NewUserBody> for NewUser {
    fn from(body: NewUserBody) -> Self {
        let NewUserBody {
            email: Text(email),
            name,
            subject,
        } = body;
        Self {
            email,
            name: name.map(|Text(name)| name),
            subject: subject.map(|Text(subject)| subject),
        }
    }
}
