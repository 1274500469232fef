//! The road ahead: which messages usually follow. Shown as ghosts until the real ones take their places.

use super::steps::Step;
use crate::trace::Party::{self, AuthorizationServer, Client, ClientHost, McpServer, You};

/// A message that has not happened yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planned {
    /// The step it will belong to.
    pub step: Step,
    /// Who will act.
    pub from: Party,
    /// On whom.
    pub to: Party,
    /// What, in a few words.
    pub title: &'static str,
}

const fn planned(step: Step, from: Party, to: Party, title: &'static str) -> Planned {
    Planned { step, from, to, title }
}

/// The messages of the whole journey as it usually goes.
pub const JOURNEY: [Planned; 34] = [
    planned(Step::Challenge, Client, McpServer, "initialize, without a token"),
    planned(Step::Challenge, McpServer, Client, "401 · resource_metadata, scope"),
    planned(Step::ResourceMetadata, Client, McpServer, "GET resource metadata"),
    planned(Step::ResourceMetadata, McpServer, Client, "200 · authorization server"),
    planned(Step::ServerMetadata, Client, AuthorizationServer, "GET server metadata"),
    planned(Step::ServerMetadata, AuthorizationServer, Client, "200 · endpoints, S256"),
    planned(Step::ClientDocument, Client, ClientHost, "GET the client's metadata document"),
    planned(Step::ClientDocument, ClientHost, Client, "200 · client_id is its own URL"),
    planned(Step::Pkce, Client, Client, "PKCE pair and state"),
    planned(Step::AuthorizationRequest, Client, Client, "authorization request"),
    planned(Step::Consent, You, AuthorizationServer, "the browser goes to /authorize"),
    planned(Step::Callback, You, Client, "the browser comes back"),
    planned(Step::CodeExchange, Client, AuthorizationServer, "POST /token"),
    planned(Step::CodeExchange, AuthorizationServer, Client, "200 · token"),
    planned(Step::TokenOpened, Client, Client, "the token opened"),
    planned(Step::Handshake, Client, McpServer, "initialize, with the token"),
    planned(Step::Handshake, McpServer, Client, "200"),
    planned(Step::Handshake, Client, McpServer, "notifications/initialized"),
    planned(Step::Handshake, McpServer, Client, "202"),
    planned(Step::Tools, Client, McpServer, "tools/list"),
    planned(Step::Tools, McpServer, Client, "200 · the tools"),
    planned(Step::Call, Client, McpServer, "tools/call whoami"),
    planned(Step::Call, McpServer, Client, "200 · who you are"),
    planned(Step::InsufficientScope, Client, McpServer, "tools/call get_weather"),
    planned(Step::InsufficientScope, McpServer, Client, "403 · needs weather:read"),
    planned(Step::StepUpScopes, Client, Client, "scopes worked out"),
    planned(Step::StepUpRequest, Client, Client, "PKCE pair and request, fresh"),
    planned(Step::StepUpConsent, You, AuthorizationServer, "the browser goes to /authorize"),
    planned(Step::StepUpConsent, You, Client, "the browser comes back"),
    planned(Step::StepUpToken, Client, AuthorizationServer, "POST /token"),
    planned(Step::StepUpToken, AuthorizationServer, Client, "200 · token for both scopes"),
    planned(Step::StepUpToken, Client, Client, "the token opened"),
    planned(Step::Retry, Client, McpServer, "tools/call get_weather again"),
    planned(Step::Retry, McpServer, Client, "200 · the weather"),
];

/// The steps of the journey as it usually goes, in order.
pub fn steps() -> impl Iterator<Item = Step> {
    Step::ALL.into_iter().filter(|step| JOURNEY.iter().any(|planned| planned.step == *step))
}

/// What usually follows after this step; everything, if nothing has happened yet.
pub fn after(step: Option<Step>) -> impl Iterator<Item = &'static Planned> {
    JOURNEY.iter().filter(move |planned| step.is_none_or(|step| planned.step > step))
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn the_plan_goes_through_every_step_in_order() {
        assert!(JOURNEY.is_sorted_by_key(|planned| planned.step));
        let beside = [Step::Registration, Step::Refresh, Step::RefreshReuse, Step::Revocation, Step::Ending];
        assert!(
            Step::ALL
                .into_iter()
                .all(|step| beside.contains(&step) || steps().any(|planned| planned == step))
        );
        assert_eq!(after(None).count(), JOURNEY.len());
        assert_eq!(after(Some(Step::Retry)).count(), 0);
    }
}
