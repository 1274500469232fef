//! The road ahead: what usually happens on the journey through the lab, what only servers see included. Shown as ghosts
//! until the real rows take their places.

use protocol::revision::Revision::{self, V2025_11_25, V2026_07_28};

use super::steps::Step;
use crate::identity::Origin;
use crate::trace::Party::{self, AuthorizationServer, Client, ClientHost, McpServer, You};

/// An exchange that has not happened yet, or work that somebody does alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planned {
    /// The step it will belong to.
    pub step: Step,
    /// Who will act.
    pub from: Party,
    /// On whom; the same party for local work.
    pub to: Party,
    /// What, in a few words.
    pub title: &'static str,
    /// What usually comes back; `None` where nothing does.
    pub answer: Option<&'static str>,
}

/// On which journeys a row occurs.
#[derive(Clone, Copy)]
enum On {
    All,
    Revision(Revision),
    Way(Origin),
}

struct Row(On, Planned);

const fn row(on: On, step: Step, from: Party, to: Party, title: &'static str, answer: &'static str) -> Row {
    Row(on, Planned { step, from, to, title, answer: Some(answer) })
}

/// The client asks the MCP server.
const fn mcp(on: On, step: Step, title: &'static str, answer: &'static str) -> Row {
    row(on, step, Client, McpServer, title, answer)
}

/// The client asks the authorization server.
const fn auth(on: On, step: Step, title: &'static str, answer: &'static str) -> Row {
    row(on, step, Client, AuthorizationServer, title, answer)
}

/// The browser is at the authorization server.
const fn visits(step: Step, title: &'static str, answer: &'static str) -> Row {
    row(ALL, step, You, AuthorizationServer, title, answer)
}

/// The MCP server asks the authorization server.
const fn looks_up(on: On, step: Step, title: &'static str) -> Row {
    row(on, step, McpServer, AuthorizationServer, title, "200")
}

/// The client works something out.
const fn works(step: Step, title: &'static str) -> Row {
    Row(ALL, Planned { step, from: Client, to: Client, title, answer: None })
}

/// The browser comes back to the client.
const fn returns(step: Step) -> Row {
    Row(ALL, Planned { step, from: You, to: Client, title: "the browser comes back", answer: None })
}

const ALL: On = On::All;
const LEGACY: On = On::Revision(V2025_11_25);
const MODERN: On = On::Revision(V2026_07_28);
const CIMD: On = On::Way(Origin::Document);
const DCR: On = On::Way(Origin::Dynamic);

/// All rows of all journeys.
const ROWS: [Row; 42] = [
    mcp(LEGACY, Step::Challenge, "initialize, without a token", "401 · where to read on"),
    mcp(MODERN, Step::Challenge, "server/discover, without a token", "401 · where to read on"),
    mcp(ALL, Step::ResourceMetadata, "GET resource metadata", "200 · authorization server"),
    auth(ALL, Step::ServerMetadata, "GET server metadata", "200 · endpoints, S256"),
    row(CIMD, Step::ClientDocument, Client, ClientHost, "GET the client's document", "200 · its own URL"),
    auth(DCR, Step::Registration, "POST the registration", "201 · client_id"),
    works(Step::Pkce, "PKCE pair and state"),
    works(Step::AuthorizationRequest, "authorization request"),
    visits(Step::Consent, "the browser goes to /authorize", "303 · to the sign-in page"),
    row(CIMD, Step::Consent, AuthorizationServer, ClientHost, "GET /client.json", "200"),
    visits(Step::Consent, "GET /sign-in", "sign-in page"),
    visits(Step::Consent, "signs in", "303 · to the consent page"),
    visits(Step::Consent, "GET /consent", "consent page"),
    visits(Step::Consent, "allows mcp:connect", "303 · code, state, iss"),
    returns(Step::Callback),
    auth(ALL, Step::CodeExchange, "POST /token: the code, with the verifier", "200 · token"),
    works(Step::TokenOpened, "the token opened"),
    mcp(LEGACY, Step::Handshake, "initialize, with the token", "200 · 2025-11-25"),
    mcp(MODERN, Step::Handshake, "server/discover, with the token", "200 · 2026-07-28"),
    // For the keys, and for the place to ask about tokens.
    looks_up(ALL, Step::Handshake, "GET /.well-known/oauth-authorization-server"),
    looks_up(ALL, Step::Handshake, "GET /jwks"),
    looks_up(ALL, Step::Handshake, "GET /.well-known/oauth-authorization-server"),
    looks_up(ALL, Step::Handshake, "POST /introspect"),
    mcp(LEGACY, Step::Handshake, "notifications/initialized", "202"),
    looks_up(LEGACY, Step::Handshake, "POST /introspect"),
    mcp(ALL, Step::Tools, "tools/list", "200 · the tools"),
    looks_up(ALL, Step::Tools, "POST /introspect"),
    mcp(ALL, Step::Call, "tools/call whoami", "200 · who you are"),
    looks_up(ALL, Step::Call, "POST /introspect"),
    mcp(ALL, Step::InsufficientScope, "tools/call get_weather", "403 · needs weather:read"),
    looks_up(ALL, Step::InsufficientScope, "POST /introspect"),
    works(Step::StepUpScopes, "scopes worked out"),
    works(Step::StepUpRequest, "PKCE pair and state"),
    works(Step::StepUpRequest, "authorization request"),
    visits(Step::StepUpConsent, "the browser goes to /authorize", "303 · to the consent page"),
    visits(Step::StepUpConsent, "GET /consent", "consent page"),
    visits(Step::StepUpConsent, "allows weather:read too", "303 · code, state, iss"),
    returns(Step::StepUpConsent),
    auth(ALL, Step::StepUpToken, "POST /token: the code, with the verifier", "200 · token for both"),
    works(Step::StepUpToken, "the token opened"),
    mcp(ALL, Step::Retry, "tools/call get_weather, again with the new token", "200 · the weather"),
    looks_up(ALL, Step::Retry, "POST /introspect"),
];

impl On {
    fn is(self, revision: Revision, way: Origin) -> bool {
        match self {
            Self::All => true,
            Self::Revision(of) => of == revision,
            Self::Way(by) => by == way,
        }
    }
}

/// The journey as it usually goes, for a client that is known in this way. [`Origin::Entered`] goes as
/// [`Origin::Registered`] does.
pub fn journey(revision: Revision, way: Origin) -> impl Iterator<Item = &'static Planned> {
    ROWS.iter().filter(move |Row(on, _)| on.is(revision, way)).map(|Row(_, planned)| planned)
}

/// Its steps, in order.
pub fn steps(revision: Revision, way: Origin) -> impl Iterator<Item = Step> {
    Step::ALL.into_iter().filter(move |step| journey(revision, way).any(|planned| planned.step == *step))
}

/// What usually follows after this step; everything, if nothing has happened yet.
pub fn after(revision: Revision, way: Origin, step: Option<Step>) -> impl Iterator<Item = &'static Planned> {
    journey(revision, way).filter(move |planned| step.is_none_or(|step| planned.step > step))
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn the_plan_goes_through_every_step_in_order() {
        assert!(ROWS.iter().is_sorted_by_key(|Row(_, planned)| planned.step));
        for revision in Revision::ALL {
            let steps: Vec<_> = steps(revision, Origin::Document).collect();
            assert_eq!(steps.first(), Some(&Step::Challenge));
            assert_eq!(steps.last(), Some(&Step::Retry));
            let beside = Step::ALL.into_iter().filter(|step| *step < Step::Retry && !steps.contains(step));
            assert_eq!(beside.collect::<Vec<_>>(), [Step::Registration]);
            assert_eq!(after(revision, Origin::Document, Some(Step::Retry)).count(), 0);
        }
    }

    #[test]
    fn each_way_of_registration_has_its_own_step() {
        let steps = |way| steps(V2025_11_25, way).collect::<Vec<_>>();
        assert!(steps(Origin::Dynamic).contains(&Step::Registration));
        assert!(!steps(Origin::Dynamic).contains(&Step::ClientDocument));
        assert_eq!(steps(Origin::Registered).len() + 1, steps(Origin::Document).len());
        assert_eq!(steps(Origin::Registered), steps(Origin::Entered));
        let first = |revision| journey(revision, Origin::Document).next().map(|planned| planned.title);
        assert_eq!(first(V2026_07_28), Some("server/discover, without a token"));
        assert_eq!(after(V2025_11_25, Origin::Document, None).count(), 39);
    }
}
