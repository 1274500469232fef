//! The buttons at the bottom.

use flow::Action;
use leptos::prelude::*;

use crate::driver;
use crate::walk::{Next, Walk};

/// Back, the main button, run, start over, and where one is.
#[component]
pub(crate) fn Controls(walk: Walk) -> impl IntoView {
    let next = Memo::new(move |_| walk.next());
    let busy = move || walk.busy_since.get().is_some();
    let elapsed = elapsed_seconds(walk);
    let label = move || match (busy(), next.get()) {
        (true, Next::Leave) => "Going to the authorization server …".to_owned(),
        (true, _) => match elapsed.get() {
            0 => "Waiting for the answer …".to_owned(),
            seconds => format!("Waiting for the answer … {seconds} s"),
        },
        (false, Next::Reveal(title)) => format!("Next: look at {title}"),
        (false, Next::Send(title)) => format!("Next: send {title}"),
        (false, Next::Leave) => "Next: go to the authorization server".to_owned(),
        (false, Next::End) => "The end".to_owned(),
    };
    let ended = Memo::new(move |_| next.get() == Next::End);
    let can_run = Memo::new(move |_| {
        walk.flow
            .with(|flow| matches!(flow.poll(), Action::Send(_) | Action::Navigate | Action::AwaitCallback))
    });
    view! {
        <footer class="controls">
            <button data-testid="back" disabled=move || walk.at.get() == 0 on:click=move |_| walk.back()>
                "◂ Back"<kbd>"←"</kbd>
            </button>
            <button
                class="main"
                data-testid="next"
                data-waiting=move || busy().then_some("true")
                disabled=move || busy() || ended.get()
                on:click=move |_| walk.step()
            >
                <span class="label">{label}</span><kbd>"space"</kbd>
            </button>
            <button
                data-testid="run"
                disabled=move || !can_run.get()
                on:click=move |_| if walk.running.get_untracked() { walk.pause() } else { walk.run() }
            >
                {move || if walk.running.get() { "Pause" } else { "Run to the end" }}<kbd>"e"</kbd>
            </button>
            <button data-testid="start-over" on:click=move |_| walk.start_over()>"Start over"<kbd>"r"</kbd></button>
            <span class="place">
                {move || match walk.count() {
                    0 => "nothing sent yet".to_owned(),
                    total => format!("{} of {total}", (walk.at.get() + 1).min(total)),
                }}
            </span>
        </footer>
    }
}

/// Whole seconds since the request under way was sent, counted only while one is.
fn elapsed_seconds(walk: Walk) -> RwSignal<u32> {
    let seconds = RwSignal::new(0);
    Effect::new(move || {
        seconds.set(0);
        let Some(since) = walk.busy_since.get() else { return };
        let tick = move || {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a duration below the deadline"
            )]
            seconds.set(((driver::now() - since).max(0.0) / 1000.0) as u32);
        };
        if let Ok(handle) = set_interval_with_handle(tick, std::time::Duration::from_secs(1)) {
            on_cleanup(move || handle.clear());
        }
    });
    seconds
}
