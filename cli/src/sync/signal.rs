//! SIGINT and SIGTERM: the first asks the work to stop, the second leaves it where it is.

use std::future::Future;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing::warn;

/// Runs `work` to its end, or to the second signal.
///
/// At the first one `cancel` is cancelled: runs stop at the next page, record their end and give their
/// leases up. Returns none when the work was left; its leases then expire by themselves.
pub(crate) async fn interruptible<T>(
    cancel: &CancellationToken,
    work: impl Future<Output = T>,
) -> std::io::Result<Option<T>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::pin!(work);
    tokio::select! {
        done = &mut work => return Ok(Some(done)),
        () = either(&mut interrupt, &mut terminate) => {
            warn!("stopping; a second signal stops without tidying up");
            cancel.cancel();
        }
    }
    tokio::select! {
        done = &mut work => Ok(Some(done)),
        () = either(&mut interrupt, &mut terminate) => Ok(None),
    }
}

async fn either(left: &mut Signal, right: &mut Signal) {
    tokio::select! {
        _ = left.recv() => {}
        _ = right.recv() => {}
    }
}
