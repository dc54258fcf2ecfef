//! `ctsync completions`: scripts that let a shell complete our commands.

use anyhow::Result;
use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Cli;
use crate::exit::Exit;
use crate::output::print;

#[derive(Debug, clap::Args)]
pub(crate) struct CompletionsArgs {
    /// The shell to complete in.
    ///
    /// For bash: ctsync completions bash > ~/.local/share/bash-completion/completions/ctsync
    shell: Shell,
}

pub(crate) fn run(args: &CompletionsArgs) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "ctsync", &mut script);
    print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Success)
}
