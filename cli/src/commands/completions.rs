//! `ctsync completions`: scripts that let a shell complete our commands.

use anyhow::Result;
use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Cli;
use crate::exit::Exit;
use crate::output::Output;

#[derive(Debug, clap::Args)]
pub(crate) struct CompletionsArgs {
    /// The shell to complete in.
    ///
    /// For bash: ctsync completions bash > ~/.local/share/bash-completion/completions/ctsync
    shell: Shell,
}

pub(crate) fn run(output: Output, args: &CompletionsArgs) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "ctsync", &mut script);
    output.raw(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Success)
}
