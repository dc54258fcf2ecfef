//! Reads the query out of the parameters of a request.

use chrono_tz::Tz;

use super::attribute::Attribute;
use super::condition::Condition;
use super::group::Group;
use super::operand::Operand;
use super::predicate::Predicate;
use super::sort::Sort;
use crate::current_rms::truth::{Collection, Truth};

/// What is asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Query {
    pub(crate) filter: Group,
    pub(crate) sorts: Vec<Sort>,
}

/// A name that is no filter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct QueryError(pub(crate) String);

/// What a query is read with.
pub(crate) struct Grammar<'a> {
    pub(crate) truth: &'a Truth,
    pub(crate) collection: Collection,
    /// The zone of times without one.
    pub(crate) zone: Tz,
    /// Passes over names that are no filter.
    pub(crate) ignores_unknown: bool,
}

/// A parameter `q[one][two]`, as its parts and its value.
type Parameter<'a> = (Vec<&'a str>, &'a str);

impl Grammar<'_> {
    /// Reads the query of a request.
    pub(crate) fn read(&self, parameters: &[(String, String)]) -> Result<Query, QueryError> {
        let parameters: Vec<Parameter<'_>> = parameters
            .iter()
            .filter_map(|(name, value)| Some((parts(name)?, value.as_str())))
            .collect();
        let sorts = parameters
            .iter()
            .filter(|(parts, _)| parts.first() == Some(&"s"))
            .filter_map(|(_, value)| self.sort(value))
            .collect();
        let others = parameters.iter();
        let others = others.filter(|(parts, _)| parts.first() != Some(&"s"));
        let filter = self.group(&others.cloned().collect::<Vec<_>>())?;
        Ok(Query { filter, sorts })
    }

    /// Reads `updated_at desc`; one by an unknown attribute has no effect.
    fn sort(&self, text: &str) -> Option<Sort> {
        let (name, direction) = text.split_once([' ', '+']).unwrap_or((text, "asc"));
        Some(Sort {
            attribute: Attribute::named(name, self.collection, self.truth)?,
            is_descending: direction.eq_ignore_ascii_case("desc"),
        })
    }

    fn group(&self, parameters: &[Parameter<'_>]) -> Result<Group, QueryError> {
        let mut group = Group::default();
        let mut conditions: Vec<(&str, Vec<&str>)> = Vec::new();
        let mut nested: Vec<(&str, Vec<Parameter<'_>>)> = Vec::new();
        for (parts, value) in parameters {
            match parts.as_slice() {
                ["m"] => group.is_any = *value == "or",
                ["g", number, rest @ ..] => {
                    collect(&mut nested, number, (rest.to_vec(), *value));
                }
                [name] | [name, ""] => collect(&mut conditions, name, *value),
                other => return self.unknown(&other.join("][")).map(|()| group),
            }
        }
        for (name, values) in conditions {
            group.conditions.extend(self.condition(name, &values)?);
        }
        for (_, parameters) in nested {
            group.groups.push(self.group(&parameters)?);
        }
        Ok(group)
    }

    /// Reads a condition; one without any value has no effect.
    fn condition(&self, name: &str, values: &[&str]) -> Result<Option<Condition>, QueryError> {
        let Some((attributes, predicate)) = self.split(name) else {
            return self.unknown(name).map(|()| None);
        };
        let values = values.iter().filter(|value| !value.is_empty());
        let operands: Vec<Operand> = values.map(|value| Operand::new(value, self.zone)).collect();
        let condition = Condition {
            attributes,
            predicate,
            operands,
        };
        Ok(Some(condition).filter(|condition| !condition.operands.is_empty()))
    }

    /// Splits `subject_or_number_cont` into its attributes and its predicate.
    fn split(&self, name: &str) -> Option<(Vec<Attribute>, Predicate)> {
        let (names, predicate) = Predicate::split(name)?;
        let attributes = names
            .split("_or_")
            .map(|name| Attribute::named(name, self.collection, self.truth))
            .collect::<Option<_>>()?;
        Some((attributes, predicate))
    }

    fn unknown(&self, name: &str) -> Result<(), QueryError> {
        if self.ignores_unknown {
            Ok(())
        } else {
            Err(QueryError(name.to_owned()))
        }
    }
}

/// Adds a value to those of the same name, in the order in which the names came.
fn collect<'a, T>(all: &mut Vec<(&'a str, Vec<T>)>, name: &'a str, value: T) {
    match all.iter_mut().find(|(known, _)| *known == name) {
        Some((_, values)) => values.push(value),
        None => all.push((name, vec![value])),
    }
}

/// Splits `q[one][two]` into its parts; `None` for any other parameter.
fn parts(name: &str) -> Option<Vec<&str>> {
    let inner = name.strip_prefix("q[")?.strip_suffix(']')?;
    Some(inner.split("][").collect())
}
