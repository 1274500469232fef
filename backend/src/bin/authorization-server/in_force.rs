//! `--print-config`: what is in force.

use backend::authorization_server::{Person, ProtectedResource, Settings};
use backend::store::{Client, ClientAuthentication};
use protocol::ids::RedirectUri;
use serde_json::{Value, json};

use crate::flags::ServeFlags;

/// Flags and file as the server understood them. Every member is named here, so a secret cannot slip in.
pub(crate) fn describe(flags: &ServeFlags, settings: &Settings) -> Value {
    let lifetimes = settings.lifetimes;
    json!({
        "issuer": settings.issuer.as_str(),
        "bind": flags.bind,
        "behind_tls_proxy": flags.behind_tls_proxy,
        "database": flags.database,
        "config": flags.config,
        "lifetimes": {
            "access_token_seconds": lifetimes.access_token,
            "code_seconds": lifetimes.code,
            "family_seconds": lifetimes.family,
            "refresh_idle_seconds": lifetimes.refresh_idle,
            "refresh_repair_seconds": lifetimes.refresh_repair,
            "session_seconds": lifetimes.session,
            "session_idle_seconds": lifetimes.session_idle,
            "remembered_consent_seconds": lifetimes.remembered_consent,
        },
        "resources": settings.resources.iter().map(resource).collect::<Vec<_>>(),
        "trusted_proxies": settings.trusted_proxies,
        "keys": {
            "algorithm": settings.keys.algorithm.as_str(),
            "max_age_seconds": settings.keys.max_age_seconds,
            "lead_seconds": settings.keys.lead_seconds,
            "secret_file": flags.keys.key_secret_file,
        },
        "clients": settings.clients.iter().map(client).collect::<Vec<_>>(),
        "registration": settings.registration.map(|registration| json!({
            "most_unused": registration.most_unused,
            "unused_seconds": registration.unused_seconds,
            "family_seconds": registration.family_seconds,
        })),
        "people": settings.people.iter().map(person).collect::<Vec<_>>(),
    })
}

fn resource(resource: &ProtectedResource) -> Value {
    let scopes = resource.scopes.iter();
    json!({
        "uri": resource.uri.as_str(),
        "name": resource.name,
        "scopes": scopes
            .map(|scope| json!({ "token": scope.token.as_str(), "description": scope.description }))
            .collect::<Vec<_>>(),
        "may_introspect": resource.introspection_secret.is_some(),
    })
}

fn client(client: &Client) -> Value {
    json!({
        "client_id": client.id.as_str(),
        "client_name": client.name,
        "redirect_uris": client.redirect_uris.iter().map(RedirectUri::as_str).collect::<Vec<_>>(),
        "is_confidential": client.authentication != ClientAuthentication::None,
    })
}

fn person(person: &Person) -> Value {
    json!({
        "subject": person.subject.as_str(),
        "name": person.name,
        "about": person.about,
        "has_password": person.password.is_some(),
    })
}
