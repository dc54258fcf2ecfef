//! What a fault makes of an answer, for those faults that mean the same for every service.

use tokio::sync::watch;

use super::FaultKind;
use crate::reply::Reply;
use crate::transmission::Transmission;

/// How a service words what faults have it say.
pub(crate) trait Dialect {
    /// What a large body of padding begins and ends with.
    const PADDING: [&'static str; 2];

    /// An HTTP status with a short body.
    fn failure(status: u16) -> Reply;

    /// A refusal of the keys.
    fn refusal(status: u16) -> Reply {
        Self::failure(status)
    }

    /// An error that travels with HTTP 200.
    fn error(code: &str) -> Reply;

    /// An empty listing in another form than a listing's, where the service has one.
    fn empty() -> Option<Reply> {
        None
    }
}

/// Returns what `fault` makes of the answer that `honest` works out.
pub(crate) fn struck<D: Dialect>(
    fault: &FaultKind,
    released: watch::Receiver<()>,
    honest: impl FnOnce() -> Reply,
) -> Transmission {
    if let Some(instead) = replaced::<D>(fault) {
        return instead;
    }
    let reply = honest();
    match fault {
        FaultKind::TruncatedJson => reply.truncated().into(),
        FaultKind::Slow(delay) => Transmission::Late(*delay, reply),
        FaultKind::Trickle => Transmission::Trickling(reply),
        FaultKind::Hold => Transmission::Held(released, reply),
        FaultKind::BreakOff => Transmission::BrokenOff(reply),
        _ => reply.into(),
    }
}

/// Returns what stands in for the true answer, for the faults that need nothing of it.
fn replaced<D: Dialect>(fault: &FaultKind) -> Option<Transmission> {
    let reply = match fault {
        FaultKind::Hang => return Some(Transmission::Never),
        FaultKind::ConnectionReset => return Some(Transmission::Reset),
        FaultKind::Body(size) => return Some(Transmission::Padded(D::PADDING, *size)),
        FaultKind::Status(status) => D::failure(*status),
        FaultKind::StatusWith {
            status,
            retry_after,
            html,
        } => worded(*status, *html, D::failure).retry_after(retry_after.clone()),
        FaultKind::StatusJson { status, body } => Reply::json(body.as_str()).with_status(*status),
        FaultKind::Unauthorized { status, html } => worded(*status, *html, D::refusal),
        FaultKind::EnvelopeError(code) => D::error(code),
        FaultKind::HtmlPage => Reply::html(200),
        FaultKind::NotJson => Reply::json("Success, 0 records"),
        FaultKind::EmptyAsCt515 => D::empty()?,
        _ => return None,
    };
    Some(reply.into())
}

fn worded(status: u16, html: bool, short: fn(u16) -> Reply) -> Reply {
    if html {
        Reply::html(status)
    } else {
        short(status)
    }
}
