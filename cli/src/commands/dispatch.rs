//! Runs the command that was asked for.

use anyhow::Result;
use indicatif::MultiProgress;

use super::{
    completions, connections, crontab, help, man, migrate, secret_key, tenants, tokens, users,
};
use crate::args::{Cli, Command};
use crate::config::Environment;
use crate::context::Context;
use crate::exit::Exit;
use crate::logging;
use crate::output::Output;

/// Runs the command and returns what to exit with.
pub(crate) async fn run(cli: Cli) -> Result<Exit> {
    let Cli { global, command } = cli;
    let output = Output::new(global.format, global.quiet);
    // These must work before anything is set up.
    let command = match command {
        Command::SecretKey => return secret_key::run(output),
        Command::Completions(args) => return completions::run(output, &args),
        Command::Man(args) => return man::run(output, &args),
        Command::Help(args) => return help::run(output, &args),
        command => command,
    };
    let environment = Environment::load()?;
    if let Command::Crontab(args) = command {
        return crontab::run(output, &environment, &args);
    }
    let progress = MultiProgress::new();
    logging::start(&environment, &global, &progress)?;
    let context = Context::load(&environment, &global, progress)?;
    // The futures of commands are large.
    Box::pin(with_database(&context, command)).await
}

async fn with_database(context: &Context, command: Command) -> Result<Exit> {
    match command {
        Command::Tenants(command) => tenants::run(context, command).await,
        Command::Connections(command) => connections::run(context, command).await,
        Command::Tokens(command) => tokens::run(context, command).await,
        Command::Users(command) => users::run(context, command).await,
        Command::Migrate(command) => migrate::run(context, command).await,
        Command::SecretKey
        | Command::Crontab(_)
        | Command::Completions(_)
        | Command::Man(_)
        | Command::Help(_) => Ok(Exit::Success),
    }
}
