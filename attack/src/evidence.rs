//! What came of an attack, read from the wire and from what the servers report.

use flow::Failure;
use flow::http::{Request, Response};
use flow::lessons::attacks::{Attack, Prediction, Refusal};
use flow::tamper::Changed;
use protocol::clause::Clause;
use protocol::mcp_answer::{self, Answer};
use protocol::observation::Finding;
use protocol::party::Party;
use protocol::query::Parameters;
use protocol::www_authenticate::BearerChallenge;
use record::{Hop, HopId, Record};
use serde_json::Value;

use crate::outcome::{Found, Outcome, Refused, Verdict};

impl From<&Refusal> for Refused {
    fn from(refusal: &Refusal) -> Self {
        Self {
            by: refusal.by,
            status: refusal.status,
            error: refusal.error.map(str::to_owned),
            name: Some(refusal.name.to_owned()),
            clause: Some(refusal.clause),
            says: None,
        }
    }
}

impl Refused {
    /// Whether it is the predicted one.
    pub(crate) fn is(&self, expected: &Refusal) -> bool {
        Self { says: None, ..self.clone() } == Self::from(expected)
    }

    /// The client's own.
    pub(crate) fn by_client(failure: &Failure) -> Self {
        Self {
            by: Party::Client,
            status: None,
            error: None,
            name: Some(failure.title.clone()),
            clause: failure.clause,
            says: Some(format!("expected {}, found {}", failure.expected, failure.found)),
        }
    }

    /// The browser's, which keeps an answer from the page that asked: the server lacks this header.
    pub(crate) fn by_browser(header: &str) -> Self {
        Self {
            by: Party::You,
            status: None,
            error: None,
            name: Some(header.to_owned()),
            clause: Some(Clause::Cors),
            says: Some(format!("{header} does not let the page read the answer")),
        }
    }

    /// What a server told the client; `None` if it did what it was asked.
    pub(crate) fn by_answer(by: Party, request: &Request, response: &Response) -> Option<Self> {
        let error = error_in_challenge(response).or_else(|| error_in_body(request, response));
        (response.status >= 400 || error.is_some()).then_some(Self {
            by,
            status: Some(response.status),
            error,
            name: None,
            clause: None,
            says: None,
        })
    }

    /// What the authorization server told by sending the browser somewhere; `None` if it sent no error. Where the answer was to
    /// be a token, the error stands in the fragment.
    pub(crate) fn by_redirect(target: &str) -> Option<Self> {
        let (address, told) = target.split_once(['?', '#']).unwrap_or((target, ""));
        let error = told.split(['?', '#']).find_map(|parameters| {
            Parameters::parse(parameters).get("error").ok().flatten().map(str::to_owned)
        })?;
        Some(Self {
            by: Party::AuthorizationServer,
            status: Some(303),
            error: Some(error),
            name: None,
            clause: None,
            says: Some(address.to_owned()),
        })
    }

    /// The page of the authorization server from which there is no way on.
    pub(crate) fn by_page(status: u16, heading: String) -> Self {
        Self {
            by: Party::AuthorizationServer,
            status: Some(status),
            error: None,
            name: None,
            clause: None,
            says: Some(heading),
        }
    }

    /// The same with what the server that refused reports about it: the first refusal from the changed row on.
    pub(crate) fn with_report(mut self, hops: &[Hop]) -> Self {
        let reports = hops.iter().filter_map(|hop| hop.seen.as_ref()).filter(|seen| seen.party == self.by);
        let refused = reports.flat_map(|seen| &seen.findings).find_map(|finding| match finding {
            Finding::Refused { name, clause, says } => Some((name, clause, says)),
            _ => None,
        });
        if let Some((name, clause, says)) = refused {
            self.name = Some(name.clone());
            self.clause = Some(*clause);
            self.says = Some(says.clone());
        }
        self
    }
}

impl Verdict {
    /// What it comes to.
    pub(crate) fn of(prediction: &Prediction, found: &Found) -> Self {
        match (prediction, found) {
            (Prediction::Refused(expected), Found::Refused(refused)) if refused.is(expected) => Self::Refused,
            (_, Found::Refused(_)) => Self::RefusedOtherwise,
            (Prediction::Refused(_), Found::Accepted) => Self::Accepted,
            (Prediction::Allowed(..), Found::Accepted) => Self::Policy,
        }
    }
}

impl Outcome {
    pub(crate) fn new(
        attack: &Attack,
        found: Found,
        changes: Vec<Changed>,
        at: Option<HopId>,
        run: Record,
    ) -> Self {
        let expected = match &attack.prediction {
            Prediction::Refused(refusal) => Found::Refused(Refused::from(refusal)),
            Prediction::Allowed(..) => Found::Accepted,
        };
        let verdict = Verdict::of(&attack.prediction, &found);
        Self { id: attack.id.to_owned(), revision: run.revision, expected, found, verdict, changes, at, run }
    }
}

fn error_in_challenge(response: &Response) -> Option<String> {
    BearerChallenge::parse(&response.header_list("www-authenticate")?).ok()?.error
}

/// The error of OAuth, of JSON-RPC, or of a tool.
fn error_in_body(request: &Request, response: &Response) -> Option<String> {
    if let Ok(body) = serde_json::from_str::<Value>(&response.body)
        && let Some(error) = body.get("error")
    {
        return error.as_str().map(str::to_owned).or_else(|| Some(error.get("code")?.to_string()));
    }
    let message: Value = serde_json::from_str(request.body.as_deref()?).ok()?;
    let id = message.get("id")?.as_u64()?;
    match mcp_answer::read_answer(response.content_type(), &response.body, id).ok()? {
        Answer::Error { code, .. } => Some(code.to_string()),
        Answer::Result(result) => {
            (result.get("isError") == Some(&Value::Bool(true))).then(|| "isError".to_owned())
        }
    }
}
