//! When something last moved on a connection.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use http_body::{Body, Frame, SizeHint};
use tokio::time::{Instant, sleep_until};

use super::ConnectionLimits;

/// What has happened on a connection. Clones share it.
#[derive(Debug, Clone)]
pub(super) struct Activity(Arc<Mutex<Moved>>);

#[derive(Debug)]
struct Moved {
    at: Instant,
    /// Requests whose answers are not handed over whole.
    under_way: usize,
    has_asked: bool,
}

/// A request under way, until it is dropped.
#[derive(Debug)]
pub(super) struct UnderWay(Activity);

impl Activity {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(Moved {
            at: Instant::now(),
            under_way: 0,
            has_asked: false,
        })))
    }

    /// A request has arrived: its head.
    pub(super) fn begin(&self) -> UnderWay {
        self.change(|moved| {
            moved.under_way += 1;
            moved.has_asked = true;
        });
        UnderWay(self.clone())
    }

    /// Waits until nothing has moved for too long.
    pub(super) async fn wait_for_silence(&self, limits: &ConnectionLimits) {
        loop {
            let deadline = self.deadline(limits);
            if deadline <= Instant::now() {
                return;
            }
            sleep_until(deadline).await;
        }
    }

    fn deadline(&self, limits: &ConnectionLimits) -> Instant {
        let moved = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let limit = match *moved {
            Moved { under_way: 1.., .. } => limits.stalled,
            Moved {
                has_asked: true, ..
            } => limits.idle,
            _ => limits.first_head,
        };
        moved.at + limit
    }

    fn change(&self, change: impl FnOnce(&mut Moved)) {
        let mut moved = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut moved);
        moved.at = Instant::now();
    }
}

impl UnderWay {
    /// Something of the answer has moved.
    pub(super) fn moved(&self) {
        self.0.change(|_| {});
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.change(|moved| moved.under_way -= 1);
    }
}

/// The body of an answer; each part that is taken from it is a sign of life.
pub(super) struct Watched<B> {
    pub(super) body: B,
    pub(super) under_way: UnderWay,
}

impl<B: Body + Unpin> Body for Watched<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        self.under_way.moved();
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
