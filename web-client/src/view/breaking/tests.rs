//! The catalogue in a browser, with a lab that answers as it is told.

use attack::{Found, Outcome, Refused, Verdict};
use flow::http::{Request, Response};
use flow::lessons::attacks::{self, Attack, Kind, Refusal};
use flow::tamper::{Changed, Part};
use flow::trace::{Answer, Event};
use js_sys::{Function, JSON};
use protocol::check::Check;
use protocol::clause::Clause;
use protocol::observation::{Finding, Observation, SeenRequest, SeenResponse};
use record::{Hop, HopId, Record};
use wasm_bindgen::JsValue;
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::view::test_page::TestPage;

const REVISION: Revision = Revision::V2026_07_28;
const URL: &str = "http://localhost:9000/token";

fn js(body: &str) -> JsValue {
    Function::new_no_args(body).call0(&JsValue::NULL).unwrap()
}

/// From now on the lab answers with this, once it is allowed to.
fn lab_answers(status: u16, text: &str) {
    let text = JSON::stringify(&text.into()).unwrap();
    js(&format!(
        "window.attacked = undefined; window.mayAnswer = false; window.fetch = async (request) => {{ \
         window.attacked = new URL(request.url).pathname + ' ' + await request.text(); \
         while (!window.mayAnswer) await new Promise((done) => setTimeout(done)); \
         return new Response({text}, {{ status: {status} }}) }}"
    ));
}

fn checked(title: &'static str) -> Finding {
    Finding::Checked(Check {
        title: title.into(),
        clause: Clause::PkceVerified,
        outcome: protocol::check::Outcome::Passed,
        expected: "a".into(),
        found: "a".into(),
    })
}

/// What the attack `wrong-verifier` comes to.
fn outcome() -> Outcome {
    let request = Request::post_form(URL, &[("code", "•••••".into()), ("code_verifier", "•••••".into())]);
    let findings = vec![
        checked("the code is known"),
        Finding::Refused {
            name: "VerifierMismatch".into(),
            clause: Clause::PkceVerified,
            says: "Another verifier.".into(),
        },
        checked("never reached"),
    ];
    let response = Response { status: 400, headers: Vec::new(), body: String::new(), elapsed_ms: 1 };
    let seen = Observation {
        seq: 9,
        at_ms: 0,
        elapsed_us: 0,
        party: Party::AuthorizationServer,
        correlation: String::new(),
        visit: None,
        request: SeenRequest { method: "POST".into(), url: URL.into(), headers: Vec::new(), body: None },
        response: SeenResponse { status: 400, headers: Vec::new(), body: None },
        findings,
    };
    let answer = Answer::Response(response);
    let hop = Hop {
        id: HopId::Entry(0),
        step: Step::CodeExchange,
        from: Party::Client,
        to: Party::AuthorizationServer,
        title: "POST /token".into(),
        answer: Some("400".into()),
        at_ms: 0,
        event: Some(Event::Exchange { request, answer, summary: "400".into() }),
        checks: Vec::new(),
        decoded: Vec::new(),
        edited: true,
        seen: Some(seen),
    };
    let attacks::Prediction::Refused(Refusal { by, status, error, name, clause }) =
        Attack::find("wrong-verifier").unwrap().prediction
    else {
        panic!("it must be refused");
    };
    let refused = Refused {
        by,
        status,
        error: error.map(str::to_owned),
        name: Some(name.into()),
        clause: Some(clause),
        says: Some("Another verifier.".into()),
    };
    Outcome {
        id: "wrong-verifier".into(),
        revision: REVISION,
        expected: Found::Refused(refused.clone()),
        found: Found::Refused(refused),
        verdict: Verdict::Refused,
        changes: vec![Changed {
            part: Part::Form,
            name: "code_verifier".into(),
            was: Some("abcdef".into()),
            is: Some("abcAef".into()),
        }],
        at: Some(HopId::Entry(0)),
        run: Record::new(REVISION, "cimd", vec![hop]),
    }
}

/// The catalogue, and the ids of the runs that were to be looked at.
async fn shown(attack: Option<&'static str>) -> (TestPage, Breaking, RwSignal<Vec<String>>) {
    js("localStorage.clear()");
    let looked = RwSignal::new(Vec::new());
    let breaking = Breaking::new();
    breaking.show(REVISION, attack);
    let page = TestPage::show(move || {
        let on_look = Callback::new(move |outcome: Arc<Outcome>| {
            looked.update(|looked| looked.push(outcome.id.clone()));
        });
        view! { <Break breaking=breaking on_look=on_look /> }
    })
    .await;
    (page, breaking, looked)
}

#[test]
async fn an_attack_is_guessed_then_done_then_explained() {
    let (page, breaking, looked) = shown(Some("wrong-verifier")).await;
    page.until(":focus", "A stolen code").await;
    lab_answers(200, &serde_json::to_string(&outcome()).unwrap());
    // Without a guess the browser asks for one.
    page.press("Do it").await;
    assert!(js("return window.attacked").is_undefined());
    page.click("[data-testid=by-as]", 0).await;
    let answers = page.texts("fieldset:last-of-type span");
    let right = answers.iter().position(|answer| answer == "400 invalid_grant").unwrap();
    page.click("fieldset:last-of-type input", right).await;
    page.press("Do it").await;
    page.until("[data-testid=waiting]", "the servers are asked what they saw").await;
    js("window.mayAnswer = true");
    page.until(":focus", "Refused, as it must be.").await;
    assert_eq!(
        js("return window.attacked").as_string().unwrap(),
        "/lab/attacks/wrong-verifier {\"revision\":\"2026-07-28\"}"
    );
    page.until("[data-testid=told]", "The authorization server answered").await;
    assert!(page.all("form").is_empty(), "nobody guesses twice");
    assert!(page.texts("[data-testid=judged]")[0].starts_with("You guessed right: the authorization server"));
    let tampered = &page.texts("[data-testid=tampered]")[0];
    assert!(
        tampered.contains("instead of: code_verifier=abcdef\nchanged: code_verifier=abcAef\n"),
        "{tampered}"
    );
    let findings = page.texts("[data-testid=server-findings]").concat();
    assert!(findings.contains("the code is known") && findings.contains("VerifierMismatch"), "{findings}");
    assert!(!findings.contains("never reached"), "{findings}");
    assert!(!page.text().contains("An error"), "{}", page.text());
    page.press("Look at the whole run").await;
    assert_eq!(looked.get_untracked(), ["wrong-verifier"]);

    page.press("◂ All attacks").await;
    page.until(":focus", "A stolen code").await;
    assert!(page.texts("[data-testid=score]")[0].starts_with("Tried 1 of "));
    assert!(page.texts("[data-testid=score]")[0].ends_with("; guessed right 1."));
    assert!(page.texts("[data-testid=attack-wrong-verifier] .mark")[0].contains("refused"));
    let kept = Breaking::new();
    assert_eq!(kept.attempts.get_untracked(), breaking.attempts.get_untracked(), "after a reload");
    page.press("Forget all").await;
    assert!(page.texts("[data-testid=score]")[0].starts_with("Tried 0 of "));
}

#[test]
async fn what_could_not_be_done_is_said_and_can_be_tried_again() {
    let (page, _, _) = shown(Some("wrong-verifier")).await;
    lab_answers(503, "{\"error\":\"The lab is busy.\"}");
    page.press("Do it without a guess").await;
    js("window.mayAnswer = true");
    page.until("[role=alert]", "The lab is busy.").await;
    assert_eq!(page.all("form").len(), 1, "it was not tried");
    lab_answers(200, &serde_json::to_string(&outcome()).unwrap());
    page.press("Do it without a guess").await;
    js("window.mayAnswer = true");
    page.until(":focus", "Refused, as it must be.").await;
    assert!(page.all("[data-testid=judged]").is_empty());
}

#[test]
async fn nobody_refuses_with_nothing() {
    let (page, _, _) = shown(Some("wrong-verifier")).await;
    page.click("[data-testid=by-nobody]", 0).await;
    assert_eq!(page.all("fieldset:disabled").len(), 1);
    lab_answers(200, &serde_json::to_string(&outcome()).unwrap());
    page.press("Do it").await;
    js("window.mayAnswer = true");
    page.until("[data-testid=judged]", "Not what you guessed: the authorization server must refuse").await;
}

#[test]
async fn the_catalogue_is_filtered_and_walked_with_the_arrows() {
    let (page, breaking, _) = shown(None).await;
    let all = page.all(".entries button").len();
    assert_eq!(all, attacks::all().count());
    page.enter("[data-testid=filter-step]", Step::CodeExchange.id()).await;
    page.fire("[data-testid=filter-step]", "change").await;
    let some = attacks::all().filter(|attack| attack.step == Step::CodeExchange).count();
    assert_eq!(page.all(".entries button").len(), some);
    breaking.place.set(Some(Party::ClientHost));
    page.until("[role=status]", "No attack of the catalogue").await;
    breaking.step.set(None);
    breaking.place.set(None);
    page.until(".entries", "No code challenge").await;

    let title = |index: usize| attacks::all().filter(|attack| attack.kind() == Kind::Client).nth(index);
    page.all(".entries button")[0].unchecked_ref::<HtmlElement>().focus().unwrap();
    page.key(":focus", "ArrowDown").await;
    assert!(page.texts(":focus")[0].starts_with(title(1).unwrap().title));
    page.key(":focus", "ArrowUp").await;
    page.key(":focus", "ArrowUp").await;
    assert!(page.texts(":focus")[0].starts_with(title(0).unwrap().title));
}

#[test]
async fn every_attack_can_be_opened_and_guessed() {
    for attack in attacks::all() {
        let (page, _, _) = shown(Some(attack.id)).await;
        assert_eq!(page.texts("h3"), [attack.title]);
        assert_eq!(page.texts("[data-testid=story]"), [attack.story]);
        assert!(page.all("fieldset:last-of-type input").len() >= 3, "{}", attack.id);
    }
}
