//! The command line as clap sees it; doc comments are the help.

use clap::{ArgAction, Args, Parser, Subcommand};

use crate::commands::{
    answers, backup, completions, connections, crontab, drift, explain, help, man, migrate, prune,
    rejects, replay, run, runs, secret_key, status, tenant, tenants, tokens, users, verify,
    webhooks, worker,
};
use crate::output::Format;

/// Mirrors your customers' CRM data into a database you own.
///
/// ctsync reads upstream accounts (ClientTether, Current RMS), tenant by tenant, and keeps an exact, fresh and traceable
/// copy in SQLite or PostgreSQL. Settings come from flags, the environment and the file .env, in this
/// order.
#[derive(Debug, Parser)]
#[command(
    name = "ctsync",
    bin_name = "ctsync",
    version,
    disable_help_subcommand = true,
    after_help = "`ctsync help settings` lists the settings, `ctsync help exit-codes` the exit codes."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags of every command.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct GlobalArgs {
    /// Database to use; better set DATABASE_URL when it contains a password.
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) database_url: Option<String>,
    /// Form of the results on standard output.
    #[arg(long, global = true, value_enum, default_value_t)]
    pub(crate) format: Format,
    /// Leave out everything but results and errors.
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Log more; twice for even more.
    #[arg(long, short, global = true, action = ArgAction::Count)]
    pub(crate) verbose: u8,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Sync every active connection; for cron.
    Run(run::RunArgs),
    /// Sync one tenant now.
    Tenant(tenant::TenantArgs),
    /// Show how fresh everything is, and what to do next.
    Status(status::StatusArgs),
    /// Look at past runs.
    #[command(subcommand)]
    Runs(runs::RunsCommand),
    /// Manage tenants, the customers of the agency.
    #[command(subcommand)]
    Tenants(tenants::TenantsCommand),
    /// Manage connections, the upstream accounts of tenants.
    #[command(subcommand)]
    Connections(connections::ConnectionsCommand),
    /// Manage webhooks, by which upstreams tell what happens there.
    #[command(subcommand)]
    Webhooks(webhooks::WebhooksCommand),
    /// Manage API tokens.
    #[command(subcommand)]
    Tokens(tokens::TokensCommand),
    /// Manage users and their roles.
    #[command(subcommand)]
    Users(users::UsersCommand),
    /// Compare a tenant's mirror with the upstream, and change nothing.
    Verify(verify::VerifyArgs),
    /// Rebuild a tenant's record tables from the stored snapshots, without the upstream.
    Replay(replay::ReplayArgs),
    /// Look at records that could not be understood.
    #[command(subcommand)]
    Rejects(rejects::RejectsCommand),
    /// Look at upstream answers that could not be used.
    #[command(subcommand)]
    Answers(answers::AnswersCommand),
    /// Look at upstream fields that are not what they were.
    #[command(subcommand)]
    Drift(drift::DriftCommand),
    /// Tell which run and snapshot wrote a row, and its history.
    Explain(explain::ExplainArgs),
    /// Check everything and name the one next step.
    Doctor,
    /// Do the syncs that the HTTP service and webhooks asked for, until stopped.
    ///
    /// The service runs a worker itself unless it was told not to. Any number of further ones may run, on this machine
    /// or on others that use the same PostgreSQL: each sync is done by one of them, and when one dies another carries
    /// its sync on.
    ///
    /// SIGINT or SIGTERM stops it: syncs stop at their next page, publish nothing and go back into the queue, and the
    /// exit code is 0. A second signal leaves at once; other workers then take over within two minutes.
    Worker(worker::WorkerArgs),
    /// Forget old snapshots, runs and webhooks that no row needs.
    Prune(prune::PruneArgs),
    /// Copy the database into a new file, at any time.
    Backup(backup::BackupArgs),
    /// Put a copy in the place of the database, which must not be there.
    Restore(backup::RestoreArgs),
    /// Bring the database's schema up to date, or back.
    #[command(subcommand)]
    Migrate(migrate::MigrateCommand),
    /// Print a fresh key for CTSYNC_SECRET_KEY, or go over to one.
    SecretKey(secret_key::SecretKeyArgs),
    /// Print a line for crontab that keeps everything fresh.
    Crontab(crontab::CrontabArgs),
    /// Print a completion script for a shell.
    Completions(completions::CompletionsArgs),
    /// Print the manual page, or write one for every command.
    Man(man::ManArgs),
    /// Explain a command or a topic (exit-codes, settings).
    Help(help::HelpArgs),
}
