//! One's own client metadata document, and what the authorization server makes of it.

use std::time::Duration;

use flow::lessons::mistakes::{self, Mistake};
use leptos::prelude::*;
use leptos::task::spawn_local;
use protocol::observation::{Finding, Observation, correlation};

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

    async fn check(self, places: Places) {
        self.stage.set(Stage::Writing);
        let host = self.mistake.get_untracked().host;
        if let Err(reason) = trial::write(&self.text.get_untracked(), host).await {
            return self.stage.set(Stage::NoVerdict(Some(reason)));
        }
        let Some(url) = env::fresh().and_then(|env| places.request(&env)) else {
            let reason = "This browser has no randomness to offer, so nothing can be sent safely.";
            return self.stage.set(Stage::NoVerdict(Some(reason.into())));
        };
        let asked = Stage::Asked(correlation("GET", &url, None, b""));
        self.stage.set(asked.clone());
        trial::ask(&url).await;
        let give_up = move || {
            if self.stage.with_untracked(|stage| *stage == asked) {
                let reason = "The lab does not report what became of the request. Is it still running?";
                self.stage.set(Stage::NoVerdict(Some(reason.into())));
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
                    Stage::Told(findings) => verdict(&findings, address.clone(), on_use),
                    Stage::NoVerdict(Some(reason)) => view! { <p class="error-note">{reason}</p> }.into_any(),
                    Stage::Writing | Stage::Asked(_) | Stage::NoVerdict(None) => ().into_any(),
                }}
            </div>
            {move || match trial.stage.get() {
                Stage::Told(findings) => Some(show.run(findings)),
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
                    {mistakes::IN_THE_DOCUMENT.iter().map(option).collect_view()}
                </optgroup>
                <optgroup label="of the server that hands it out">
                    {mistakes::OF_THE_HOST.iter().map(option).collect_view()}
                </optgroup>
            </select>
        </label>
        <p class="hint">{move || trial.mistake.with(|mistake| mistake.why)}</p>
    }
}

fn verdict(findings: &[Finding], client_id: String, on_use: Callback<String>) -> AnyView {
    let refused = findings.iter().find_map(|finding| match finding {
        Finding::Refused { name, says, .. } => Some((name.clone(), says.clone())),
        _ => None,
    });
    match refused {
        Some((name, says)) => view! {
            <p class="verdict refused"><b>"Refused: "{name}"."</b>" The person would read: “"{says}"”"</p>
        }
        .into_any(),
        None => view! {
            <p class="verdict accepted">
                <b>"Accepted."</b>" The server would ask the person now: you can go on with this document."
            </p>
            <button data-testid="use-document" on:click=move |_| on_use.run(client_id.clone())>
                "Start a run as this client"
            </button>
        }
        .into_any(),
    }
}
