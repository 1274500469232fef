//! One's own client metadata document, and what the authorization server makes of it.

use std::time::Duration;

use flow::lessons::mistakes::{self, Mistake};
use leptos::prelude::*;
use leptos::task::spawn_local;
use protocol::check::Outcome;
use protocol::observation::{Finding, Observation, correlation};

use super::boxed::{CollectBoxed as _, click};
use super::rule::OuterLink;
use crate::env;
use crate::trial::{self, Places};

/// How long the report of a request may take once that is answered.
const REPORT_DEADLINE: Duration = Duration::from_secs(3);

/// A document that is being tried. All of it is signals, so copies are the same; it outlives the panel.
#[derive(Clone, Copy)]
pub(crate) struct Trial {
    text: RwSignal<String>,
    mistake: RwSignal<Mistake>,
    stage: RwSignal<Stage>,
}

/// How far a trial is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Stage {
    Writing,
    /// The document is there, and the request with this correlation is under way or answered.
    Asked(String),
    /// What the authorization server found out.
    Told(Vec<Finding>),
    /// There is no verdict; why not, for people. Without a reason, nobody asked.
    NoVerdict(Option<String>),
}

impl Trial {
    /// A good document.
    pub(crate) fn new(places: &Places) -> Self {
        let trial = Self {
            text: RwSignal::default(),
            mistake: RwSignal::new(mistakes::GOOD),
            stage: RwSignal::new(Stage::NoVerdict(None)),
        };
        trial.take(mistakes::GOOD, places);
        trial
    }

    fn take(self, mistake: Mistake, places: &Places) {
        self.text.set(mistake.document(&places.client_id(), &places.redirect_uri()));
        self.mistake.set(mistake);
        self.stage.set(Stage::NoVerdict(None));
    }

    /// A verdict is on the text that was checked.
    fn edit(self, text: String) {
        self.text.set(text);
        if !untrack(|| self.is_under_way()) {
            self.stage.set(Stage::NoVerdict(None));
        }
    }

    fn is_under_way(self) -> bool {
        self.stage.with(|stage| matches!(stage, Stage::Writing | Stage::Asked(_)))
    }

    /// Whoever made the trial may have gone by the time of an answer: then nobody wants to know any more.
    fn reach(self, stage: Stage) {
        let _nobody = self.stage.try_set(stage);
    }

    async fn check(self, places: Places) {
        self.reach(Stage::Writing);
        let host = self.mistake.get_untracked().host;
        if let Err(reason) = trial::write(&self.text.get_untracked(), host).await {
            return self.reach(Stage::NoVerdict(Some(reason)));
        }
        let Some(url) = env::fresh().and_then(|env| places.request(&env)) else {
            let reason = "This browser has no randomness to offer, so nothing can be sent safely.";
            return self.reach(Stage::NoVerdict(Some(reason.into())));
        };
        let asked = Stage::Asked(correlation("GET", &url, None, b""));
        self.reach(asked.clone());
        trial::ask(&url).await;
        let give_up = move || {
            if self.stage.try_with_untracked(|stage| *stage == asked) == Some(true) {
                let reason = "The lab does not report what became of the request. Is it still running?";
                self.reach(Stage::NoVerdict(Some(reason.into())));
            }
        };
        set_timeout(give_up, REPORT_DEADLINE);
    }
}

/// The document with mistakes to put in, the button that has it checked, and the verdict.
#[component]
pub(crate) fn DocumentEditor(
    /// What is tried.
    trial: Trial,
    /// Where the servers are.
    places: Places,
    /// What the servers have reported.
    seen: Signal<Vec<Observation>>,
    /// Shows findings.
    show: Callback<Vec<Finding>, AnyView>,
    /// Begins a run as the client whose document lies at this address.
    on_use: Callback<String>,
) -> impl IntoView {
    Effect::new(move || {
        let Stage::Asked(wanted) = trial.stage.get() else { return };
        let report = |seen: &Vec<Observation>| {
            seen.iter().find(|one| one.correlation == wanted).map(|one| one.findings.clone())
        };
        if let Some(findings) = seen.with(report) {
            trial.stage.set(Stage::Told(findings));
        }
    });
    let client_id = places.client_id();
    let address = client_id.clone();
    let places = StoredValue::new(places);
    let check = move |_| {
        if !untrack(|| trial.is_under_way()) {
            spawn_local(trial.check(places.get_value()));
        }
    };
    view! {
        <div class="document-editor">
            <p>
                "This client’s id is the address of its document, "<code>{client_id}</code>". Change the document, or \
                 put a mistake in, and ask the authorization server what it makes of it."
            </p>
            <Choice trial=trial places=places />
            <label class="document">
                <span>"The document"</span>
                <textarea
                    rows="9"
                    spellcheck="false"
                    autocapitalize="off"
                    data-testid="document"
                    prop:value=trial.text
                    on:input=move |event| trial.edit(event_target_value(&event))
                ></textarea>
            </label>
            <button
                class="strong"
                data-testid="check-document"
                aria-disabled=move || trial.is_under_way().then_some("true")
                on:click=check
            >
                {move || match trial.stage.get() {
                    Stage::Writing => "Writing the document …",
                    Stage::Asked(_) => "The authorization server is asked …",
                    Stage::Told(_) | Stage::NoVerdict(_) => "Check it at the authorization server",
                }}
            </button>
            <div role="status" data-testid="document-verdict">
                {move || match trial.stage.get() {
                    Stage::Told(findings) => verdict(&findings, address.clone(), show, on_use),
                    Stage::NoVerdict(Some(reason)) => view! { <p class="error-note">{reason}</p> }.into_any(),
                    Stage::Writing | Stage::Asked(_) | Stage::NoVerdict(None) => ().into_any(),
                }}
            </div>
            {move || match trial.stage.get() {
                Stage::Told(findings) => Some(view! {
                    <p class="section">"All that it looked at"</p>
                    {show.run(findings)}
                }),
                Stage::Writing | Stage::Asked(_) | Stage::NoVerdict(_) => None,
            }}
        </div>
    }
}

/// Which mistake is put in, and why it matters.
#[component]
fn Choice(trial: Trial, places: StoredValue<Places>) -> impl IntoView {
    let option = move |mistake: &'static Mistake| {
        let chosen = move || trial.mistake.with(|chosen| chosen.id == mistake.id);
        view! { <option value=mistake.id prop:selected=chosen>{mistake.title}</option> }
    };
    let choose = move |event| {
        let id = event_target_value(&event);
        if let Some(mistake) = mistakes::all().find(|mistake| mistake.id == id) {
            places.with_value(|places| trial.take(*mistake, places));
        }
    };
    view! {
        <label class="mistake">
            <span>"The mistake"</span>
            <select data-testid="mistake" on:change=choose>
                {option(&mistakes::GOOD)}
                <optgroup label="in the document">
                    {mistakes::IN_THE_DOCUMENT.iter().map(option).collect_boxed()}
                </optgroup>
                <optgroup label="of the server that hands it out">
                    {mistakes::OF_THE_HOST.iter().map(option).collect_boxed()}
                </optgroup>
            </select>
        </label>
        <p class="hint">{move || trial.mistake.with(|mistake| mistake.why)}</p>
    }
}

/// What it came to; where that is a refusal, with the check that failed, wherever it stands in the list below.
fn verdict(
    findings: &[Finding],
    client_id: String,
    show: Callback<Vec<Finding>, AnyView>,
    on_use: Callback<String>,
) -> AnyView {
    let fails =
        |finding: &&Finding| matches!(finding, Finding::Checked(check) if check.outcome == Outcome::Failed);
    let failed = findings.iter().rev().find(fails).cloned();
    let refused = findings.iter().find_map(|finding| match finding {
        Finding::Refused { name, clause, says } => Some((name.clone(), *clause, says.clone())),
        _ => None,
    });
    match refused {
        Some((name, clause, says)) => view! {
            <p class="verdict refused">
                <b>"Refused: "{name}"."</b>" The person would read: “"{says}"” "
                <OuterLink text=clause.source() url=clause.url() />
            </p>
            {failed.map(|failed| show.run(vec![failed]))}
        }
        .into_any(),
        None => view! {
            <p class="verdict accepted">
                <b>"Accepted."</b>" The server would ask the person now: you can go on with this document."
            </p>
            <button data-testid="use-document" on:click=click(move |_| on_use.run(client_id.clone()))>
                "Start a run as this client"
            </button>
        }
        .into_any(),
    }
}

#[cfg(test)]
mod tests {
    use js_sys::Function;
    use protocol::check::Check;
    use protocol::observation::{SeenRequest, SeenResponse};
    use protocol::party::Party;
    use wasm_bindgen::JsValue;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::view::test_page::TestPage;

    fn js(body: &str) -> JsValue {
        Function::new_no_args(body).call0(&JsValue::NULL).unwrap()
    }

    /// A report of the authorization request that was sent last.
    fn report(findings: Vec<Finding>) -> Observation {
        let url = js("return window.asked").as_string().unwrap();
        Observation {
            seq: 1,
            at_ms: 0,
            elapsed_us: 0,
            party: Party::AuthorizationServer,
            correlation: correlation("GET", &url, None, b""),
            visit: None,
            request: SeenRequest { method: "GET".into(), url, headers: Vec::new(), body: None },
            response: SeenResponse { status: 400, headers: Vec::new(), body: None },
            findings,
        }
    }

    #[test]
    async fn the_servers_own_report_is_the_verdict() {
        // A lab that takes every document but one, and keeps what it was asked.
        js("window.fetchReally = window.fetch; window.fetch = async (request) => { \
              if (request.method === 'PUT') { \
                window.written = await request.text(); window.host = new URL(request.url).search; \
                return window.written === 'no' ? new Response('{\"error\":\"Not this one.\"}', { status: 400 }) : new Response('{}'); \
              } \
              window.asked = request.url; window.mode = request.mode + ' ' + request.credentials; return new Response(''); \
            }");
        let places = Places {
            origin: "http://localhost:3000".into(),
            authorization_endpoint: "http://localhost:9000/authorize".into(),
            resource: "http://localhost:8001/mcp".into(),
        };
        let trial = Trial::new(&places);
        let (seen, used) = (RwSignal::new(Vec::new()), RwSignal::new(String::new()));
        let page = TestPage::show(move || {
            let show = Callback::new(|findings: Vec<Finding>| {
                let failed = |finding: &Finding| matches!(finding, Finding::Checked(check) if check.title == "content type");
                let which = if findings.iter().any(failed) { "content type" } else { "nothing failed" };
                view! { <p class="findings">{findings.len()}": "{which}</p> }.into_any()
            });
            let on_use = Callback::new(move |id| used.set(id));
            view! { <DocumentEditor trial=trial places=places seen=seen.into() show=show on_use=on_use /> }
        })
        .await;

        page.enter("select", "html").await;
        page.fire("select", "change").await;
        page.press("Check it at the authorization server").await;
        page.until(".strong", "is asked").await;
        assert!(js("return window.written").as_string().unwrap().contains("/clients/mine.json"));
        assert_eq!(js("return window.host").as_string().unwrap(), "?content_type=text/html");
        assert_eq!(js("return window.mode").as_string().unwrap(), "no-cors omit");
        seen.update(|seen| {
            let clause = protocol::clause::Clause::ClientDocument;
            let check = |title: &'static str, outcome| {
                let (title, expected, found) = (title.into(), "JSON".into(), "HTML".into());
                Finding::Checked(Check { title, clause, outcome, expected, found })
            };
            seen.push(report(vec![
                check("status", Outcome::Passed),
                check("content type", Outcome::Failed),
                Finding::Refused { name: "DocumentContentType".into(), clause, says: "It is HTML.".into() },
            ]));
        });
        page.until(".verdict", "Refused: DocumentContentType").await;
        assert_eq!(
            page.texts("[role=status] .findings"),
            ["1: content type"],
            "what failed stands at the verdict"
        );
        assert_eq!(page.texts(".findings").len(), 2, "and in the whole list");

        page.enter("textarea", "{}").await;
        assert!(page.all(".verdict").is_empty(), "the verdict was on another text");
        page.press("Check it at the authorization server").await;
        page.until(".strong", "is asked").await;
        assert_eq!(js("return window.written").as_string().unwrap(), "{}");
        seen.update(|seen| seen.push(report(Vec::new())));
        page.until(".verdict", "Accepted.").await;
        page.press("Start a run as this client").await;
        assert_eq!(used.get_untracked(), "http://localhost:3000/clients/mine.json");

        page.enter("textarea", "no").await;
        page.press("Check it at the authorization server").await;
        page.until(".error-note", "Not this one.").await;
        js("window.fetch = window.fetchReally");
    }

    #[test]
    async fn a_panel_that_is_closed_waits_for_no_report() {
        // The deadline is over at once.
        js("window.setTimeoutReally = window.setTimeout; \
            window.setTimeout = (call, ms) => window.setTimeoutReally(() => { call(); window.over ||= ms === 3000 }); \
            window.over = false; window.fetchReally = window.fetch; \
            window.fetch = async () => new Promise((done) => { window.answer = () => done(new Response('{}')) })");
        let places = Places {
            origin: "http://localhost:3000".into(),
            authorization_endpoint: "http://localhost:9000/authorize".into(),
            resource: "http://localhost:8001/mcp".into(),
        };
        let page = TestPage::show(move || {
            let trial = Trial::new(&places);
            let (show, on_use) = (Callback::new(|_| ().into_any()), Callback::new(|_| ()));
            view! { <DocumentEditor trial=trial places=places seen=Signal::stored(Vec::new()) show=show on_use=on_use /> }
        })
        .await;
        page.press("Check it at the authorization server").await;
        js("window.answer()");
        page.until(".strong", "is asked").await;
        drop(page);
        js("window.answer()");
        let other = TestPage::show(|| view! { <p>"The page goes on"</p> }).await;
        for _ in 0..5 {
            other.fire("p", "nothing").await;
        }
        assert!(js("return window.over").is_truthy());
        js("window.setTimeout = window.setTimeoutReally; window.fetch = window.fetchReally");
    }
}
