//! Slices: the parts of a stream that are read whole and published whole.

use chrono::{DateTime, SecondsFormat, Utc};
use entity::{Stream, Timestamp};

/// How a stream is cut into slices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slicing {
    /// The whole list is one slice.
    Whole,
    /// One slice for each live record of another stream.
    PerRecordOf(Stream),
    /// The records within a date window are one slice.
    Window,
    /// Date windows, each published by itself, and what has changed since they were read.
    Timeline,
}

/// A part of a stream with a known boundary, read whole and published whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice {
    /// The stream it is a part of.
    pub stream: Stream,
    /// Which part.
    pub boundary: Boundary,
    /// Only records that were last changed up to this moment of the upstream's clock; any when absent.
    ///
    /// Such a list can only lose rows while it is read: whatever is changed meanwhile leaves it. So a total that
    /// stays the same proves that nothing moved.
    pub as_of: Option<Timestamp>,
}

/// The boundary of a slice: which rows must vanish when they are not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Boundary {
    /// All rows of the stream.
    Whole,
    /// The rows that belong to one upstream record.
    Parent(String),
    /// The rows scheduled from the first moment up to, not including, the second; and those without a time.
    Window(Timestamp, Timestamp),
    /// The rows dated from the first moment up to, not including, the second.
    Dates(Timestamp, Timestamp),
    /// The rows without a date.
    Undated,
    /// Records that were changed from the first moment up to and including the second, later ones and those that
    /// do not say when. No row must be among them.
    Changes(Timestamp, Timestamp),
    /// The row of one record.
    Record(String),
}

impl Slice {
    /// A slice without regard to when its records were changed.
    pub fn new(stream: Stream, boundary: Boundary) -> Self {
        Self {
            stream,
            boundary,
            as_of: None,
        }
    }

    /// Name of the slice in snapshots and coverage.
    pub fn key(&self) -> String {
        match &self.boundary {
            Boundary::Whole => "all".to_owned(),
            Boundary::Parent(id) => format!("of:{id}"),
            // As these were always written: a full offset.
            Boundary::Window(from, to) => {
                format!("window:{}/{}", from.to_rfc3339(), to.to_rfc3339())
            }
            Boundary::Dates(from, to) => format!("dates:{}", span(*from, *to)),
            Boundary::Undated => "undated".to_owned(),
            Boundary::Changes(since, until) => format!("changes:{}", span(*since, *until)),
            Boundary::Record(id) => format!("record:{id}"),
        }
    }

    /// Name of the slice for people: the id of the record it is about, or the days it spans.
    pub(crate) fn name(&self) -> String {
        let days = |from: Timestamp, to: Timestamp| {
            format!("{} to {}", from.date_naive(), to.date_naive())
        };
        match &self.boundary {
            Boundary::Parent(id) | Boundary::Record(id) => id.clone(),
            Boundary::Window(from, to) | Boundary::Dates(from, to) => days(*from, *to),
            Boundary::Changes(..) => "changes".to_owned(),
            Boundary::Whole | Boundary::Undated => self.key(),
        }
    }

    /// Returns the span of a window of dates.
    pub(crate) fn dates(&self) -> Option<(Timestamp, Timestamp)> {
        match self.boundary {
            Boundary::Dates(from, to) => Some((from, to)),
            _ => None,
        }
    }

    /// Reads what [`Slice::key`] wrote.
    pub fn from_key(stream: Stream, key: &str) -> Option<Self> {
        let (kind, rest) = key.split_once(':').unwrap_or((key, ""));
        let boundary = match kind {
            "all" => Boundary::Whole,
            "of" => Boundary::Parent(rest.to_owned()),
            "undated" => Boundary::Undated,
            "record" => Boundary::Record(rest.to_owned()),
            "window" => parse_span(rest).map(|(from, to)| Boundary::Window(from, to))?,
            "dates" => parse_span(rest).map(|(from, to)| Boundary::Dates(from, to))?,
            "changes" => parse_span(rest).map(|(since, until)| Boundary::Changes(since, until))?,
            _ => return None,
        };
        Some(Self::new(stream, boundary))
    }
}

fn span(from: Timestamp, to: Timestamp) -> String {
    let text = |moment: Timestamp| moment.to_rfc3339_opts(SecondsFormat::AutoSi, true);
    format!("{}/{}", text(from), text(to))
}

fn parse_span(text: &str) -> Option<(Timestamp, Timestamp)> {
    let (from, to) = text.split_once('/')?;
    let moment = |text| Some(DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&Utc));
    Some((moment(from)?, moment(to)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_reads_back_from_its_name() {
        let moment = |text: &str| text.parse::<Timestamp>().unwrap();
        let (from, to) = (
            moment("2026-11-01T00:00:00Z"),
            moment("2026-12-01T00:00:00.25Z"),
        );
        for boundary in [
            Boundary::Whole,
            Boundary::Parent("a:b/c".to_owned()),
            Boundary::Window(from, to),
            Boundary::Dates(from, to),
            Boundary::Undated,
            Boundary::Changes(from, to),
            Boundary::Record("501".to_owned()),
        ] {
            let slice = Slice::new(Stream::Opportunities, boundary);
            let read = Slice::from_key(slice.stream, &slice.key());
            assert_eq!(read, Some(slice));
        }
        assert_eq!(Slice::from_key(Stream::Leads, "dates:soon"), None);
    }
}
