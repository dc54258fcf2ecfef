//! Shows how runs come along: a bar for each on a terminal, log lines elsewhere.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use engine::observer::{Event, Observer};
use entity::Stream;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use tracing::{debug, info};

const TICK: Duration = Duration::from_millis(120);
const COUNTING: &str = "{prefix:<20} {spinner} {msg:<20} {human_pos:>9}";
const MEASURED: &str =
    "{prefix:<20} {spinner} {msg:<20} {human_pos:>9} of {human_len:<9} {wide_bar}";

/// Returns a watcher of the run on the connection called `name`.
pub(super) fn watcher(bars: &MultiProgress, is_watched: bool, name: String) -> Arc<dyn Observer> {
    if !is_watched {
        return Arc::new(LogLines);
    }
    let bar = bars.add(
        ProgressBar::no_length()
            .with_style(style(COUNTING))
            .with_prefix(name),
    );
    bar.enable_steady_tick(TICK);
    Arc::new(Bar(bar))
}

fn style(template: &str) -> ProgressStyle {
    // The templates are ours; were one wrong, the usual bar would do.
    let style = ProgressStyle::with_template(template);
    style
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("━━╌")
}

/// Taken off the terminal when the run's future is done or dropped.
struct Bar(ProgressBar);

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

#[async_trait]
impl Observer for Bar {
    async fn on(&self, event: Event) {
        match event {
            Event::Recorded(_) => self.0.set_message("starting"),
            Event::StreamStarted(stream) => {
                self.0.set_style(style(COUNTING));
                self.0.unset_length();
                self.0.set_position(0);
                self.0.set_message(stream.to_string().replace('_', " "));
            }
            // These come in as many small lists as there are contacts.
            Event::PageRead {
                stream: Stream::Notes,
                ..
            } => {}
            Event::PartRead {
                done,
                total: Some(total),
                ..
            } => {
                self.0.set_style(style(MEASURED));
                self.0.set_length(total);
                self.0.set_position(done);
            }
            Event::PageRead { read, expected, .. } => {
                if let Some(expected) = expected {
                    self.0.set_style(style(MEASURED));
                    self.0.set_length(expected);
                }
                self.0.set_position(read);
            }
            Event::Publishing | Event::PublishingPart => self.0.set_message("publishing"),
            _ => {}
        }
    }
}

/// What is logged besides the beginning and the end of the run.
struct LogLines;

#[async_trait]
impl Observer for LogLines {
    async fn on(&self, event: Event) {
        match event {
            Event::StreamStarted(stream) => debug!(stream = %stream, "stream started"),
            Event::StreamEnded(stream) => info!(stream = %stream, "stream ended"),
            _ => {}
        }
    }
}
