//! The signature of a token, verified in the page with the key that the authorization server publishes.

use flow::opened_token::{Altered, CannotVerify, Verification, verification};
use leptos::prelude::*;
use leptos::task::spawn_local;

use super::boxed::click;
use crate::web_crypto;

/// What is known of a signature.
#[derive(Clone, PartialEq, Eq)]
enum Outcome {
    NotAsked,
    /// The keys are on their way.
    Fetching,
    /// The browser calculates.
    Verifying,
    Good(Key),
    Bad(Key),
    /// It cannot be verified, for this reason.
    Unable(String),
}

/// Which key it was verified with.
#[derive(Clone, PartialEq, Eq)]
struct Key {
    kid: String,
    kty: &'static str,
    algorithm: &'static str,
}

impl Key {
    fn of(verification: &Verification) -> Self {
        let algorithm = verification.algorithm.as_str();
        Self { kid: verification.kid.clone(), kty: verification.kty, algorithm }
    }
}

/// The button that verifies, the switch that changes one character, and what came of it.
#[component]
pub(crate) fn Signature(
    /// The token as it is presented: the real one, or the changed one.
    token: Memo<String>,
    /// What the changed one says, if it can be changed.
    altered: Option<Altered>,
    /// Whether the changed one is presented.
    is_altered: RwSignal<bool>,
    /// The key set as far as it was asked for.
    key_set: Signal<Option<Result<String, String>>>,
    /// Called when it is needed.
    on_fetch: Callback<()>,
) -> impl IntoView {
    let outcome = RwSignal::new(Outcome::NotAsked);
    let is_asked = RwSignal::new(false);
    Effect::new(move || {
        if is_asked.get() {
            verify(token, key_set.get(), outcome);
        }
    });
    let ask = move || {
        // As a server does: a key that is not known may be a new one.
        let is_missing = match key_set.get_untracked() {
            Some(Ok(keys)) => {
                matches!(verification(&token.get_untracked(), &keys), Err(CannotVerify::UnknownKey(_)))
            }
            Some(Err(_)) | None => true,
        };
        if is_missing {
            outcome.set(Outcome::Fetching);
            on_fetch.run(());
        }
        is_asked.set(true);
    };
    let story = altered.as_ref().map(|altered| {
        format!(
            "{} is “{}” now and was “{}” when it was signed",
            altered.claim, altered.after, altered.before
        )
    });
    let switch = altered.is_some().then(|| {
        view! {
            <label class="toggle">
                <input
                    type="checkbox"
                    data-testid="alter-token"
                    prop:checked=move || is_altered.get()
                    on:change=move |event| {
                        is_altered.set(event_target_checked(&event));
                        if !is_asked.get_untracked() {
                            ask();
                        }
                    }
                />
                "Change one character"
            </label>
        }
    });
    let state = move || match outcome.get() {
        Outcome::NotAsked => "not-asked",
        Outcome::Fetching | Outcome::Verifying => "waiting",
        Outcome::Good(_) => "good",
        Outcome::Bad(_) => "bad",
        Outcome::Unable(_) => "unable",
    };
    view! {
        <div class="signature-check">
            <button type="button" data-testid="verify-signature" on:click=click(move |_| ask())>"Verify the signature here"</button>
            {switch}
            <p role="status" data-testid="signature" data-outcome=state>
                {move || told(outcome.get(), story.as_deref().filter(|_| is_altered.get()))}
            </p>
        </div>
    }
}

/// Verifies the token that is presented now, if there are keys.
fn verify(token: Memo<String>, key_set: Option<Result<String, String>>, outcome: RwSignal<Outcome>) {
    let presented = token.get();
    let keys = match key_set {
        None => return,
        Some(Err(reason)) => return outcome.set(Outcome::Unable(reason)),
        Some(Ok(keys)) => keys,
    };
    let verification = match verification(&presented, &keys) {
        Err(reason) => return outcome.set(Outcome::Unable(reason.to_string())),
        Ok(verification) => verification,
    };
    outcome.set(Outcome::Verifying);
    spawn_local(async move {
        let key = Key::of(&verification);
        let verdict = match web_crypto::is_good(verification).await {
            Ok(true) => Outcome::Good(key),
            Ok(false) => Outcome::Bad(key),
            Err(reason) => Outcome::Unable(reason.to_owned()),
        };
        // By then another token may be presented, or none.
        if token.try_get_untracked().as_ref() == Some(&presented) {
            let _ = outcome.try_set(verdict);
        }
    });
}

/// What came of it, in words; `story` is what was changed.
fn told(outcome: Outcome, story: Option<&str>) -> AnyView {
    let with = |Key { kid, kty, algorithm }: Key| {
        view! { "Checked with the key "<code>{kid}</code>" ("{kty}", "{algorithm}") of the authorization server." }
    };
    match outcome {
        Outcome::NotAsked => ().into_any(),
        Outcome::Fetching => "Getting the keys of the authorization server …".into_any(),
        Outcome::Verifying => "Verifying …".into_any(),
        Outcome::Unable(reason) => view! { <b>"It cannot be verified. "</b>{reason} }.into_any(),
        Outcome::Good(key) => view! {
            <b>"The signature is good: "</b>"exactly these characters were signed. "{with(key)}
        }
        .into_any(),
        Outcome::Bad(key) => {
            let story = story.map_or_else(|| "these characters were not signed".to_owned(), str::to_owned);
            view! {
                <b>"The signature is not good: "</b>{story}". The MCP server would answer 401. "{with(key)}
            }
            .into_any()
        }
    }
}

#[cfg(test)]
mod tests {
    use flow::opened_token::Expected;
    use js_sys::{Array, Function};
    use protocol::check::{Check, Outcome as Checked};
    use protocol::clause::Clause;
    use protocol::ids::UnixTime;
    use protocol::observation::MASK;
    use wasm_bindgen::{JsCast as _, JsValue};
    use wasm_bindgen_futures::JsFuture;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::view::test_page::TestPage;
    use crate::view::token::TokenView;

    const NOW: UnixTime = UnixTime(1_800_000_000);
    const OUTCOME: &str = "[data-testid=signature]";

    /// A token that the browser signs with a fresh key, and the key set.
    async fn signed(alg: &str) -> (String, String) {
        let sign = r#"return (async () => {
            const names = {
                RS256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) },
                ES256: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
                EdDSA: { name: "Ed25519" },
            };
            const base64url = (bytes) => btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
            const pair = await crypto.subtle.generateKey(names[alg], true, ["sign", "verify"]);
            const jwk = await crypto.subtle.exportKey("jwk", pair.publicKey);
            const header = { alg, typ: "at+jwt", kid: "k1" };
            const claims = { iss: "http://localhost:9000", aud: "http://localhost:8001/mcp", sub: "ada", client_id: "c",
                scope: "mcp:connect", iat: 1800000000, exp: 1800003480, jti: "t" };
            const text = new TextEncoder();
            const signed = [header, claims].map((part) => base64url(text.encode(JSON.stringify(part)))).join(".");
            const signature = await crypto.subtle.sign(names[alg], pair.privateKey, text.encode(signed));
            return [signed + "." + base64url(new Uint8Array(signature)),
                JSON.stringify({ keys: [{ ...jwk, kid: "k1", alg, use: "sig" }] })];
        })()"#;
        let made = Function::new_with_args("alg", sign).call1(&JsValue::NULL, &alg.into()).unwrap();
        let made = JsFuture::from(made.unchecked_into::<js_sys::Promise>()).await.unwrap();
        let made = Array::from(&made);
        (made.get(0).as_string().unwrap(), made.get(1).as_string().unwrap())
    }

    fn expected() -> Expected {
        Expected {
            issuer: "http://localhost:9000".into(),
            resource: "http://localhost:8001/mcp".into(),
            client_id: "c".into(),
        }
    }

    /// The token on a page that has not seen the keys; asking for them gives these.
    async fn show(token: String, answer: Result<String, String>, masked: bool) -> TestPage {
        show_observed(token, answer, masked, Vec::new()).await
    }

    /// The same, where the MCP server has checked this.
    async fn show_observed(
        token: String,
        answer: Result<String, String>,
        masked: bool,
        observed: Vec<Check>,
    ) -> TestPage {
        let key_set = RwSignal::new(None);
        let page = TestPage::show(move || {
            view! {
                <TokenView
                    token=token
                    expected=expected()
                    observed=observed
                    now=NOW
                    key_set=key_set
                    on_fetch=move |()| key_set.set(Some(answer.clone()))
                    masked=masked
                />
            }
        });
        page.await
    }

    #[test]
    async fn a_signature_is_good_until_one_character_is_another() {
        for alg in ["RS256", "ES256", "EdDSA"] {
            let (token, keys) = signed(alg).await;
            let page = show(token, Ok(keys), true).await;
            assert_eq!(page.texts(OUTCOME), [""], "nothing is claimed unasked");
            page.press("Verify the signature here").await;
            page.until(OUTCOME, "The signature is good").await;
            assert!(page.texts(OUTCOME)[0].contains(alg));
            page.check("[data-testid=alter-token]", true).await;
            page.until(
                OUTCOME,
                "sub is “bda” now and was “ada” when it was signed. The MCP server would answer 401",
            )
            .await;
            assert_eq!(page.texts("[data-member=sub] .value"), ["bda"]);
            assert_eq!(page.all(".jwt mark").len(), 1);
            page.check("[data-testid=alter-token]", false).await;
            page.until(OUTCOME, "The signature is good").await;
            assert!(page.all(".jwt mark").is_empty());
        }
    }

    #[test]
    async fn another_key_of_the_same_name_does_not_verify_it() {
        let (token, _) = signed("ES256").await;
        let (_, keys) = signed("ES256").await;
        let page = show(token, Ok(keys), true).await;
        page.press("Verify the signature here").await;
        page.until(OUTCOME, "The signature is not good: these characters were not signed").await;
    }

    #[test]
    async fn without_a_key_it_says_why() {
        let (token, _) = signed("ES256").await;
        for (answer, reason) in [
            (Ok(r#"{"keys":[]}"#.to_owned()), "publishes no key called k1"),
            (Err("The authorization server does not answer.".to_owned()), "does not answer"),
        ] {
            let page = show(token.clone(), answer, true).await;
            page.press("Verify the signature here").await;
            page.until(OUTCOME, reason).await;
            assert_eq!(page.all("[data-outcome=unable]").len(), 1);
        }
    }

    /// Req: ALL-11
    #[test]
    async fn the_signature_stands_there_only_with_the_secrets() {
        let (token, keys) = signed("ES256").await;
        let signature = token.rsplit('.').next().unwrap().to_owned();
        let page = show(token.clone(), Ok(keys.clone()), true).await;
        assert_eq!(page.texts(".jwt .jwt-signature"), [MASK]);
        assert!(!page.text().contains(&signature));
        let page = show(token.clone(), Ok(keys), false).await;
        assert_eq!(page.texts(".jwt"), [token]);
    }

    #[test]
    async fn each_claim_says_who_judges_it_and_whether_it_holds() {
        let (token, keys) = signed("ES256").await;
        let page = show(token, Ok(keys.clone()), true).await;
        assert!(
            page.texts("[data-member=aud] .judge")[0]
                .starts_with("MCP server will compare it with its own address")
        );
        assert!(page.all(".observed").is_empty(), "it has not looked yet");
        assert!(page.texts("[data-member=exp] .moment")[0].ends_with(" · in 58 minutes"));
        let kid = page.the("[data-member=kid]");
        assert_eq!(kid.get_attribute("data-verdict").as_deref(), Some("open"));
        page.press("Verify the signature here").await;
        page.until("[data-member=kid][data-verdict=holds]", "k1").await;
        let page = show("opaque".into(), Ok(keys), true).await;
        assert!(page.text().starts_with("This token is no JWT"));
    }

    #[test]
    async fn what_the_mcp_server_found_is_said_where_it_was_seen() {
        let (token, keys) = signed("ES256").await;
        let check = |title: &'static str, outcome| Check {
            title: title.into(),
            clause: Clause::TokenValidity,
            outcome,
            expected: String::new(),
            found: String::new(),
        };
        let observed = vec![
            check("aud", Checked::Passed),
            check("iat, nbf", Checked::Passed),
            check("exp", Checked::Failed),
            check("signature", Checked::Passed),
        ];
        let page = show_observed(token, Ok(keys), true, observed).await;
        assert!(page.texts("[data-member=aud] [data-observed=passed]")[0].contains("it passed"));
        assert_eq!(page.all("[data-member=iat] [data-observed=passed]").len(), 1);
        assert_eq!(page.all("[data-member=exp] [data-observed=failed]").len(), 1);
        assert_eq!(page.all(".observed").len(), 3);
        page.check("[data-testid=alter-token]", true).await;
        page.until("[data-member=sub] .value", "bda").await;
        assert!(page.all(".observed").is_empty(), "nobody got the changed one");
    }
}
