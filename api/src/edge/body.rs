//! Bounds bodies while they are read: each by size and time, and all that are under way by their sum.
//!
//! Nothing of a body is read before somebody asks for it. Handlers do so when they know who calls, so that strangers
//! cannot fill the memory.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures::{Stream, StreamExt, stream};
use poem::http::header;
use poem::{Body, Endpoint, IntoResponse, Request, Response, Result};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use super::settings::EdgeSettings;
use crate::error::{ApiError, Code};
use crate::route::{self, Found};
use crate::state::State;

/// Largest body of an operation that takes no credential: webhooks.
const MAX_OPEN_BYTES: usize = 64 * 1024;
/// What is read before it is handed on.
const BLOCK_BYTES: usize = 16 * 1024;
/// When to try again what found no room.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The request has a body, which may take its time to arrive.
#[derive(Debug, Clone, Copy)]
pub(super) struct HasBody;

/// Room for the bodies under way, in bytes.
pub(crate) struct BodyRoom(Arc<Semaphore>);

impl BodyRoom {
    pub(super) fn new(settings: &EdgeSettings) -> Self {
        Self(Arc::new(Semaphore::new(settings.max_bodies_bytes)))
    }
}

/// Puts a bounded body in place of the one that is still to come.
pub(super) async fn bound_body<E: Endpoint>(next: E, mut request: Request) -> Result<Response> {
    let Some(state) = request.data::<Arc<State>>().cloned() else {
        return Ok(next.call(request).await?.into_response());
    };
    let max_bytes = max_bytes(&request, &state.edge.settings);
    check_announced(&request, max_bytes)?;
    let body = request.take_body();
    if body.is_empty() {
        return Ok(next.call(request).await?.into_response());
    }
    let bounds = Bounds {
        max_bytes,
        deadline: Instant::now() + state.edge.settings.request_timeout,
        room: Arc::clone(&state.edge.bodies.0),
    };
    let taken = Taken::default();
    let receiving = Receiving {
        parts: body.into_bytes_stream(),
        bounds,
        taken: taken.clone(),
    };
    let blocks = stream::try_unfold(receiving, async |mut receiving| {
        let block = receiving.next().await?;
        Ok::<_, io::Error>(block.map(|block| (block, receiving)))
    });
    request.set_body(Body::from_bytes_stream(blocks));
    request.set_data(HasBody);
    let answer = next.call(request).await;
    // Whatever the handler made of half a body.
    match taken.refusal() {
        Some(refusal) => Err(refusal.into()),
        None => Ok(answer?.into_response()),
    }
}

fn max_bytes(request: &Request, settings: &EdgeSettings) -> usize {
    match route::find(request.method(), request.uri().path()) {
        Found::Operation(operation) if operation.is_open() => {
            settings.max_body_bytes.min(MAX_OPEN_BYTES)
        }
        _ => settings.max_body_bytes,
    }
}

fn check_announced(request: &Request, max_bytes: usize) -> Result<(), ApiError> {
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    match announced {
        Some(bytes) if bytes > max_bytes => Err(too_large(max_bytes)),
        _ => Ok(()),
    }
}

struct Bounds {
    max_bytes: usize,
    deadline: Instant,
    room: Arc<Semaphore>,
}

/// What was taken of a body. Clones share it; the room is free again when the last one is gone.
#[derive(Clone, Default)]
struct Taken(Arc<Mutex<Progress>>);

#[derive(Default)]
struct Progress {
    bytes: usize,
    room: Option<OwnedSemaphorePermit>,
    refusal: Option<ApiError>,
}

impl Taken {
    fn refusal(&self) -> Option<ApiError> {
        self.progress().refusal.take()
    }

    fn refuse(&self, refusal: ApiError) -> io::Error {
        self.progress().refusal = Some(refusal);
        io::Error::other("the body is refused")
    }

    /// Counts so many bytes more, and finds room for them.
    fn add(&self, bytes: usize, bounds: &Bounds) -> Result<(), ApiError> {
        let mut progress = self.progress();
        progress.bytes += bytes;
        if progress.bytes > bounds.max_bytes {
            return Err(too_large(bounds.max_bytes));
        }
        let count = u32::try_from(bytes).unwrap_or(u32::MAX);
        let room = Arc::clone(&bounds.room).try_acquire_many_owned(count);
        let room = room.map_err(|_| no_room())?;
        match &mut progress.room {
            Some(held) => held.merge(room),
            none => *none = Some(room),
        }
        Ok(())
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A body that is being read.
struct Receiving<S> {
    parts: S,
    bounds: Bounds,
    taken: Taken,
}

impl<S: Stream<Item = io::Result<Bytes>> + Unpin> Receiving<S> {
    /// Returns the next block; none after the last one. What leaves its bounds breaks off with a refusal.
    ///
    /// Parts are copied together: each small one that is kept would hold on to a whole buffer of the connection.
    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        let mut block = BytesMut::with_capacity(BLOCK_BYTES);
        while block.len() < BLOCK_BYTES {
            let part = match timeout_at(self.bounds.deadline, self.parts.next()).await {
                Err(_) => return Err(self.taken.refuse(Code::RequestTimeout.into())),
                Ok(Some(Err(_))) => return Err(self.taken.refuse(broken())),
                Ok(None) => break,
                Ok(Some(Ok(part))) => part,
            };
            let added = self.taken.add(part.len(), &self.bounds);
            added.map_err(|refusal| self.taken.refuse(refusal))?;
            block.extend_from_slice(&part);
        }
        Ok(Some(block.freeze()).filter(|block| !block.is_empty()))
    }
}

fn broken() -> ApiError {
    ApiError::new(Code::MalformedRequest, "the body did not arrive whole")
}

fn too_large(max_bytes: usize) -> ApiError {
    ApiError::new(
        Code::BodyTooLarge,
        format!("the body has more than {max_bytes} bytes"),
    )
}

fn no_room() -> ApiError {
    let refusal = ApiError::new(Code::Unavailable, "too many bodies arrive at once");
    refusal.retry_after(RETRY_AFTER)
}
