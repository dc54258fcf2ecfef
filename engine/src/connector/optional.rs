//! Optional parameters: what an upstream may refuse is left out, one by one, and not without a word.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use tracing::warn;

use super::http::{Answer, Question};
use super::{ConnectorError, Parameter, Upstream};
use crate::error::{Error, Result};

/// Optional parameters that the upstream refused; they are not sent again.
#[derive(Debug, Default)]
pub struct RefusedParameters(Mutex<BTreeSet<Parameter>>);

impl RefusedParameters {
    fn add(&self, parameter: Parameter) {
        let mut refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        refused.insert(parameter);
    }

    /// Returns those of `parameters` that were not refused.
    fn others(&self, parameters: &[Parameter]) -> Vec<Parameter> {
        let refused = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_taken = |parameter: &&Parameter| !refused.contains(*parameter);
        parameters.iter().filter(is_taken).cloned().collect()
    }
}

impl Upstream {
    /// Asks `question` with as many of its optional parameters as the upstream takes.
    pub(super) async fn ask_with_optional<T, C>(
        &self,
        question: &Question<'_, C>,
    ) -> Result<(Answer, T)>
    where
        C: Fn(&Answer) -> Result<T, ConnectorError>,
    {
        let optional = self.refused.others(&question.listing.optional);
        let asked = self.ask(question, &optional).await;
        if optional.is_empty() || !may_be_their_fault(&asked) {
            return asked;
        }
        // What is refused without them, too, is not their fault.
        let plain = self.ask(question, &[]).await;
        match plain {
            Ok(plain) if plain.0.status != NOT_FOUND => {
                self.find_refused(question, optional, plain).await
            }
            plain => plain,
        }
    }

    /// Finds out which of `optional` are refused; returns the answer to the others.
    async fn find_refused<T, C>(
        &self,
        question: &Question<'_, C>,
        optional: Vec<Parameter>,
        plain: (Answer, T),
    ) -> Result<(Answer, T)>
    where
        C: Fn(&Answer) -> Result<T, ConnectorError>,
    {
        let mut answer = plain;
        let mut taken: Vec<Parameter> = vec![];
        for parameter in optional {
            let candidates = [taken.as_slice(), std::slice::from_ref(&parameter)].concat();
            let asked = self.ask(question, &candidates).await;
            if may_be_their_fault(&asked) {
                warn!(
                    endpoint = %question.listing.endpoint, parameter = parameter.0, value = %parameter.1,
                    "the upstream refuses an optional parameter, going on without it"
                );
                self.refused.add(parameter);
            } else {
                answer = asked?;
                taken = candidates;
            }
        }
        Ok(answer)
    }
}

const NOT_FOUND: u16 = 404;

/// Whether the same request with fewer parameters may get another answer.
fn may_be_their_fault<T>(asked: &Result<(Answer, T)>) -> bool {
    match asked {
        Ok((answer, _)) => answer.status == NOT_FOUND,
        Err(Error::Upstream(error)) => error.is_about_the_request(),
        Err(_) => false,
    }
}
