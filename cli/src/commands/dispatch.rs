//! Runs the command that was asked for.

use anyhow::Result;
use engine::process::Environment;
use indicatif::MultiProgress;

use super::{
    answers, backup, completions, connections, crontab, doctor, drift, explain, help, man, migrate,
    prune, rejects, replay, run, runs, secret_key, status, tenant, tenants, tokens, users, verify,
    webhooks, worker,
};
use crate::args::{Cli, Command};
use crate::context::Context;
use crate::exit::Exit;
use crate::logging;
use crate::output::Output;

/// Runs the command and returns what to exit with.
pub(crate) async fn dispatch(cli: Cli) -> Result<Exit> {
    let Cli { global, command } = cli;
    let output = Output::new(global.format, global.quiet);
    // These must work before anything is set up.
    let command = match command {
        Command::SecretKey(args) if args.is_for_new() => return secret_key::print(output),
        Command::Completions(args) => return completions::run(&args),
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
    let ended = Box::pin(with_database(&context, command)).await;
    context.close().await;
    ended
}

async fn with_database(context: &Context, command: Command) -> Result<Exit> {
    match command {
        Command::Run(args) => run::run(context, &args).await,
        Command::Tenant(args) => tenant::run(context, &args).await,
        Command::Status(args) => status::run(context, &args).await,
        Command::Runs(command) => runs::run(context, command).await,
        Command::Verify(args) => verify::run(context, &args).await,
        Command::Replay(args) => replay::run(context, &args).await,
        Command::Rejects(command) => rejects::run(context, command).await,
        Command::Answers(command) => answers::run(context, command).await,
        Command::Drift(command) => drift::run(context, command).await,
        Command::Explain(args) => explain::run(context, &args).await,
        Command::Worker(args) => worker::run(context, &args).await,
        Command::Doctor => doctor::run(context).await,
        Command::Prune(args) => prune::run(context, &args).await,
        Command::Tenants(command) => tenants::run(context, command).await,
        Command::Connections(command) => connections::run(context, command).await,
        Command::Webhooks(command) => webhooks::run(context, command).await,
        Command::Tokens(command) => tokens::run(context, command).await,
        Command::Users(command) => users::run(context, command).await,
        Command::Backup(args) => backup::run(context, &args).await,
        Command::Restore(args) => backup::put_back(context, &args).await,
        Command::Migrate(command) => migrate::run(context, command).await,
        Command::SecretKey(_) => secret_key::rotate(context).await,
        Command::Crontab(_) | Command::Completions(_) | Command::Man(_) | Command::Help(_) => {
            Ok(Exit::Success)
        }
    }
}
