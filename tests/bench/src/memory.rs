//! Memory: it must not grow with what is mirrored.

use anyhow::Result;

use crate::args::Args;
use crate::ctsync::Ctsync;
use crate::report::{Line, Measured, Target, progress};
use crate::sandbox::Sandbox;
use crate::scratch::{Scratch, Server};

/// Most memory of the process.
const MIB_AT_MOST: f64 = 100.0;
/// Ten times the records may take so many times the memory.
const GROWTH_AT_MOST: f64 = 1.25;

/// Measures on `server`: the higher peak of a first and a second sync, at both sizes.
pub(crate) async fn measure(args: &Args, ctsync: &Ctsync, server: &Server) -> Result<Vec<Line>> {
    let mut lines = vec![];
    let mut peaks = vec![];
    for leads in args.sizes().memory {
        progress(&format!(
            "memory on {} at {} records",
            server.name(),
            2 * leads
        ))?;
        let peak = peak(args, ctsync, server, leads).await?;
        lines.push(line(
            format!("memory at {} records", 2 * leads),
            server,
            format!("{peak:.0} MiB"),
            "",
            Measured {
                value: peak,
                unit: "MiB",
                target: Target::AtMost(MIB_AT_MOST),
            },
        ));
        peaks.push(peak);
    }
    if let [low, high] = *peaks {
        let growth = Measured {
            value: high / low,
            unit: "×",
            target: Target::AtMost(GROWTH_AT_MOST),
        };
        lines.push(line(
            "the same, growth".to_owned(),
            server,
            String::new(),
            "a tenth of the records",
            growth,
        ));
    }
    Ok(lines)
}

async fn peak(args: &Args, ctsync: &Ctsync, server: &Server, leads: usize) -> Result<f64> {
    let sandbox = Sandbox::start(args, leads, 0).await?;
    let scratch = Scratch::make(server, ctsync, &sandbox).await?;
    let first = ctsync.sync(&scratch.url).await?;
    let second = ctsync.sync(&scratch.url).await?;
    scratch.remove().await?;
    Ok(first.peak_mib.max(second.peak_mib))
}

fn line(work: String, server: &Server, ctsync: String, compared: &str, result: Measured) -> Line {
    Line {
        work,
        database: server.name(),
        ctsync,
        compared: compared.to_owned(),
        result,
    }
}
