//! `ctsync users set`.

use anyhow::Result;
use engine::admin::users;
use serde_json::json;

use crate::context::Context;
use crate::exit::Exit;

/// Say who a user is to the OIDC issuer.
///
/// A user is bound to a subject at the first sign-in through the issuer and from then on found by it
/// alone. Take it away when the person's account at the issuer was replaced, or the issuer itself: the
/// next sign-in with the verified email address then binds the user anew.
#[derive(Debug, clap::Args)]
pub(crate) struct SetArgs {
    /// Email address or id of the user.
    user: String,
    /// The `sub` of the issuer's tokens; an empty one takes it away.
    #[arg(long)]
    subject: String,
}

pub(crate) async fn run(context: &Context, args: &SetArgs) -> Result<Exit> {
    let database = context.database().await?;
    let user = users::find(&database, &args.user).await?;
    let subject = Some(args.subject.as_str()).filter(|subject| !subject.is_empty());
    let user = users::set_subject(&context.admin(&database), user.id, subject).await?;
    let json = json!({ "userId": user.id, "email": user.email, "subject": user.oidc_subject });
    context.output.result(&json, || match &user.oidc_subject {
        Some(subject) => format!("{} signs in as subject {subject}.", user.email),
        None => format!("{} is bound to no subject any more.", user.email),
    })?;
    Ok(Exit::Success)
}
