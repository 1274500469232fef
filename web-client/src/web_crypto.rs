//! Signatures, verified by the browser itself.

use flow::opened_token::Verification;
use js_sys::{Array, JSON};
use protocol::jwks::TokenAlgorithm;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::CryptoKey;

/// Whether a signature is good. The error is for people: why the browser cannot tell.
pub(crate) async fn is_good(verification: Verification) -> Result<bool, &'static str> {
    let crypto = web_sys::window().and_then(|window| window.crypto().ok()).map(|crypto| crypto.subtle());
    // There is none outside of https and localhost.
    let subtle = crypto.filter(|subtle| !subtle.is_undefined());
    let subtle = subtle.ok_or("This browser verifies signatures only on https and on localhost.")?;
    let unusable = |_: JsValue| "This browser cannot use the key.";
    let algorithm = JSON::parse(name(verification.algorithm)).map_err(unusable)?;
    let jwk = JSON::parse(&verification.key.to_string()).map_err(unusable)?;
    let uses = Array::of1(&"verify".into());
    let key = subtle
        .import_key_with_object("jwk", jwk.unchecked_ref(), algorithm.unchecked_ref(), false, &uses)
        .map_err(unusable)?;
    let key: CryptoKey = JsFuture::from(key).await.map_err(unusable)?.unchecked_into();
    let verdict = subtle
        .verify_with_object_and_u8_array_and_u8_array(
            algorithm.unchecked_ref(),
            &key,
            &verification.signature,
            verification.signed.as_bytes(),
        )
        .map_err(unusable)?;
    Ok(JsFuture::from(verdict).await.map_err(unusable)?.is_truthy())
}

/// The algorithm as browsers call it, with all that importing a key and verifying by it need.
fn name(algorithm: TokenAlgorithm) -> &'static str {
    match algorithm {
        TokenAlgorithm::Rs256 => r#"{"name":"RSASSA-PKCS1-v1_5","hash":"SHA-256"}"#,
        TokenAlgorithm::Es256 => r#"{"name":"ECDSA","namedCurve":"P-256","hash":"SHA-256"}"#,
        TokenAlgorithm::EdDsa => r#"{"name":"Ed25519"}"#,
    }
}
