//! The buttons at the bottom.

use leptos::prelude::*;
use protocol::party::Party;

use super::boxed::{changing, click};
use super::elapsed::elapsed_seconds;
use crate::walk::{Busy, Next, Until, Walk};

/// Back, the main button, run, start over, and where one is.
#[component]
pub(crate) fn Controls(walk: Walk) -> impl IntoView {
    let next = Memo::new(move |_| walk.next());
    let elapsed = elapsed_seconds(move || walk.busy.get().map(|busy| busy.since));
    let label = move || match walk.busy.get() {
        Some(busy) => waiting(busy, elapsed.get()),
        None => match next.get() {
            Next::Reveal(title) => ["Next: look at ", &walk.visible(&title)].concat(),
            Next::Prepare(title) => ["Next: prepare ", &title].concat(),
            Next::Send(title) => ["Next: send ", &title].concat(),
            Next::Leave => "Next: go to the authorization server".to_owned(),
            Next::Conclude => "Next: what came of it".to_owned(),
            Next::End => "The end".to_owned(),
        },
    };
    let busy = move || walk.busy.with(Option::is_some);
    let ended = Memo::new(move |_| next.get() == Next::End);
    let can_run = Memo::new(move |_| walk.can_go_on());
    let running = move || walk.running.with(Option::is_some);
    let at_start = move || walk.hops.with(Vec::is_empty) || walk.place() == Some(0);
    view! {
        <footer class="controls">
            <button data-testid="back" disabled=at_start on:click=click(move |_| walk.back())>"◂ Back"<kbd>"←"</kbd></button>
            <button
                class="main"
                data-testid="next"
                data-waiting=move || busy().then_some("true")
                disabled=move || busy() || ended.get()
                on:click=click(move |_| walk.step())
            >
                <span class="label">{changing(label)}</span><kbd>"space"</kbd>
            </button>
            <button
                data-testid="run-to-consent"
                disabled=move || !can_run.get() || running() || !before_consent(walk)
                on:click=click(move |_| walk.run(Until::Consent))
            >
                "To the consent"<kbd>"c"</kbd>
            </button>
            <button
                data-testid="run"
                disabled=move || !can_run.get()
                on:click=click(move |_| if walk.running.get_untracked().is_some() { walk.pause() } else { walk.run(Until::End) })
            >
                {move || if running() { "Pause" } else { "To the end" }}<kbd>"e"</kbd>
            </button>
            <label class="toggle">
                <input
                    type="checkbox"
                    data-testid="pauses"
                    disabled=move || walk.imported.with(Option::is_some)
                    prop:checked=move || walk.pauses.get()
                    on:change=move |event| walk.set_pauses(event_target_checked(&event))
                />
                "Pause before sending"
            </label>
            <button data-testid="start-over" on:click=click(move |_| walk.start_over())>"Start over"<kbd>"r"</kbd></button>
            <span class="place" data-testid="place">{move || place(walk)}</span>
        </footer>
    }
}

fn before_consent(walk: Walk) -> bool {
    walk.flow.with(|flow| matches!(flow.poll(), flow::Action::Send(_)))
}

/// What for, and for how long.
fn waiting(busy: Busy, seconds: u32) -> String {
    let mut text = match busy.whom {
        Party::You => "Going to the authorization server …".to_owned(),
        whom => ["Waiting for the ", whom.name(), " …"].concat(),
    };
    if seconds > 0 {
        text.push(' ');
        text.push_str(&seconds.to_string());
        text.push_str(" s");
    }
    text
}

fn place(walk: Walk) -> String {
    match (walk.place(), walk.hops.with(Vec::len)) {
        (_, 0) => "nothing sent yet".to_owned(),
        (Some(place), total) => {
            let whence = whence(walk);
            format!("{} of {total}{whence}", place + 1)
        }
        (None, total) => format!("{total} so far"),
    }
}

/// Where the run is from, if it is not the reader's own.
fn whence(walk: Walk) -> &'static str {
    match (walk.imported.with(Option::is_some), walk.guest.with(Option::is_some)) {
        (true, true) => ", of the attack",
        (true, false) => ", from a file",
        (false, _) => "",
    }
}
