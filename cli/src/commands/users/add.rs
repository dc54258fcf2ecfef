//! `ctsync users add`.

use std::collections::HashMap;

use anyhow::Result;
use engine::admin::users::{self, Member, NewUser};

use super::view::UserView;
use crate::context::Context;
use crate::exit::Exit;

#[derive(Debug, clap::Args)]
pub(crate) struct AddArgs {
    /// Email address.
    email: String,
    /// The person's name.
    #[arg(long)]
    name: Option<String>,
    /// Who the person is to the OIDC issuer (the `sub` of its tokens). If left out, the first sign-in with
    /// the verified email address tells.
    #[arg(long)]
    subject: Option<String>,
}

pub(crate) async fn run(context: &Context, args: AddArgs) -> Result<Exit> {
    let database = context.database().await?;
    let AddArgs {
        email,
        name,
        subject,
    } = args;
    let new = NewUser {
        email,
        name,
        subject,
    };
    let user = users::add(&context.admin(&database), new).await?;
    let member = Member {
        user,
        memberships: vec![],
    };
    let view = UserView::new(member, &HashMap::new());
    context.output.result(&view, || {
        format!("Added user {} ({}).", view.email, view.id)
    })?;
    context.output.say(&format!(
        "Next: ctsync users grant {} --tenant <tenant> --role tenant_viewer",
        view.email
    ));
    Ok(Exit::Success)
}
