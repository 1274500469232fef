//! The rules behind a message: how binding each is, what it says, where it stands, and where this project keeps it.

use leptos::prelude::*;

/// A rule as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rule {
    /// MUST, SHOULD or MAY.
    pub(crate) level: &'static str,
    /// What it says, in our words.
    pub(crate) text: &'static str,
    /// Document and section.
    pub(crate) source: &'static str,
    /// Where that can be read.
    pub(crate) url: &'static str,
    /// The files of this project that keep the rule.
    pub(crate) done_in: Vec<&'static str>,
}

/// The list.
#[component]
pub(crate) fn Rules(rules: Vec<Rule>) -> impl IntoView {
    if rules.is_empty() {
        return view! { <p class="no-rules">"No rule of a specification is behind this."</p> }.into_any();
    }
    let items = rules.into_iter().map(|rule| view! { <RuleItem rule=rule /> }).collect_view();
    view! { <ul class="rules">{items}</ul> }.into_any()
}

#[component]
fn RuleItem(rule: Rule) -> impl IntoView {
    let is_done = !rule.done_in.is_empty();
    let files = rule.done_in.into_iter().map(|file| view! { <li><code>{file}</code></li> }).collect_view();
    view! {
        <li>
            <p class="text"><b class="level" data-level=rule.level>{rule.level}</b>" "{rule.text}</p>
            <p class="source"><OuterLink text=rule.source url=rule.url /></p>
            {is_done.then(|| view! { <p class="done-in">"Done in"</p><ul class="files">{files}</ul> })}
        </li>
    }
}

/// A link out of the page: it opens beside it, tells nobody where the reader came from, and says what it will do.
#[component]
pub(crate) fn OuterLink(text: &'static str, url: &'static str) -> impl IntoView {
    view! {
        <a href=url target="_blank" rel="noreferrer noopener">
            {text}<span class="visually-hidden">" (opens in a new tab)"</span>
        </a>
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::view::test_page::TestPage;

    #[test]
    async fn a_rule_leads_to_its_section_in_a_tab_of_its_own() {
        let rule = Rule {
            level: "MUST",
            text: "The code is redeemed once.",
            source: "OAuth 2.1 §4.1.3",
            url: "https://example.com/#section-4.1.3",
            done_in: vec!["backend/src/store/code.rs"],
        };
        let other = Rule { level: "MAY", done_in: Vec::new(), ..rule.clone() };
        let rules = vec![rule, other];
        let page = TestPage::show(move || view! { <Rules rules=rules /> }).await;
        assert_eq!(page.texts(".level"), ["MUST", "MAY"]);
        let link = &page.all("a")[0];
        assert_eq!(link.get_attribute("href").as_deref(), Some("https://example.com/#section-4.1.3"));
        assert_eq!(link.get_attribute("target").as_deref(), Some("_blank"));
        assert!(link.get_attribute("rel").unwrap().contains("noreferrer"));
        assert_eq!(link.text_content().as_deref(), Some("OAuth 2.1 §4.1.3 (opens in a new tab)"));
        assert_eq!(page.texts(".files code"), ["backend/src/store/code.rs"]);
        assert_eq!(page.texts(".done-in").len(), 1, "nothing is promised of a rule that has no file");
    }
}
