//! What can be done once every call is answered: deeds with real consequences, and the lab's clock.

use leptos::prelude::*;

use super::boxed::{Boxed as _, CollectBoxed as _, changing, click};

/// Something that can be done now, or could be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Deed {
    /// Names it in the page; letters and hyphens.
    pub(crate) id: &'static str,
    /// What the button says.
    pub(crate) title: &'static str,
    /// What will come of it, in one sentence.
    pub(crate) sentence: &'static str,
    /// Why it cannot be done now.
    pub(crate) hindrance: Option<&'static str>,
}

/// The deeds, what the last one came to, and the lab's clock where it is ahead.
#[component]
pub(crate) fn Afterwards(
    /// In the order in which they are shown.
    deeds: Signal<Vec<Deed>>,
    /// Which one is under way.
    busy: Signal<Option<&'static str>>,
    /// What the last one came to, in one sentence.
    outcome: Signal<Option<String>>,
    /// How many seconds the lab's clock is ahead of the machine's.
    clock_ahead: Signal<u64>,
    /// Does it: called with the id of a deed.
    on_deed: Callback<&'static str>,
    /// Puts the lab's clock back.
    on_clock_back: Callback<()>,
) -> impl IntoView {
    let items = move || {
        let deeds = deeds.get().into_iter();
        deeds.map(|deed| view! { <DeedItem deed=deed busy=busy on_deed=on_deed /> }).collect_boxed()
    };
    let ahead = Memo::new(move |_| ahead_of_time(clock_ahead.get()));
    view! {
        <section class="afterwards" aria-labelledby="afterwards-title" data-testid="afterwards">
            <h2 id="afterwards-title">"And now?"</h2>
            <p class="hint">"Each of these is real: watch what the servers make of it."</p>
            {move || ahead.get().map(|ahead| view! {
                <p class="clock" data-testid="lab-clock">
                    <span>"The lab’s clock is "<b>{ahead}</b>" ahead."</span>
                    <button class="quiet" on:click=click(move |_| on_clock_back.run(()))>"Put it back"</button>
                </p>
            }).boxed()}
            <p role="status" class="outcome" data-testid="deed-outcome">{move || outcome.get()}</p>
            <ul>{changing(items)}</ul>
        </section>
    }
}

/// A button that cannot be used stays reachable, and says why: so it is not `disabled`.
#[component]
fn DeedItem(
    deed: Deed,
    busy: Signal<Option<&'static str>>,
    on_deed: Callback<&'static str>,
) -> impl IntoView {
    let Deed { id, title, sentence, hindrance } = deed;
    let about = format!("deed-{id}-about");
    let rests = move || hindrance.is_some() || busy.get().is_some();
    view! {
        <li>
            <button
                data-testid=format!("deed-{id}")
                aria-describedby=about.clone()
                aria-disabled=move || rests().then_some("true")
                on:click=click(move |_| if !rests() { on_deed.run(id) })
            >
                {title}{move || (busy.get() == Some(id)).then_some(" …")}
            </button>
            <p id=about>
                {sentence}
                {hindrance.map(|why| view! { <span class="hindrance">" Not now: "{why}</span> }).boxed()}
            </p>
        </li>
    }
}

/// A span of time for people, if there is any: `61 minutes`.
fn ahead_of_time(seconds: u64) -> Option<String> {
    let (count, unit) = match seconds {
        0 => return None,
        1..120 => (seconds, "second"),
        120..7200 => (seconds / 60, "minute"),
        _ => (seconds / 3600, "hour"),
    };
    let plural = if count == 1 { "" } else { "s" };
    Some(format!("{count} {unit}{plural}"))
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::view::test_page::TestPage;

    fn deed(id: &'static str, title: &'static str, hindrance: Option<&'static str>) -> Deed {
        Deed { id, title, sentence: "It has consequences.", hindrance }
    }

    #[test]
    async fn what_can_be_done_is_done_and_what_cannot_says_why() {
        let deeds =
            vec![deed("renew", "Renew", None), deed("reuse", "Reuse", Some("nothing was renewed yet."))];
        let (done, busy, ahead) = (RwSignal::new(Vec::new()), RwSignal::new(None), RwSignal::new(3660));
        let page = TestPage::show(move || {
            view! {
                <Afterwards
                    deeds=Signal::derive(move || deeds.clone())
                    busy=busy.into()
                    outcome=Signal::derive(move || busy.get().map(|id| format!("{id} goes on")))
                    clock_ahead=ahead.into()
                    on_deed=Callback::new(move |id| done.update(|done| done.push(id)))
                    on_clock_back=Callback::new(move |()| ahead.set(0))
                />
            }
        })
        .await;
        page.press("Renew").await;
        page.press("Reuse").await;
        assert_eq!(done.get_untracked(), ["renew"]);
        assert!(page.texts("#deed-reuse-about")[0].contains("Not now: nothing was renewed yet."));
        assert!(page.texts(".clock")[0].contains("61 minutes"));
        page.press("Put it back").await;
        assert!(page.all(".clock").is_empty());
        busy.set(Some("renew"));
        page.until("[role=status]", "renew goes on").await;
        page.press("Renew …").await;
        assert_eq!(done.get_untracked(), ["renew"], "one at a time");
    }

    #[test]
    fn spans_of_time_are_said_as_people_say_them() {
        let said = [0, 1, 30, 3660, 7200, 90_000].map(|seconds| ahead_of_time(seconds).unwrap_or_default());
        assert_eq!(said, ["", "1 second", "30 seconds", "61 minutes", "2 hours", "25 hours"]);
    }
}
