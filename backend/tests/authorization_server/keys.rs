//! The signing keys: what is published of them, and that no verification fails while they change.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use backend::authorization_server::{
    AuthorizationServer, KeyError, KeySettings, PublishedKey, Settings, StartError, Takeover, rotate_keys,
};
use backend::store::{KeptSecret, Store};
use http::{Request, StatusCode};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use protocol::base64url;
use protocol::jwks::TokenAlgorithm;
use serde_json::{Value, json};
use server_kit::clock::FixedClock;
use server_kit::entropy::SeededEntropy;
use sha2::{Digest as _, Sha256};

use crate::support::{
    ISSUER, Lab, RESOURCE, START, encode, post_form, settings, test_key, write_older_version,
};

const DAY: u64 = 86_400;
/// What an access token lives, and the grace after it.
const TOKEN_AND_GRACE: u64 = 600 + 120;

/// Settings with this algorithm.
fn signing(algorithm: TokenAlgorithm) -> Settings {
    let mut settings = settings();
    settings.keys.algorithm = algorithm;
    settings
}

async fn key_set(router: &Router) -> Value {
    Lab::send_to(router, Request::get("/jwks").body(Body::empty()).unwrap()).await.json()
}

async fn kids(router: &Router) -> Vec<String> {
    let set = key_set(router).await;
    set["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

/// A token of this server, however the code was come by.
async fn token_of(lab: &Lab, router: &Router) -> String {
    let code = lab.code().await;
    let request = post_form("/token", &encode(&lab.exchange(&code)));
    let answer = Lab::send_to(router, request).await;
    assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
    answer.json()["access_token"].as_str().unwrap().to_owned()
}

async fn token(lab: &Lab) -> String {
    token_of(lab, &lab.router).await
}

fn kid(token: &str) -> String {
    decode_header(token).unwrap().kid.unwrap()
}

/// What a resource server does that has read this set and asks nobody: the claims, if a key of the set signed them.
fn verified(set: &Value, token: &str) -> Option<Value> {
    let set: JwkSet = serde_json::from_value(set.clone()).unwrap();
    let key = set.find(&kid(token))?;
    let algorithm: Algorithm = key.common.key_algorithm.unwrap().to_string().parse().unwrap();
    let mut validation = Validation::new(algorithm);
    validation.validate_exp = false;
    validation.set_audience(&[RESOURCE]);
    decode(token, &DecodingKey::from_jwk(key).unwrap(), &validation).ok().map(|data| data.claims)
}

/// Req: AS-13, AS-140, AS-141, K05
#[tokio::test]
async fn each_algorithm_has_a_public_key_and_tokens_that_verify_with_it() {
    for (algorithm, kty, members) in [
        (TokenAlgorithm::Rs256, "RSA", &["kty", "n", "e", "use", "alg", "kid"][..]),
        (TokenAlgorithm::Es256, "EC", &["kty", "crv", "x", "y", "use", "alg", "kid"]),
        (TokenAlgorithm::EdDsa, "OKP", &["kty", "crv", "x", "use", "alg", "kid"]),
    ] {
        let lab = Lab::with(signing(algorithm)).await;
        let answer = lab.get("/jwks").await;
        assert_eq!(answer.header("content-type"), "application/json");
        assert_eq!(answer.header("cache-control"), "public, max-age=300");
        let set = answer.json();
        assert_eq!(set["keys"].as_array().unwrap().len(), 1);
        let key = set["keys"][0].as_object().unwrap();
        assert_eq!(key.keys().map(String::as_str).collect::<Vec<_>>(), members, "nothing private");
        assert_eq!((key["kty"].as_str(), key["use"].as_str()), (Some(kty), Some("sig")));
        assert_eq!(key["alg"], algorithm.as_str());
        // RFC 7638: the members of the key itself, in alphabetical order.
        let own = members.iter().filter(|name| !["use", "alg", "kid"].contains(name));
        let sorted: BTreeSet<_> = own.collect();
        let text: Vec<_> = sorted.iter().map(|name| format!(r#""{name}":{}"#, key[**name])).collect();
        let thumbprint = base64url(&Sha256::digest(format!("{{{}}}", text.join(","))));
        assert_eq!(key["kid"], thumbprint);

        let token = token(&lab).await;
        let header = decode_header(&token).unwrap();
        assert_eq!(header.typ.as_deref(), Some("at+jwt"));
        assert_eq!(serde_json::to_value(header.alg).unwrap(), algorithm.as_str());
        assert_eq!(header.kid, Some(thumbprint));
        let claims = verified(&set, &token).unwrap();
        let names: BTreeSet<_> = claims.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(
            names.into_iter().collect::<Vec<_>>(),
            ["aud", "client_id", "exp", "iat", "iss", "jti", "scope", "sub"]
        );
        assert_eq!((claims["iss"].as_str(), claims["sub"].as_str()), (Some(ISSUER), Some("ada")));
    }
}

/// Req: K05
#[tokio::test]
async fn a_restart_changes_no_key() {
    let lab = Lab::with(signing(TokenAlgorithm::Es256)).await;
    let before = key_set(&lab.router).await;
    lab.clock.advance(30 * DAY);
    let restarted = lab.restarted(signing(TokenAlgorithm::Es256)).await.unwrap();
    assert_eq!(key_set(&restarted.router()).await, before);
}

/// Req: AS-140
#[tokio::test]
async fn two_first_starts_agree_on_one_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("as.sqlite");
    let start = async || {
        let store = Store::open(&path).await.unwrap();
        let clock = Arc::new(FixedClock::at(START));
        let entropy = Arc::new(SeededEntropy::new(0));
        let settings = signing(TokenAlgorithm::Es256);
        let server = AuthorizationServer::new(settings, store, clock, entropy).await.unwrap();
        kids(&server.router()).await
    };
    let (first, second, third) = tokio::join!(start(), start(), start());
    assert_eq!((first.len(), &first, &first), (1, &second, &third));
}

/// The worst that is allowed: a process that notices a minute late, caches on the way that are filled by it and keep the
/// set for five minutes, verifiers that are filled by those caches and keep it for another five; each filled at the worst
/// moment, just before its source has something newer. Every token has to verify until its last second, with what each
/// of the verifiers has.
#[tokio::test]
async fn keys_rotate_without_one_failed_verification() {
    const MINUTES_CACHED: usize = 5;
    let mut settings = signing(TokenAlgorithm::Es256);
    settings.keys = KeySettings { max_age_seconds: 660, lead_seconds: 660, ..settings.keys };
    let lab = Lab::with(settings.clone()).await;
    settings.keys.max_age_seconds = 0;
    let late = lab.restarted(settings).await.unwrap();
    let routers = [lab.router.clone(), late.router()];
    let mut caches = [(); MINUTES_CACHED].map(|()| BTreeSet::new());
    let mut verifiers = [(); MINUTES_CACHED * MINUTES_CACHED].map(|()| BTreeSet::new());
    let mut living = Vec::new();
    let mut signers = BTreeSet::new();
    for minute in 0..85 {
        for (phase, verifier) in verifiers.iter_mut().enumerate() {
            if (minute + phase / MINUTES_CACHED).is_multiple_of(MINUTES_CACHED) || verifier.is_empty() {
                verifier.clone_from(&caches[phase % MINUTES_CACHED]);
            }
        }
        for (phase, cache) in caches.iter_mut().enumerate() {
            if (minute + phase).is_multiple_of(MINUTES_CACHED) || cache.is_empty() {
                *cache = kids(&routers[1]).await.into_iter().collect();
            }
        }
        late.maintain_keys().await.unwrap();
        lab.server.maintain_keys().await.unwrap();

        let router = &routers[minute % 2];
        let token = token_of(&lab, router).await;
        assert!(verified(&key_set(router).await, &token).is_some(), "minute {minute}");
        signers.insert(kid(&token));
        living.push((kid(&token), lab.now().plus(600)));
        living.retain(|(_, expires_at)| lab.now() < *expires_at);
        if minute > MINUTES_CACHED {
            for (signer, _) in &living {
                assert!(verifiers.iter().all(|known| known.contains(signer)), "minute {minute}");
            }
        }
        lab.clock.advance(60);
    }
    assert!(signers.len() >= 4, "keys did change: {signers:?}");
    let published = kids(&lab.router).await;
    assert!(published.iter().filter(|kid| signers.contains(*kid)).count() <= 2, "old keys are gone");
    assert_eq!(kids(&routers[1]).await, published, "both processes publish the same");
    assert_eq!(lab.store.signing_keys(0).await.unwrap().len(), published.len(), "and nothing else is kept");
}

#[tokio::test]
async fn a_key_gets_a_successor_when_it_is_old() {
    let lab = Lab::with(signing(TokenAlgorithm::Es256)).await;
    let [first] = &kids(&lab.router).await[..] else { panic!("one key") };
    lab.clock.advance(90 * DAY - 1);
    lab.server.maintain_keys().await.unwrap();
    assert_eq!(kids(&lab.router).await.len(), 1, "not yet old");
    lab.clock.advance(1);
    lab.server.maintain_keys().await.unwrap();
    lab.server.maintain_keys().await.unwrap();
    let both = kids(&lab.router).await;
    assert_eq!((both.len(), &both[0]), (2, first), "one successor is published");
    assert_eq!(kid(&token(&lab).await), both[0]);
    lab.clock.advance(899);
    assert_eq!(kid(&token(&lab).await), both[0], "it does not sign before everybody can know it");
    lab.clock.advance(1);
    assert_eq!(kid(&token(&lab).await), both[1], "it takes over at its time, without being told");
    lab.clock.advance(TOKEN_AND_GRACE - 1);
    lab.server.maintain_keys().await.unwrap();
    assert_eq!(kids(&lab.router).await, both);
    lab.clock.advance(1);
    lab.server.maintain_keys().await.unwrap();
    assert_eq!(kids(&lab.router).await, both[1..], "the old one is gone with its last token");
}

#[tokio::test]
async fn processes_that_notice_an_old_key_at_once_add_one_successor() {
    let lab = Lab::with(signing(TokenAlgorithm::Es256)).await;
    let second = lab.restarted(signing(TokenAlgorithm::Es256)).await.unwrap();
    lab.clock.advance(90 * DAY);
    let (first, other) = tokio::join!(lab.server.maintain_keys(), second.maintain_keys());
    first.unwrap();
    other.unwrap();
    let both = kids(&lab.router).await;
    assert_eq!(both.len(), 2);
    second.maintain_keys().await.unwrap();
    assert_eq!(kids(&second.router()).await, both);
}

#[tokio::test]
async fn a_key_that_is_never_too_old_is_kept() {
    let mut settings = signing(TokenAlgorithm::Es256);
    settings.keys.max_age_seconds = 0;
    let lab = Lab::with(settings).await;
    lab.clock.advance(3650 * DAY);
    lab.server.maintain_keys().await.unwrap();
    assert_eq!(kids(&lab.router).await.len(), 1);
}

/// What the command does: it knows the store and the settings, and no server.
async fn rotate(lab: &Lab, algorithm: TokenAlgorithm, takeover: Takeover) -> PublishedKey {
    let settings = KeySettings { algorithm, ..KeySettings::default() };
    let store = Store::open(&lab.folder.path().join("as.sqlite")).await.unwrap();
    rotate_keys(&store, &settings, takeover, lab.now()).await.unwrap()
}

#[tokio::test]
async fn a_command_publishes_a_key_and_running_servers_take_it_over() {
    let lab = Lab::with(signing(TokenAlgorithm::Es256)).await;
    let old = kid(&token(&lab).await);
    let new = rotate(&lab, TokenAlgorithm::Es256, Takeover::WhenKnown).await;
    assert_eq!(new.signs_from, START.plus(900));
    lab.server.maintain_keys().await.unwrap();
    assert_eq!(kids(&lab.router).await, [old.as_str(), &new.kid]);
    lab.clock.advance(899);
    assert_eq!(kid(&token(&lab).await), old);
    lab.clock.advance(1);
    let token = token(&lab).await;
    assert_eq!(kid(&token), new.kid);
    assert!(verified(&key_set(&lab.router).await, &token).is_some());
}

#[tokio::test]
async fn in_an_emergency_a_new_key_signs_at_once_and_overtakes_one_on_its_way() {
    let lab = Lab::with(signing(TokenAlgorithm::Es256)).await;
    let before = token(&lab).await;
    let waiting = rotate(&lab, TokenAlgorithm::Es256, Takeover::WhenKnown).await;
    let urgent = rotate(&lab, TokenAlgorithm::Es256, Takeover::AtOnce).await;
    assert_eq!(urgent.signs_from, lab.now());
    lab.server.maintain_keys().await.unwrap();
    assert_eq!(kid(&token(&lab).await), urgent.kid);
    assert!(verified(&key_set(&lab.router).await, &before).is_some(), "tokens from before stay valid");
    lab.clock.advance(1000);
    assert_eq!(kid(&token(&lab).await), urgent.kid, "{waiting:?} does not come back");
    lab.server.maintain_keys().await.unwrap();
    assert_eq!(kids(&lab.router).await, [urgent.kid]);
}

#[tokio::test]
async fn a_command_before_the_first_start_makes_the_first_key() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("as.sqlite")).await.unwrap();
    let settings = signing(TokenAlgorithm::EdDsa);
    let key = rotate_keys(&store, &settings.keys, Takeover::WhenKnown, START).await.unwrap();
    assert_eq!((key.signs_from, key.algorithm), (START, TokenAlgorithm::EdDsa));
    let clock = Arc::new(FixedClock::at(START));
    let server = AuthorizationServer::new(settings, store, clock, Arc::new(SeededEntropy::new(0))).await;
    assert_eq!(kids(&server.unwrap().router()).await, [key.kid]);
}

/// Req: AS-140
#[tokio::test]
async fn another_algorithm_takes_over_like_any_new_key() {
    let lab = Lab::start().await;
    let first = token(&lab).await;
    let restarted = lab.restarted(signing(TokenAlgorithm::Es256)).await.unwrap();
    let again = lab.restarted(signing(TokenAlgorithm::Es256)).await.unwrap();
    let both = key_set(&again.router()).await;
    assert_eq!(key_set(&restarted.router()).await, both, "the second start finds the key of the first");
    let algorithms: Vec<_> = both["keys"].as_array().unwrap().iter().map(|key| &key["alg"]).collect();
    assert_eq!(algorithms, ["RS256", "ES256"]);
    let still = token_of(&lab, &again.router()).await;
    assert_eq!(kid(&still), kid(&first));
    lab.clock.advance(900);
    let later = token_of(&lab, &again.router()).await;
    assert_eq!(decode_header(&later).unwrap().alg, Algorithm::ES256);
    for token in [first, still, later] {
        assert!(verified(&both, &token).is_some());
    }
}

/// A server whose tokens live for a day starts on the keys of one whose tokens live for ten minutes. Both sign with the
/// key, so it stays published for the longer time, also after the first has gone back to the shorter one.
#[tokio::test]
async fn a_key_stays_as_long_as_the_longest_token_that_it_may_have_signed() {
    let lab = Lab::with(signing(TokenAlgorithm::Es256)).await;
    let mut longer = signing(TokenAlgorithm::Es256);
    longer.lifetimes.access_token = DAY;
    let token = token_of(&lab, &lab.restarted(longer).await.unwrap().router()).await;
    rotate(&lab, TokenAlgorithm::Es256, Takeover::AtOnce).await;
    for waited in [TOKEN_AND_GRACE, DAY - TOKEN_AND_GRACE] {
        lab.clock.advance(waited);
        lab.server.maintain_keys().await.unwrap();
        assert!(verified(&key_set(&lab.router).await, &token).is_some());
    }
    lab.clock.advance(120);
    lab.server.maintain_keys().await.unwrap();
    assert!(verified(&key_set(&lab.router).await, &token).is_none());
}

/// One RSA key without a name and without times.
#[tokio::test]
async fn the_key_of_an_older_version_goes_on_and_gets_a_successor() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("as.sqlite");
    let record = test_key().await;
    let KeptSecret::Plain(pkcs8) = &record.private_key else { panic!("it is not encrypted") };
    write_older_version(&path, pkcs8);
    let start = async || {
        let store = Store::open(&path).await.unwrap();
        let clock = Arc::new(FixedClock::at(START));
        let entropy = Arc::new(SeededEntropy::new(0));
        let server =
            AuthorizationServer::new(signing(TokenAlgorithm::Rs256), store.clone(), clock, entropy).await;
        (server.unwrap(), store)
    };
    let (server, store) = start().await;
    let published = kids(&server.router()).await;
    assert_eq!((published.len(), &published[0]), (2, &record.kid));
    let stored = store.signing_keys(0).await.unwrap();
    assert_eq!(stored[0].record.kid, record.kid);
    assert_eq!((stored[0].record.term.signs_from.0, stored[1].record.term.signs_from), (0, START.plus(900)));
    let (again, _) = start().await;
    assert_eq!(kids(&again.router()).await, published);
}

#[tokio::test]
async fn times_by_which_verifications_would_fail_stop_the_start() {
    let start = async |lead_seconds, max_age_seconds| {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("as.sqlite")).await.unwrap();
        let keys = KeySettings { lead_seconds, max_age_seconds, ..signing(TokenAlgorithm::Es256).keys };
        let command = rotate_keys(&store, &keys, Takeover::WhenKnown, START).await.err();
        let clock = Arc::new(FixedClock::at(START));
        let settings = Settings { keys, ..settings() };
        let server = AuthorizationServer::new(settings, store, clock, Arc::new(SeededEntropy::new(0))).await;
        (server.err(), command)
    };
    let short_lead = start(659, DAY).await;
    let (Some(StartError::Key(KeyError::ShortLead { .. })), Some(KeyError::ShortLead { .. })) = short_lead
    else {
        panic!("{short_lead:?}")
    };
    let short_age = start(700, 699).await;
    let (Some(StartError::Key(KeyError::ShortAge { .. })), Some(KeyError::ShortAge { .. })) = short_age
    else {
        panic!("{short_age:?}")
    };
    assert!(matches!(start(660, 660).await, (None, None)));
}

/// Req: K05
#[tokio::test]
async fn the_key_set_is_the_same_text_until_it_changes() {
    let lab = Lab::with(signing(TokenAlgorithm::EdDsa)).await;
    let before = lab.get("/jwks").await.body;
    lab.server.maintain_keys().await.unwrap();
    assert_eq!(lab.get("/jwks").await.body, before);
    assert_eq!(serde_json::from_str::<Value>(&before).unwrap()["keys"][0]["crv"], json!("Ed25519"));
}
