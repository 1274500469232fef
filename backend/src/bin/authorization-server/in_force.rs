//! `--print-config`: what is in force.

use backend::authorization_server::{Person, ProtectedResource, Settings};
use serde_json::{Value, json};

use crate::flags::ServeFlags;

/// Flags and file as the server understood them. Every member is named here, so a secret cannot slip in.
pub(crate) fn describe(flags: &ServeFlags, settings: &Settings) -> Value {
    let lifetimes = settings.lifetimes;
    json!({
        "issuer": settings.issuer.as_str(),
        "bind": flags.bind,
        "behind_tls_proxy": flags.behind_tls_proxy,
        "trusted_proxies": settings.trusted_proxies,
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
    })
}

fn person(person: &Person) -> Value {
    json!({ "subject": person.subject.as_str(), "name": person.name, "about": person.about })
}
