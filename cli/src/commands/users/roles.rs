//! `ctsync users grant` and `revoke`.

use anyhow::Result;
use engine::admin::{tenants, users};
use engine::database::Database;
use entity::membership::Role;
use entity::tenant;
use serde_json::json;

use crate::context::Context;
use crate::exit::Exit;
use crate::word;

/// Where a role counts.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Place {
    /// Tenant the role is in (slug or id).
    #[arg(long)]
    tenant: Option<String>,
    /// The role is in the agency, and so in every tenant.
    #[arg(long)]
    agency: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct GrantArgs {
    /// Email address or id of the user.
    user: String,
    #[command(flatten)]
    place: Place,
    /// The role: agency_admin with --agency, the others with --tenant.
    #[arg(long, value_parser = word::parser::<Role>(Role::ALL.iter().map(|role| role.as_str())))]
    role: Role,
}

#[derive(Debug, clap::Args)]
pub(crate) struct RevokeArgs {
    /// Email address or id of the user.
    user: String,
    #[command(flatten)]
    place: Place,
}

pub(crate) async fn grant(context: &Context, args: &GrantArgs) -> Result<Exit> {
    let database = context.database().await?;
    let user = users::find(&database, &args.user).await?;
    let tenant = args.place.tenant(&database).await?;
    let tenant_id = tenant.as_ref().map(|tenant| tenant.id);
    users::grant(&context.admin(&database), &user, tenant_id, args.role).await?;
    let slug = tenant.map(|tenant| tenant.slug);
    let json = json!({ "userId": user.id, "email": user.email, "tenant": slug, "role": args.role });
    context.output.result(&json, || {
        format!(
            "{} is now {} of {}.",
            user.email,
            args.role,
            place_text(slug.as_deref())
        )
    })?;
    Ok(Exit::Success)
}

pub(crate) async fn revoke(context: &Context, args: &RevokeArgs) -> Result<Exit> {
    let database = context.database().await?;
    let user = users::find(&database, &args.user).await?;
    let tenant = args.place.tenant(&database).await?;
    let tenant_id = tenant.as_ref().map(|tenant| tenant.id);
    users::revoke(&context.admin(&database), &user, tenant_id).await?;
    let slug = tenant.map(|tenant| tenant.slug);
    let json = json!({ "userId": user.id, "email": user.email, "tenant": slug, "role": null });
    context.output.result(&json, || {
        format!(
            "{} has no role in {} any more.",
            user.email,
            place_text(slug.as_deref())
        )
    })?;
    Ok(Exit::Success)
}

impl Place {
    async fn tenant(&self, database: &Database) -> Result<Option<tenant::Model>> {
        match &self.tenant {
            Some(tenant) => Ok(Some(tenants::find(database, tenant).await?)),
            None => Ok(None),
        }
    }
}

fn place_text(slug: Option<&str>) -> String {
    slug.map_or_else(|| "the agency".to_owned(), |slug| format!("tenant {slug}"))
}
