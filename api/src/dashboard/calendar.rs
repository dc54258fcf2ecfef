//! Calendars as text (RFC 5545): lines of at most 75 octets that end in CRLF, times in UTC.

use entity::Timestamp;

/// Octets of a line, without its end.
const MAX_LINE_OCTETS: usize = 75;
/// Between two parts of a line that is too long.
const FOLD: &str = "\r\n ";

/// A calendar that is being written.
pub(super) struct Calendar(String);

impl Calendar {
    /// Begins a calendar for people to subscribe to.
    pub(super) fn new(name: &str) -> Self {
        let mut calendar = Self(String::new());
        calendar.line("BEGIN", "VCALENDAR");
        calendar.line("VERSION", "2.0");
        calendar.line("PRODID", "-//ctsync//schedule//EN");
        calendar.line("METHOD", "PUBLISH");
        calendar.text("X-WR-CALNAME", name);
        calendar
    }

    /// Begins an event.
    ///
    /// `uid` names it for ever. `changed_at` is when this version of it was seen.
    pub(super) fn begin_event(&mut self, uid: &str, changed_at: Timestamp, at: Timestamp) {
        self.line("BEGIN", "VEVENT");
        self.line("UID", uid);
        self.line("DTSTAMP", &time(changed_at));
        self.line("LAST-MODIFIED", &time(changed_at));
        self.line("DTSTART", &time(at));
    }

    /// Ends the event.
    pub(super) fn end_event(&mut self) {
        self.line("END", "VEVENT");
    }

    /// Adds a property with any text for a value.
    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.line(name, &escaped(text));
    }

    /// Ends the calendar.
    pub(super) fn finish(mut self) -> String {
        self.line("END", "VCALENDAR");
        self.0
    }

    /// Adds a line, folded between characters.
    fn line(&mut self, name: &str, value: &str) {
        let mut octets = 0;
        for letter in name.chars().chain([':']).chain(value.chars()) {
            if octets + letter.len_utf8() > MAX_LINE_OCTETS {
                self.0.push_str(FOLD);
                // The space counts.
                octets = 1;
            }
            self.0.push(letter);
            octets += letter.len_utf8();
        }
        self.0.push_str("\r\n");
    }
}

fn time(time: Timestamp) -> String {
    time.format("%Y%m%dT%H%M%SZ").to_string()
}

/// Returns `text` as a value: separators escaped, line ends as `\n`, other control characters left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    for letter in text.chars() {
        match letter {
            '\\' | ';' | ',' => escaped.extend(['\\', letter]),
            '\n' => escaped.push_str("\\n"),
            letter if letter.is_control() && letter != '\t' => {}
            letter => escaped.push(letter),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unfolded(text: &str) -> String {
        text.replace(FOLD, "")
    }

    #[test]
    fn an_event_is_written_line_by_line() {
        let mut calendar = Calendar::new("Harbor Homes");
        let at = "2026-11-20T08:15:30.5Z".parse().unwrap();
        calendar.begin_event("1@ctsync", at, at);
        calendar.text("SUMMARY", "Tour");
        calendar.end_event();
        let lines = [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//ctsync//schedule//EN",
            "METHOD:PUBLISH",
            "X-WR-CALNAME:Harbor Homes",
            "BEGIN:VEVENT",
            "UID:1@ctsync",
            "DTSTAMP:20261120T081530Z",
            "LAST-MODIFIED:20261120T081530Z",
            "DTSTART:20261120T081530Z",
            "SUMMARY:Tour",
            "END:VEVENT",
            "END:VCALENDAR",
            "",
        ];
        assert_eq!(calendar.finish(), lines.join("\r\n"));
    }

    #[test]
    fn no_text_can_end_its_line() {
        assert_eq!(escaped("a;b,c\\d"), r"a\;b\,c\\d");
        assert_eq!(escaped("a\r\nEND:VEVENT\rb\nc"), r"a\nEND:VEVENT\nb\nc");
        assert_eq!(escaped("a\u{0}\u{7f}\u{85}\tb"), "a\tb");
    }

    #[test]
    fn long_lines_are_folded_between_characters() {
        for letter in ["x", "ü", "老", "🦊"] {
            let text = letter.repeat(200);
            let mut calendar = Calendar(String::new());
            calendar.text("SUMMARY", &text);
            let lines: Vec<_> = calendar.0.split("\r\n").collect();
            assert!(
                lines.iter().all(|line| line.len() <= MAX_LINE_OCTETS),
                "{letter}"
            );
            assert_eq!(unfolded(&calendar.0), format!("SUMMARY:{text}\r\n"));
        }
    }
}
