//! Refuses query parameters that an operation does not have, so that a misspelt filter is not taken for none.

use std::collections::HashSet;

use poem::{Endpoint, IntoResponse, Request, Response, Result};
use url::form_urlencoded;

use crate::error::{ApiError, Code};
use crate::route::{self, Found};

/// Lets pass what has only parameters that the operation takes, each once.
pub(super) async fn check_query<E: Endpoint>(next: E, request: Request) -> Result<Response> {
    let found = route::find(request.method(), request.uri().path());
    let known = match found {
        Found::Operation(operation) => operation.query(),
        _ => &[],
    };
    check(request.uri().query().unwrap_or_default(), known)?;
    Ok(next.call(request).await?.into_response())
}

fn check(query: &str, known: &[String]) -> Result<(), ApiError> {
    let mut seen = HashSet::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if !known.iter().any(|known| *known == name) {
            return Err(unknown(&name, known));
        }
        if value.contains('\0') {
            return Err(refused(format!(
                "`{name}`: the character NUL is not allowed"
            )));
        }
        if seen.contains(&name) {
            return Err(refused(format!("`{name}`: give it once")));
        }
        seen.insert(name);
    }
    Ok(())
}

fn unknown(name: &str, known: &[String]) -> ApiError {
    let name: String = name.chars().filter(|c| !c.is_control()).take(40).collect();
    if known.is_empty() {
        return refused(format!("`{name}`: there are no query parameters here"));
    }
    let known = known.join(", ");
    refused(format!(
        "`{name}`: there is no such query parameter here; there are {known}"
    ))
}

fn refused(detail: String) -> ApiError {
    ApiError::new(Code::InvalidParameter, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(query: &str) -> Option<String> {
        let known = ["limit".to_owned(), "search".to_owned()];
        check(query, &known).err().map(|error| error.to_string())
    }

    #[test]
    fn parameters_that_exist_may_be_given_once() {
        for good in [
            "",
            "limit=1",
            "search=%25_&limit=",
            "search=\u{1f600}",
            "%6cimit=1",
        ] {
            assert_eq!(refusal(good), None, "{good}");
        }
        assert_eq!(refusal("limit=1&limit=1").unwrap(), "`limit`: give it once");
    }

    #[test]
    fn an_unknown_one_is_told_with_those_there_are() {
        let refusal = refusal("limits=1").unwrap();
        assert_eq!(
            refusal,
            "`limits`: there is no such query parameter here; there are limit, search"
        );
        let none = check("a", &[]).unwrap_err().to_string();
        assert_eq!(none, "`a`: there are no query parameters here");
    }

    #[test]
    fn a_nul_is_refused() {
        assert!(refusal("search=a%00b").is_some());
    }
}
