//! The documents that others write: what is accepted obeys the rules, and nothing that is not accepted does harm.

use std::collections::BTreeSet;

use protocol::access_token::open_unverified;
use protocol::authorization_server_metadata::AuthorizationServerMetadata;
use protocol::cimd::{ClientIdUrl, ClientMetadataDocument};
use protocol::client_keys::read_jwks;
use protocol::dynamic_registration::{Registration, RegistrationResponse};
use protocol::ids::{Issuer, ResourceUri};
use protocol::introspection::IntrospectionResponse;
use protocol::loopback::LoopbackPolicy;
use protocol::oauth_error::OAuthErrorBody;
use protocol::protected_resource_metadata::ProtectedResourceMetadata;
use protocol::strict_json;
use protocol::token_endpoint::TokenResponse;
use protocol::well_known;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::trust::may_be_called;

const POLICY: LoopbackPolicy = LoopbackPolicy::AllowHttpOnLoopback;
/// Where the document of a client was fetched, as the seeds spell it.
const CLIENT_ID: &str = "https://c.example/client.json";

/// Takes the input as each of the documents.
///
/// # Panics
/// When a promise is broken.
pub fn run(input: &[u8]) {
    json_is_read_in_one_way(input);
    client_document(input);
    registration(input);
    if let Some(metadata) = read::<ProtectedResourceMetadata>(input) {
        resource_metadata(&metadata);
    }
    if let Some(metadata) = read::<AuthorizationServerMetadata>(input) {
        server_metadata(&metadata);
    }
    if let Some(answer) = read::<TokenResponse>(input) {
        let _ = answer.is_bearer();
        survives_writing(&answer);
        let _ = open_unverified(answer.access_token.reveal());
    }
    if let Some(error) = read::<OAuthErrorBody>(input) {
        survives_writing(&error);
    }
    if let Some(answer) = read::<IntrospectionResponse>(input) {
        survives_writing(&answer);
    }
    let _ = read::<RegistrationResponse>(input);
    if let Ok(object) = strict_json::parse_object(input) {
        let _ = read_jwks(&object);
    }
    let _ = open_unverified(&String::from_utf8_lossy(input));
}

/// As the client reads documents.
fn read<T: DeserializeOwned>(input: &[u8]) -> Option<T> {
    let object = strict_json::parse_object(input).ok()?;
    serde_json::from_value(Value::Object(object)).ok()
}

fn survives_writing<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(value: &T) {
    let written = serde_json::to_vec(value).expect("it was read from JSON");
    assert_eq!(read::<T>(&written).as_ref(), Some(value), "{}", String::from_utf8_lossy(&written));
}

/// What the strict parser accepts, the other one understands the same way.
fn json_is_read_in_one_way(input: &[u8]) {
    let Ok(strict) = strict_json::parse(input) else { return };
    let lax: Value = serde_json::from_slice(input).expect("the strict parser accepts no more than the other");
    assert_eq!(strict, lax);
}

fn resource_metadata(metadata: &ProtectedResourceMetadata) {
    survives_writing(metadata);
    let _ = metadata.scopes();
    if let Ok(server) = ResourceUri::parse(&metadata.resource, POLICY) {
        assert!(may_be_called(server.as_str()), "{server}");
        assert_eq!(metadata.verify_resource(&server), Ok(()));
        let places = well_known::protected_resource_metadata_candidates(&server);
        may_all_be_called(places.iter().map(|place| place.url.as_str()), server.as_str());
    }
    if let Ok(issuer) = metadata.first_authorization_server(POLICY) {
        may_all_be_called([issuer.as_str()], issuer.as_str());
        let places = well_known::authorization_server_metadata_candidates(&issuer);
        may_all_be_called(places.iter().map(|place| place.url.as_str()), issuer.as_str());
    }
}

fn server_metadata(metadata: &AuthorizationServerMetadata) {
    survives_writing(metadata);
    if let Ok(issuer) = Issuer::parse(&metadata.issuer, POLICY) {
        assert_eq!(metadata.verify_issuer(&issuer), Ok(()));
    }
    if metadata.verify_pkce().is_ok() {
        assert!(metadata.code_challenge_methods_supported.iter().any(|method| method == "S256"));
    }
    if metadata.verify_endpoints(POLICY).is_ok() {
        let endpoints = [
            Some(&metadata.authorization_endpoint),
            Some(&metadata.token_endpoint),
            metadata.jwks_uri.as_ref(),
            metadata.registration_endpoint.as_ref(),
            metadata.revocation_endpoint.as_ref(),
            metadata.introspection_endpoint.as_ref(),
        ];
        for endpoint in endpoints.into_iter().flatten() {
            assert!(may_be_called(endpoint), "{endpoint:?}");
        }
    }
}

/// Each place may be called, and is on the host that named it.
fn may_all_be_called<'a>(places: impl IntoIterator<Item = &'a str>, named_by: &str) {
    let host = |text: &str| url::Url::parse(text).ok().map(|url| url.origin());
    for place in places {
        assert!(may_be_called(place), "{place:?}, by {named_by:?}");
        assert_eq!(host(place), host(named_by), "{place:?}, by {named_by:?}");
    }
}

fn client_document(input: &[u8]) {
    let url = ClientIdUrl::parse(CLIENT_ID, LoopbackPolicy::HttpsOnly).expect("the URL of a document");
    if let Ok(document) = ClientMetadataDocument::validate(&url, input) {
        assert_eq!(document.client_id(), &url);
        may_be_redirected_to(document.redirect_uris().iter().map(protocol::ids::RedirectUri::as_str));
        for link in [document.client_uri(), document.logo_uri()].into_iter().flatten() {
            assert!(link.starts_with("https://"), "{link:?}");
        }
    }
}

fn registration(input: &[u8]) {
    if let Ok(registration) = Registration::validate(input, LoopbackPolicy::HttpsOnly) {
        survives_writing(&registration);
        may_be_redirected_to(registration.redirect_uris.iter().map(protocol::ids::RedirectUri::as_str));
        let types: BTreeSet<_> = registration.grant_types.iter().collect();
        assert_eq!(types.len(), registration.grant_types.len(), "a grant type stands twice");
        let _ = registration.keys();
    }
}

fn may_be_redirected_to<'a>(uris: impl Iterator<Item = &'a str>) {
    let mut count = 0;
    for uri in uris {
        assert!(may_be_called(uri), "{uri:?}");
        count += 1;
    }
    assert!(count > 0, "nowhere to go back to");
}
