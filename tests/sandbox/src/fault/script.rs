//! Scripted faults: what goes wrong, where, and how often.

use serde::{Deserialize, Serialize};

use super::FaultKind;

/// A fault waiting for the requests it is meant for.
///
/// Of several faults that match a request the one injected first strikes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    /// The endpoint it is meant for, such as `read_client_list`; any where `None`.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// The record it is meant for, where the path names one; any where `None`.
    #[serde(default)]
    pub record: Option<String>,
    /// The page it is meant for, counted from 1; any where `None`.
    #[serde(default)]
    pub page: Option<u64>,
    /// What goes wrong.
    pub kind: FaultKind,
    /// How many requests it strikes; until cleared where `None`.
    #[serde(default)]
    pub times: Option<u32>,
    /// How many requests that match it lets pass first.
    #[serde(default)]
    pub skip: u32,
}

impl Fault {
    /// Returns a fault that strikes every request until it is cleared.
    pub fn new(kind: FaultKind) -> Self {
        Self {
            endpoint: None,
            record: None,
            page: None,
            kind,
            times: None,
            skip: 0,
        }
    }

    /// Narrows the fault to one endpoint.
    #[must_use]
    pub fn on(mut self, endpoint: &str) -> Self {
        self.endpoint = Some(endpoint.to_owned());
        self
    }

    /// Narrows the fault to requests whose path names this record.
    #[must_use]
    pub fn about(mut self, record: &str) -> Self {
        self.record = Some(record.to_owned());
        self
    }

    /// Narrows the fault to one page, counted from 1.
    #[must_use]
    pub fn page(mut self, page: u64) -> Self {
        self.page = Some(page);
        self
    }

    /// Lets the fault strike so many requests and then go away.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// Lets so many matching requests pass first.
    #[must_use]
    pub fn skip(mut self, skip: u32) -> Self {
        self.skip = skip;
        self
    }

    fn matches(&self, endpoint: &str, record: Option<&str>, page: u64) -> bool {
        self.endpoint.as_deref().is_none_or(|name| name == endpoint)
            && (self.record.is_none() || self.record.as_deref() == record)
            && self.page.is_none_or(|meant| meant == page)
    }

    /// Counts a matching request and returns whether the fault strikes it.
    fn strikes(&mut self) -> bool {
        strikes(&mut self.skip, self.times.as_mut())
    }
}

/// Counts down what is to pass and then what is to be struck, and returns whether this one is struck.
pub(crate) fn strikes(skip: &mut u32, times: Option<&mut u32>) -> bool {
    if *skip > 0 {
        *skip -= 1;
        return false;
    }
    match times {
        None => true,
        Some(0) => false,
        Some(left) => {
            *left -= 1;
            true
        }
    }
}

/// The faults of one account.
#[derive(Debug, Default)]
pub(crate) struct FaultBook(Vec<Fault>);

impl FaultBook {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// Counts the request against every fault before the one that strikes, and returns that one's kind.
    pub(crate) fn strike(
        &mut self,
        endpoint: &str,
        record: Option<&str>,
        page: u64,
    ) -> Option<FaultKind> {
        self.0
            .iter_mut()
            .filter(|fault| fault.matches(endpoint, record, page))
            .find_map(|fault| fault.strikes().then(|| fault.kind.clone()))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_fault_skips_then_strikes_then_goes_away() {
        let mut book = FaultBook::default();
        book.add(Fault::new(FaultKind::Hang).on("a").skip(1).times(1));
        let struck: Vec<bool> = (0..3)
            .map(|_| book.strike("a", None, 1).is_some())
            .collect();
        assert_eq!(struck, [false, true, false]);
    }

    #[test]
    fn a_fault_strikes_only_its_endpoint_and_page() {
        let mut book = FaultBook::default();
        book.add(Fault::new(FaultKind::Hang).on("a").page(2));
        assert!(book.strike("a", None, 1).is_none());
        assert!(book.strike("b", None, 2).is_none());
        assert!(book.strike("a", None, 2).is_some());
    }

    #[test]
    fn a_fault_reads_from_json() -> serde_json::Result<()> {
        let text = r#"{"endpoint":"a","page":2,"kind":{"slow_ms":1500},"times":2}"#;
        let fault: Fault = serde_json::from_str(text)?;
        let slow = FaultKind::Slow(Duration::from_millis(1500));
        assert_eq!(fault, Fault::new(slow).on("a").page(2).times(2));
        Ok(())
    }
}
