//! Groups of conditions.

use super::attribute::Subject;
use super::condition::Condition;

/// Conditions and groups that must all hold, or of which one must.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Group {
    pub(super) is_any: bool,
    pub(super) conditions: Vec<Condition>,
    pub(super) groups: Vec<Group>,
}

impl Group {
    /// Returns whether a record is asked for.
    pub(crate) fn holds(&self, subject: Subject<'_>) -> bool {
        let conditions = self.conditions.iter().map(|one| one.holds(subject));
        let groups = self.groups.iter().map(|one| one.holds(subject));
        let mut all = conditions.chain(groups);
        if self.is_any {
            let is_empty = self.conditions.is_empty() && self.groups.is_empty();
            is_empty || all.any(|holds| holds)
        } else {
            all.all(|holds| holds)
        }
    }

    /// Returns whether it looks at a time anywhere.
    pub(crate) fn is_by_time(&self) -> bool {
        self.conditions.iter().any(Condition::is_by_time)
            || self.groups.iter().any(Self::is_by_time)
    }
}
