//! A run to take away, in five formats, and one that comes back.

use leptos::ev::{self, DragEvent};
use leptos::prelude::*;
use leptos::task::spawn_local;
use web_sys::{File, HtmlInputElement};

use super::boxed::changing;
use super::code_block::CopyButton;
use crate::files;

/// How much of the text is shown.
const PREVIEW_LINES: usize = 12;
const PREVIEW_WIDTH: usize = 200;

/// A form that a run can be written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// HTTP Archive 1.2.
    Har,
    /// A sequence diagram.
    Mermaid,
    /// The requests as a shell script.
    Curl,
    /// A sheet to read and print.
    Markdown,
    /// Everything, to look at again in this page.
    Json,
}

impl Format {
    const ALL: [Self; 5] = [Self::Har, Self::Mermaid, Self::Curl, Self::Markdown, Self::Json];

    fn title(self) -> &'static str {
        match self {
            Self::Har => "HAR 1.2",
            Self::Mermaid => "Mermaid",
            Self::Curl => "curl script",
            Self::Markdown => "Markdown",
            Self::Json => "JSON",
        }
    }

    fn purpose(self) -> &'static str {
        match self {
            Self::Har => "for the network tools of browsers and proxies",
            Self::Mermaid => "a sequence diagram for a README or an issue",
            Self::Curl => "the same requests from a terminal",
            Self::Markdown => "a sheet to read, print and annotate",
            Self::Json => "all of it; this page can show it again",
        }
    }

    /// Whether a run in this form has secrets: a diagram names messages without their content, and the script makes fresh ones.
    fn holds_secrets(self) -> bool {
        !matches!(self, Self::Mermaid | Self::Curl)
    }

    fn ending(self) -> &'static str {
        match self {
            Self::Har => ".har",
            Self::Mermaid => ".mmd",
            Self::Curl => ".sh",
            Self::Markdown => ".md",
            Self::Json => ".json",
        }
    }

    fn media_type(self) -> &'static str {
        match self {
            Self::Har | Self::Json => "application/json",
            Self::Mermaid | Self::Curl => "text/plain;charset=utf-8",
            Self::Markdown => "text/markdown;charset=utf-8",
        }
    }
}

/// Chooses a format, shows how the text begins, and hands it over.
#[component]
pub(crate) fn Export(
    /// The name of the file without its ending.
    name: Signal<String>,
    /// The run in a format, with secrets or without.
    make: Callback<(Format, bool), String>,
    /// Whether it came from a file: then nobody here knows what is secret in it.
    imported: bool,
) -> impl IntoView {
    let format = RwSignal::new(Format::Har);
    let wanted = RwSignal::new(false);
    let can_choose = move || format.get().holds_secrets() && !imported;
    let with_secrets = move || wanted.get() && can_choose();
    let text = Memo::new(move |_| make.run((format.get(), with_secrets())));
    let label = Memo::new(move |_| format.get().title());
    let said = RwSignal::new(String::new());
    let file_name = move || name.get() + format.get().ending();
    let save = move |_| {
        let saved = text.with_untracked(|text| {
            files::save(&untrack(file_name), format.get_untracked().media_type(), text)
        });
        said.set(if saved {
            untrack(file_name) + " is among your downloads."
        } else {
            "The browser does not let this page save files: copy the text instead.".into()
        });
    };
    view! {
        <div class="export">
            <fieldset>
                <legend>"Format"</legend>
                {Format::ALL.map(|this| view! { <FormatChoice this=this format=format /> })}
            </fieldset>
            <label class="toggle">
                <input
                    type="checkbox"
                    data-testid="export-secrets"
                    aria-describedby="export-warning"
                    disabled=move || !can_choose()
                    prop:checked=with_secrets
                    on:change=move |event| wanted.set(event_target_checked(&event))
                />
                "with secrets"
            </label>
            <p class="hint" id="export-warning" class:warning-note=with_secrets role="status" data-testid="export-warning">
                {move || if !format.get().holds_secrets() {
                    "This format holds no secrets."
                } else if imported {
                    "This run came from a file: what is secret in it is not known here, and goes on as it came."
                } else if with_secrets() {
                    "Codes, verifiers and tokens will be in the file as they are. Who has them while they live can act \
                     for you at these servers: do not hand the file on."
                } else {
                    "Codes, verifiers and tokens are masked."
                }}
            </p>
            <p class="section">"How it begins"</p>
            <pre tabindex="0" aria-label="How the text begins" data-testid="export-preview">
                {move || text.with(|text| beginning(text))}
            </pre>
            <p class="hint">{move || text.with(|text| extent(text))}</p>
            <div class="buttons">
                <button class="strong" data-testid="export-save" on:click=save>"Download "{changing(file_name)}</button>
                <CopyButton label=label code=text />
            </div>
            <p class="hint" role="status">{said}</p>
        </div>
    }
}

#[component]
fn FormatChoice(this: Format, format: RwSignal<Format>) -> impl IntoView {
    view! {
        <label>
            <input
                type="radio"
                name="export-format"
                prop:checked=move || format.get() == this
                on:change=move |_| format.set(this)
            />
            <b>{this.title()}</b>" "
            <span class="hint">{this.purpose()}</span>
        </label>
    }
}

/// The first lines, none longer than a screen is wide.
fn beginning(text: &str) -> String {
    let mut shown = String::new();
    for line in text.lines().take(PREVIEW_LINES) {
        shown.extend(line.chars().take(PREVIEW_WIDTH));
        if line.chars().nth(PREVIEW_WIDTH).is_some() {
            shown.push('…');
        }
        shown.push('\n');
    }
    shown
}

/// How much there is.
fn extent(text: &str) -> String {
    let lines = text.lines().count();
    let plural = if lines == 1 { "" } else { "s" };
    format!("{lines} line{plural}, {} KB", text.len().div_ceil(1024))
}

/// Takes an exported run back: a file that is chosen or dropped.
#[component]
pub(crate) fn Import(
    /// Why the last one was not taken.
    error: Signal<Option<String>>,
    /// Called with the text of a file.
    on_text: Callback<String>,
) -> impl IntoView {
    let unreadable = RwSignal::new(None);
    let hovered = RwSignal::new(false);
    let take = move |file: Option<File>| {
        let Some(file) = file else { return };
        unreadable.set(None);
        spawn_local(async move {
            // By then the dialog may be closed.
            match files::read(file).await {
                Ok(text) => drop(on_text.try_run(text)),
                Err(reason) => drop(unreadable.try_set(Some(reason))),
            }
        });
    };
    let chosen = move |event: ev::Event| {
        let input: HtmlInputElement = event_target(&event);
        take(input.files().and_then(|files| files.get(0)));
        // So the same file can be chosen again, once it is mended.
        input.set_value("");
    };
    let dropped = move |event: DragEvent| {
        event.prevent_default();
        hovered.set(false);
        take(event.data_transfer().and_then(|data| data.files()).and_then(|files| files.get(0)));
    };
    let over = move |event: DragEvent| {
        event.prevent_default();
        hovered.set(true);
    };
    let problem = move || unreadable.get().map(str::to_owned).or_else(|| error.get());
    view! {
        <div class="import">
            <label
                class="drop"
                class:hovered=hovered
                on:dragover=over
                on:dragleave=move |_| hovered.set(false)
                on:drop=dropped
            >
                <b>"Look at an exported run again"</b>
                <span class="hint">"Choose a JSON file, or drop it here. It stays in this browser."</span>
                <input type="file" accept=".json,application/json" data-testid="import-file" on:change=chosen />
            </label>
            <div role="alert" data-testid="import-error">
                {move || problem().map(|reason| view! { <p class="error-note">{reason}</p> })}
            </div>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use js_sys::Function;
    use wasm_bindgen::JsValue;
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::view::test_page::TestPage;

    fn js(body: &str) -> JsValue {
        Function::new_no_args(body).call0(&JsValue::NULL).unwrap()
    }

    #[test]
    async fn the_format_and_the_secrets_are_chosen_and_the_file_is_saved() {
        // A file that is saved would leave the page: its name is noted instead.
        js("window.click = HTMLAnchorElement.prototype.click; \
            HTMLAnchorElement.prototype.click = function () { window.saved = this.download + ' ' + this.href }");
        let make = Callback::new(|(format, secrets): (Format, bool)| {
            format!("{format:?} {secrets}\n{}", "x".repeat(300))
        });
        let page = TestPage::show(
            move || view! { <Export name=Signal::stored("run".to_owned()) make=make imported=false /> },
        )
        .await;
        assert!(page.texts("pre")[0].contains("Har false"));
        assert!(page.texts("pre")[0].contains("x…"), "no line is longer than a screen");
        page.click("input[type=radio]", 3).await;
        page.click("[data-testid=export-secrets]", 0).await;
        assert!(page.texts("pre")[0].contains("Markdown true"));
        assert!(page.texts("[data-testid=export-warning]")[0].contains("do not hand the file on"));
        for (index, format) in [(1, "Mermaid"), (2, "Curl")] {
            page.click("input[type=radio]", index).await;
            assert!(
                page.texts("pre")[0].contains(&[format, " false"].concat()),
                "whatever was wanted of another"
            );
            assert!(page.the("[data-testid=export-secrets]").has_attribute("disabled"));
            assert_eq!(page.texts("[data-testid=export-warning]"), ["This format holds no secrets."]);
        }
        page.click("input[type=radio]", 3).await;
        assert!(page.texts("pre")[0].contains("Markdown true"), "the wish is kept");
        page.press("Download run.md").await;
        page.until("[role=status]", "run.md is among your downloads").await;
        let saved = js("HTMLAnchorElement.prototype.click = window.click; return window.saved");
        assert!(saved.as_string().unwrap().starts_with("run.md blob:"));
    }

    #[test]
    async fn of_a_run_from_a_file_nothing_is_promised() {
        let make = Callback::new(|(_, secrets): (Format, bool)| secrets.to_string());
        let page = TestPage::show(move || {
            view! { <Export name=Signal::stored("run".to_owned()) make=make imported=true /> }
        })
        .await;
        assert!(page.the("[data-testid=export-secrets]").has_attribute("disabled"));
        assert!(page.texts("[data-testid=export-warning]")[0].contains("is not known here"));
        page.click("input[type=radio]", 1).await;
        assert_eq!(page.texts("[data-testid=export-warning]"), ["This format holds no secrets."]);
    }

    #[test]
    async fn a_file_comes_back_as_its_text() {
        let (text, error) = (RwSignal::new(String::new()), RwSignal::new(None));
        let page = TestPage::show(move || {
            let take = Callback::new(move |read: String| {
                error.set(Some(format!("{read} is no run")));
                text.set(read);
            });
            view! { <Import error=error.into() on_text=take /> }
        })
        .await;
        let drop_file = Function::new_with_args(
            "label",
            "const data = new DataTransfer(); data.items.add(new File(['an old shoe'], 'run.json')); \
             label.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }))",
        );
        drop_file.call1(&JsValue::NULL, &page.the("label")).unwrap();
        page.until("[role=alert]", "an old shoe is no run").await;
        assert_eq!(text.get_untracked(), "an old shoe");
    }
}
