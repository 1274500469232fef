//! Two real runs side by side, one of each revision: what differs is marked, and says why.

use leptos::prelude::*;
use protocol::revision::Revision;

use super::boxed::{CollectBoxed as _, changing, click};
use super::rule::OuterLink;

/// The older revision stands at the left.
const LEFT: Revision = Revision::V2025_11_25;
const RIGHT: Revision = Revision::V2026_07_28;

/// The same moment in both runs, or something that only one of them has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    /// In the run of 2025-11-25.
    pub(crate) left: Option<Side>,
    /// In the run of 2026-07-28.
    pub(crate) right: Option<Side>,
    /// The parts of the message that differ.
    pub(crate) parts: Vec<Part>,
    /// Why.
    pub(crate) reasons: Vec<Reason>,
    /// Whether the revisions are no reason: one run found what the other had left behind.
    pub(crate) remembered: bool,
}

/// A reason for a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reason {
    /// In a sentence or two.
    pub(crate) text: &'static str,
    /// Where that stands: the name of the section, and its address.
    pub(crate) clause: Option<(&'static str, &'static str)>,
}

/// A message with its answer in one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Side {
    /// What was sent, in a few words.
    pub(crate) title: String,
    /// What came back, in a few words.
    pub(crate) answer: String,
}

/// A part of a message that differs; secrets are masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// Which: `MCP-Protocol-Version`.
    pub(crate) name: String,
    /// In the run of 2025-11-25; `None`: it is not there.
    pub(crate) left: Option<String>,
    /// In the run of 2026-07-28.
    pub(crate) right: Option<String>,
}

/// How the two sides of a row differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Difference {
    None,
    Content,
    OnlyLeft,
    OnlyRight,
    /// In something, but not because of the revision.
    Remembered,
}

impl Difference {
    /// What the legend explains.
    const MARKED: [Self; 4] = [Self::Content, Self::OnlyLeft, Self::OnlyRight, Self::Remembered];

    /// Whether the revisions differ here.
    fn counts(self) -> bool {
        !matches!(self, Self::None | Self::Remembered)
    }

    fn class(self) -> &'static str {
        match self {
            Self::None => "same",
            Self::Content => "differs",
            Self::OnlyLeft => "only-left",
            Self::OnlyRight => "only-right",
            Self::Remembered => "remembered",
        }
    }

    fn sign(self) -> &'static str {
        match self {
            Self::None => "=",
            Self::Content => "≠",
            Self::OnlyLeft => "◂",
            Self::OnlyRight => "▸",
            Self::Remembered => "~",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::None => "the same in both",
            Self::Content => "differs",
            Self::OnlyLeft => "only in 2025-11-25",
            Self::OnlyRight => "only in 2026-07-28",
            Self::Remembered => "not because of the revision",
        }
    }
}

impl Row {
    fn difference(&self) -> Difference {
        match (&self.left, &self.right) {
            _ if self.remembered => Difference::Remembered,
            (_, None) => Difference::OnlyLeft,
            (None, _) => Difference::OnlyRight,
            (Some(_), Some(_)) if self.parts.is_empty() => Difference::None,
            (Some(_), Some(_)) => Difference::Content,
        }
    }
}

/// The comparison, or the way to it.
#[component]
pub(crate) fn Compare(
    /// The rows, once both runs are there.
    rows: Signal<Vec<Row>>,
    /// The revisions of which there is no finished run yet.
    missing: Signal<Vec<Revision>>,
    /// Begins a run of a revision.
    on_run: Callback<Revision>,
) -> impl IntoView {
    changing(move || {
        let missing = missing.get();
        if missing.is_empty() {
            view! { <Rows rows=rows /> }.into_any()
        } else {
            view! { <Missing revisions=missing on_run=on_run /> }.into_any()
        }
    })
}

/// Which run is missing, and the button that makes it.
#[component]
fn Missing(revisions: Vec<Revision>, on_run: Callback<Revision>) -> impl IntoView {
    let needed = revisions.into_iter().map(|revision| {
        let name = revision.as_str();
        view! {
            <li>
                <span>"There is no finished run of "<b>{name}</b>" yet."</span>
                <button class="strong" data-testid=String::from("run-") + name on:click=click(move |_| on_run.run(revision))>
                    "Run "{name}
                </button>
            </li>
        }
    });
    view! {
        <div class="compare">
            <p>"Two real runs are laid side by side. Each needs your consent, so each is yours to begin."</p>
            <ul class="missing">{needed.collect_boxed()}</ul>
        </div>
    }
}

#[component]
fn Rows(rows: Signal<Vec<Row>>) -> impl IntoView {
    let only_different = RwSignal::new(true);
    let counts = move || {
        rows.with(|rows| {
            let different = rows.iter().filter(|row| row.difference().counts()).count();
            format!("{different} of {} rows differ; press one to read why.", rows.len())
        })
    };
    let shown = move || {
        let only_different = only_different.get();
        let rows = rows.get().into_iter().enumerate();
        let rows = rows.filter(|(_, row)| !only_different || row.difference().counts());
        rows.map(|(index, row)| view! { <RowItem index=index row=row /> }).collect_boxed()
    };
    let legend = Difference::MARKED.map(|difference| {
        let class = String::from("sign ") + difference.class();
        view! { <li><span class=class aria-hidden="true">{difference.sign()}</span>{difference.words()}</li> }
    });
    view! {
        <div class="compare" data-testid="comparison">
            <div class="about">
                <p role="status">{changing(counts)}</p>
                <label class="toggle">
                    <input
                        type="checkbox"
                        data-testid="only-different"
                        prop:checked=only_different
                        on:change=move |event| only_different.set(event_target_checked(&event))
                    />
                    "only what differs"
                </label>
            </div>
            <ul class="legend" aria-label="Legend">{legend}</ul>
            <div class="columns" aria-hidden="true"><b>{LEFT.as_str()}</b><b>{RIGHT.as_str()}</b></div>
            <ol class="pairs">{changing(shown)}</ol>
        </div>
    }
}

#[component]
fn RowItem(index: usize, row: Row) -> impl IntoView {
    let difference = row.difference();
    let pair = view! {
        <SideView revision=LEFT side=row.left.clone() />
        <span class=String::from("sign ") + difference.class()>
            <span aria-hidden="true">{difference.sign()}</span>
            <span class="visually-hidden">{difference.words()}</span>
        </span>
        <SideView revision=RIGHT side=row.right.clone() />
    };
    if difference == Difference::None {
        return view! { <li class="pair">{pair}</li> }.into_any();
    }
    let open = RwSignal::new(false);
    let id = format!("difference-{index}");
    let controls = id.clone();
    view! {
        <li>
            <button
                class="pair"
                aria-expanded=move || if open.get() { "true" } else { "false" }
                aria-controls=controls
                on:click=click(move |_| open.update(|open| *open = !*open))
            >
                {pair}
            </button>
            <div id=id class="difference" hidden=move || !open.get()>{explanation(row)}</div>
        </li>
    }
    .into_any()
}

#[component]
fn SideView(revision: Revision, side: Option<Side>) -> impl IntoView {
    let content = match side {
        Some(side) => {
            let answer = (!side.answer.is_empty()).then(
                || view! { <span class="answer"><span aria-hidden="true">"→ "</span>{side.answer}</span> },
            );
            view! { <span>{side.title}</span>" "{answer} }.into_any()
        }
        None => view! { <span class="nothing">"not there"</span> }.into_any(),
    };
    view! { <span class="side"><span class="revision">{revision.as_str()}": "</span>{content}</span> }
}

/// The parts that differ, and why.
fn explanation(row: Row) -> impl IntoView {
    let cell = |value: Option<String>| match value {
        Some(value) => view! { <code>{value}</code> }.into_any(),
        None => view! { <span class="nothing">"not there"</span> }.into_any(),
    };
    let parts = row.parts.into_iter().map(|part| {
        view! { <tr><th scope="row">{part.name}</th><td>{cell(part.left)}</td><td>{cell(part.right)}</td></tr> }
    });
    let parts = parts.collect::<Vec<_>>();
    let table = (!parts.is_empty()).then(|| {
        view! {
            <table>
                <thead>
                    <tr>
                        <th scope="col">"Part"</th>
                        <th scope="col">{LEFT.as_str()}</th>
                        <th scope="col">{RIGHT.as_str()}</th>
                    </tr>
                </thead>
                <tbody>{parts}</tbody>
            </table>
        }
    });
    let reasons = row.reasons.into_iter().map(|reason| {
        let clause = reason.clause.map(|(source, url)| {
            view! { " "<OuterLink text=source url=url /> }
        });
        view! { <p>{reason.text}{clause}</p> }
    });
    let reasons = reasons.collect::<Vec<_>>();
    view! {
        {reasons}
        {table}
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::view::test_page::TestPage;

    fn rows() -> Vec<Row> {
        let side = |title: &str| Some(Side { title: title.into(), answer: "200".into() });
        let row = |left, right| Row {
            left,
            right,
            parts: Vec::new(),
            reasons: vec![Reason { text: "Because.", clause: None }],
            remembered: false,
        };
        let part = Part { name: "header".into(), left: None, right: Some("x".into()) };
        vec![
            row(side("both"), side("both")),
            row(side("old"), None),
            row(None, side("new")),
            Row { parts: vec![part.clone()], ..row(side("part"), side("part")) },
            Row { remembered: true, ..row(side("asked"), None) },
            Row { remembered: true, parts: vec![part], ..row(side("elsewhere"), side("elsewhere")) },
        ]
    }

    #[test]
    async fn what_differs_is_marked_and_explained() {
        let missing = RwSignal::new(vec![Revision::V2026_07_28]);
        let page = TestPage::show(move || {
            view! {
                <Compare
                    rows=Signal::stored(rows())
                    missing=missing.into()
                    on_run=Callback::new(move |ran| missing.update(|missing| missing.retain(|other| *other != ran)))
                />
            }
        })
        .await;
        page.press("Run 2026-07-28").await;
        assert!(page.text().contains("3 of 6 rows differ"));
        assert_eq!(page.all(".pair").len(), 3);
        assert_eq!(
            page.texts(".pair .sign .visually-hidden"),
            ["only in 2025-11-25", "only in 2026-07-28", "differs"]
        );
        page.click("[data-testid=only-different]", 0).await;
        assert_eq!(page.all(".pair").len(), 6);
        let signs = page.texts(".pair .sign .visually-hidden");
        assert_eq!(signs[4..], ["not because of the revision"; 2], "in whichever run it is");
        assert_eq!(page.all("button.pair").len(), 5, "what is the same needs no explanation");
        assert!(page.all(".difference:not([hidden])").is_empty());
        page.click("button.pair", 2).await;
        let explained = page.texts(".difference:not([hidden])").concat();
        assert!(explained.contains("Because.") && explained.contains("not there"), "{explained}");
    }
}
