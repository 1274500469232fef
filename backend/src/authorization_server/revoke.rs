//! `POST /revoke`: a client gives back what it was granted.
//!
//! Any token of a family, whether it is still good or was exchanged before, ends the whole family: its refresh token and
//! its access tokens. The answer is the same whatever the token was, so that nobody can find out by asking.
//!
//! RFC 7009 §2.1 would have the client told when a token is another client's. It is not told here: the request is
//! refused by having no effect, since an error would say that the token exists.
//!
//! Spec: RFC 7009 §2.1, §2.2.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use http::{HeaderMap, StatusCode};
use protocol::clause::Clause;
use protocol::query::Parameters;

use super::client_auth::{Presented, authenticate};
use super::peer::Peer;
use super::rate_limit::{self, Limit};
use super::state::Server;
use super::token::TokenDenial;
use super::{form, own_token};
use crate::store::{Family, RevokedBecause, SecretHash, StoreError};
use server_kit::witness::{checked, noticed};

#[tracing::instrument(name = "revoke", skip_all)]
pub(super) async fn post_revoke(
    State(server): State<Arc<Server>>,
    peer: Peer,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, TokenDenial> {
    let answer = answer(&server, &headers, body);
    rate_limit::guard(&server, Limit::Token, peer, answer, TokenDenial::may_be_a_guess).await
}

async fn answer(server: &Server, headers: &HeaderMap, body: Body) -> Result<StatusCode, TokenDenial> {
    let form = Parameters::parse(&form::read(headers, body).await?);
    let client = Presented::read(headers, &form)?;
    let token = form.get("token")?.ok_or(TokenDenial::MissingToken)?;
    // Only a hint: both kinds are looked for in any case. But it is a parameter like any other.
    form.get("token_type_hint")?;
    let family = find(server, token).await?;
    authenticate(server, &client, family.as_ref().map(|family| &family.client)).await?;
    if let Some(family) = family
        && client.has(&family.client, Clause::Revocation)
        && !family.revoked
    {
        let now = server.clock.now();
        server.store.revoke_family(family.id, RevokedBecause::GivenBack, now).await?;
    }
    Ok(StatusCode::OK)
}

/// The family of a token. One of the two kinds has dots and is signed, the other has none and is stored.
async fn find(server: &Server, token: &str) -> Result<Option<Family>, StoreError> {
    let family = if token.contains('.') {
        match own_token::read(&server.keys, token, server.clock.now()) {
            Some(own) => server.store.find_family(own.family).await?,
            None => None,
        }
    } else {
        server.store.find_refresh_token(SecretHash::of_text(token)).await?
    };
    let expected = || "one that was issued here";
    match &family {
        Some(_) => checked(Clause::Revocation, "token", true, expected, || "known"),
        None => {
            noticed(Clause::Revocation, "token", expected, || "unknown, or over: there is nothing to end");
        }
    }
    Ok(family)
}
