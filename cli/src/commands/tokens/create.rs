//! `ctsync tokens create`.

use std::time::Duration;

use anyhow::Result;
use engine::admin::tokens::{NewToken, TokenScope};
use engine::admin::{tenants, tokens, users};
use engine::database::Database;
use entity::membership::Role;
use secrecy::ExposeSecret;
use serde::Serialize;

use super::view::{Names, TokenView};
use crate::context::Context;
use crate::display::moment;
use crate::duration;
use crate::exit::{Exit, Usage};
use crate::word;

#[derive(Debug, clap::Args)]
pub(crate) struct CreateArgs {
    /// What the token is for, for example "dashboard of Acme".
    name: String,
    /// Tenant it acts for (slug or id).
    #[arg(long, conflicts_with = "user", required_unless_present = "user")]
    tenant: Option<String>,
    /// What it may do in the tenant.
    #[arg(long, requires = "tenant", default_value = "tenant_viewer",
        value_parser = word::parser::<Role>([Role::TenantAdmin.as_str(), Role::TenantViewer.as_str()]))]
    role: Role,
    /// User it acts for (email or id), with all of the user's roles.
    #[arg(long)]
    user: Option<String>,
    /// Time after which it is refused, for example 90d; never if left out.
    #[arg(long, value_name = "TIME", value_parser = duration::parse)]
    expires_in: Option<Duration>,
}

#[derive(Serialize)]
struct Created {
    #[serde(flatten)]
    token: TokenView,
    secret: String,
}

pub(crate) async fn run(context: &Context, args: CreateArgs) -> Result<Exit> {
    let database = context.database().await?;
    let now = context.clock.now();
    let new = NewToken {
        scope: scope(&database, &args).await?,
        name: args.name,
        expires_at: args.expires_in.map(|length| now + length),
    };
    let (row, secret) = tokens::create(&context.admin(&database), new).await?;
    let names = Names::load(&database).await?;
    let created = Created {
        token: TokenView::new(row, &names, now),
        secret: secret.expose_secret().to_owned(),
    };
    context.output.result(&created, || created.secret.clone())?;
    let expiry = created.token.expires_at.map_or_else(
        || "never expires".to_owned(),
        |expiry| format!("expires on {}", moment(expiry)),
    );
    context.output.say(&format!(
        "This token for {} {expiry}. It is not shown again.",
        created.token.holder()
    ));
    Ok(Exit::Success)
}

async fn scope(database: &Database, args: &CreateArgs) -> Result<TokenScope> {
    match (&args.tenant, &args.user) {
        (Some(tenant), _) => {
            let tenant = tenants::find(database, tenant).await?;
            Ok(TokenScope::Tenant(tenant.id, args.role))
        }
        (None, Some(user)) => Ok(TokenScope::User(users::find(database, user).await?.id)),
        (None, None) => Err(Usage("name a tenant or a user".to_owned()).into()),
    }
}
