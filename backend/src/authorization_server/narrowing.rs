//! What both grants let a client narrow and never widen: the scopes and the resource of the access token.
//!
//! Spec: OAuth 2.1 §3.2.2, §4.3.1; RFC 8707 §2.2.

use protocol::clause::Clause;
use protocol::query::Parameters;
use protocol::resource_indicator::narrows;
use protocol::scope::ScopeSet;

use super::token::TokenDenial;
use crate::store::Family;
use server_kit::witness::{checked, or_absent};

/// What a token request asks for of what was granted.
pub(super) struct Narrowing {
    resource: Option<String>,
    scope: Option<ScopeSet>,
}

impl Narrowing {
    pub(super) fn read(form: &Parameters) -> Result<Self, TokenDenial> {
        let scope = form.get("scope")?.map(str::parse).transpose();
        Ok(Self {
            // A client that names several resources wants more than any grant here is for.
            resource: form.get("resource").map_err(|_| TokenDenial::OtherResource)?.map(str::to_owned),
            scope: scope.map_err(|_| TokenDenial::MalformedScope)?,
        })
    }

    /// The scopes of the access token. The grant itself stays as wide as it is.
    pub(super) fn of(&self, family: &Family) -> Result<ScopeSet, TokenDenial> {
        let (granted, sent) = (&family.resource, self.resource.as_deref());
        let same = narrows(granted, sent);
        checked(Clause::ResourceNarrows, "resource", same, || granted.as_str(), || or_absent(sent));
        if !same {
            return Err(TokenDenial::OtherResource);
        }
        let asked = self.scope.as_ref().unwrap_or(&family.scope);
        let within = asked.is_subset(&family.scope);
        let at_most = || format!("at most {}", family.scope);
        let found = || self.scope.as_ref().map_or_else(|| "absent".to_owned(), ToString::to_string);
        checked(Clause::ScopeNarrows, "scope", within, at_most, found);
        if !within {
            return Err(TokenDenial::WiderScope);
        }
        let scope = asked.of_resource();
        if scope.is_empty() { Err(TokenDenial::NoScope) } else { Ok(scope) }
    }
}
