//! What can be done once every call is answered: deeds with real consequences, and the lab's clock.

use leptos::prelude::*;

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
        deeds.map(|deed| view! { <DeedItem deed=deed busy=busy on_deed=on_deed /> }).collect_view()
    };
    let ahead = Memo::new(move |_| ahead_of_time(clock_ahead.get()));
    view! {
        <section class="afterwards" aria-labelledby="afterwards-title" data-testid="afterwards">
            <h2 id="afterwards-title">"And now?"</h2>
            <p class="hint">"Each of these is real: watch what the servers make of it."</p>
            {move || ahead.get().map(|ahead| view! {
                <p class="clock" data-testid="lab-clock">
                    <span>"The lab’s clock is "<b>{ahead}</b>" ahead."</span>
                    <button class="quiet" on:click=move |_| on_clock_back.run(())>"Put it back"</button>
                </p>
            })}
            <p role="status" class="outcome" data-testid="deed-outcome">{move || outcome.get()}</p>
            <ul>{items}</ul>
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
                on:click=move |_| if !rests() { on_deed.run(id) }
            >
                {title}{move || (busy.get() == Some(id)).then_some(" …")}
            </button>
            <p id=about>
                {sentence}
                {hindrance.map(|why| view! { <span class="hindrance">" Not now: "{why}</span> })}
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
