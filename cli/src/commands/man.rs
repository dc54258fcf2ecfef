//! `ctsync man`: manual pages.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use clap::CommandFactory;
use clap_mangen::Man;

use crate::args::Cli;
use crate::display::things;
use crate::exit::Exit;
use crate::output::{Output, print};

#[derive(Debug, clap::Args)]
pub(crate) struct ManArgs {
    /// Folder to write the pages of all commands to, instead of printing the main one.
    ///
    /// To read the main page at once: ctsync man | man -l -
    #[arg(long, value_name = "FOLDER")]
    dir: Option<PathBuf>,
}

pub(crate) fn run(output: Output, args: &ManArgs) -> Result<Exit> {
    if let Some(dir) = &args.dir {
        write_all(output, dir)?;
    } else {
        let mut page = Vec::new();
        Man::new(Cli::command()).render(&mut page)?;
        print(&String::from_utf8_lossy(&page))?;
    }
    Ok(Exit::Success)
}

fn write_all(output: Output, dir: &Path) -> Result<()> {
    let attempt = || format!("could not write manual pages to {}", dir.display());
    std::fs::create_dir_all(dir).with_context(attempt)?;
    clap_mangen::generate_to(Cli::command(), dir).with_context(attempt)?;
    let page_count = std::fs::read_dir(dir).with_context(attempt)?.count();
    output.say(&format!(
        "{} in {}",
        things(page_count, "page"),
        dir.display()
    ));
    Ok(())
}
