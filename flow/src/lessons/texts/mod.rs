//! What is said about each step, a file for each chapter. A step without texts does not compile.

mod authorization;
mod discovery;
mod identity;
mod lifetime;
mod step_up;
mod token;
mod usage;

use super::lesson::Lesson;
use super::steps::Step;

pub(super) fn of(step: Step) -> &'static Lesson {
    match step {
        Step::Challenge => &discovery::CHALLENGE,
        Step::ResourceMetadata => &discovery::RESOURCE_METADATA,
        Step::ServerMetadata => &discovery::SERVER_METADATA,
        Step::ClientDocument => &identity::CLIENT_DOCUMENT,
        Step::Registration => &identity::REGISTRATION,
        Step::Pkce => &authorization::PKCE,
        Step::AuthorizationRequest => &authorization::AUTHORIZATION_REQUEST,
        Step::Consent => &authorization::CONSENT,
        Step::Callback => &authorization::CALLBACK,
        Step::CodeExchange => &token::CODE_EXCHANGE,
        Step::TokenOpened => &token::TOKEN_OPENED,
        Step::Handshake => &usage::HANDSHAKE,
        Step::Tools => &usage::TOOLS,
        Step::Call => &usage::CALL,
        Step::InsufficientScope => &step_up::INSUFFICIENT_SCOPE,
        Step::StepUpScopes => &step_up::STEP_UP_SCOPES,
        Step::StepUpRequest => &step_up::STEP_UP_REQUEST,
        Step::StepUpConsent => &step_up::STEP_UP_CONSENT,
        Step::StepUpToken => &step_up::STEP_UP_TOKEN,
        Step::Retry => &step_up::RETRY,
        Step::Refresh => &lifetime::REFRESH,
        Step::RefreshReuse => &lifetime::REFRESH_REUSE,
        Step::Revocation => &lifetime::REVOCATION,
        Step::Ending => &lifetime::ENDING,
    }
}
