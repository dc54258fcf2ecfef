//! Listing, creating and revoking tokens.

use std::sync::Arc;

use engine::admin::tokens::{self, TokenQuery, TokenScope};
use engine::admin::users;
use engine::error::Error;
use entity::ApiTokenId;
use poem::web::Data;
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use secrecy::ExposeSecret;
use uuid::Uuid;

use super::body::NewTokenBody;
use super::view::{IssuedToken, Token, TokenPage};
use crate::Tag;
use crate::access::ScopeAdmin;
use crate::answer::{Answer, Created, Done, Fetched};
use crate::error::{ApiError, Code};
use crate::page::{List, cut, default_limit};
use crate::state::State;

pub(crate) struct TokensApi;

#[OpenApi(prefix_path = "/api/tokens", tag = "Tag::Tokens")]
impl TokensApi {
    /// List tokens
    ///
    /// Those that act for the tenant, the newest first, revoked ones, too. The agency may leave the tenant out
    /// and gets all tokens, those of people among them.
    #[oai(path = "/", method = "get", operation_id = "list_tokens")]
    async fn list(
        &self,
        admin: ScopeAdmin,
        state: Data<&Arc<State>>,
        /// How many to show.
        #[oai(
            default = "default_limit::<50>",
            validator(minimum(value = "1"), maximum(value = "200"))
        )]
        limit: Query<u32>,
        /// Continues a list: the `nextCursor` of its last part.
        cursor: Query<Option<String>>,
    ) -> Answer<Fetched<TokenPage>> {
        let list = List::new("list_tokens", admin.tenant(), &());
        let query = TokenQuery {
            tenant: admin.tenant(),
            after: cursor
                .as_deref()
                .map(|cursor| list.key(cursor))
                .transpose()?,
            limit: u64::from(limit.0) + 1,
        };
        let db = state.engine.database.begin_read().await?;
        let (tokens, next) = cut(tokens::page(&db, query).await?, limit.0, |named| {
            named.token.id
        });
        let now = state.engine.clock.now();
        Ok(Fetched(TokenPage {
            items: tokens
                .into_iter()
                .map(|named| Token::new(named, now))
                .collect(),
            limit: limit.0,
            has_more: next.is_some(),
            next_cursor: next.map(|key| list.cursor(&key)),
        })
        .into())
    }

    /// Create a token
    ///
    /// The answer holds the token's secret, once. The agency may leave the tenant out and name a person.
    #[oai(path = "/", method = "post", operation_id = "create_token")]
    async fn create(
        &self,
        admin: ScopeAdmin,
        state: Data<&Arc<State>>,
        body: Json<NewTokenBody>,
    ) -> Answer<Created<IssuedToken>> {
        let engine = &state.engine;
        let new = body.0.checked(&admin)?;
        if let TokenScope::User(user) = new.scope {
            let found = users::show(engine.database.reader(), user).await;
            found.map_err(no_such_person)?;
        }
        let (row, secret) = tokens::create(&admin.caller().admin(&state), new).await?;
        let named = tokens::show(engine.database.reader(), None, row.id).await?;
        Ok(Created {
            location: format!("/api/tokens/{}", row.id),
            value: IssuedToken {
                token: Token::new(named, engine.clock.now()),
                secret: secret.expose_secret().to_owned(),
            },
        }
        .into())
    }

    /// Show a token
    #[oai(path = "/:id", method = "get", operation_id = "get_token")]
    async fn show(
        &self,
        admin: ScopeAdmin,
        state: Data<&Arc<State>>,
        /// The token.
        id: Path<Uuid>,
    ) -> Answer<Fetched<Token>> {
        let db = state.engine.database.begin_read().await?;
        let named = tokens::show(&db, admin.tenant(), ApiTokenId::from_uuid(id.0)).await?;
        Ok(Fetched(Token::new(named, state.engine.clock.now())).into())
    }

    /// Revoke a token
    ///
    /// It is refused from the next request on, for good. A token that is revoked stays as it is.
    #[oai(path = "/:id", method = "delete", operation_id = "revoke_token")]
    async fn revoke(
        &self,
        admin: ScopeAdmin,
        state: Data<&Arc<State>>,
        /// The token.
        id: Path<Uuid>,
    ) -> Answer<Done> {
        let db = state.engine.database.reader();
        let named = tokens::show(db, admin.tenant(), ApiTokenId::from_uuid(id.0)).await?;
        tokens::revoke(&admin.caller().admin(&state), named.token.id).await?;
        Ok(Done.into())
    }
}

fn no_such_person(error: Error) -> ApiError {
    match error {
        Error::NotFound { .. } => ApiError::new(Code::Invalid, "`userId` is nobody"),
        error => error.into(),
    }
}
