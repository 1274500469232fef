//! The rules behind a message: how binding each is, what it says, where it stands, and where this project keeps to it.

use leptos::prelude::*;
use protocol::party::Party;

use super::boxed::{Boxed as _, CollectBoxed as _};
use super::party;

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
}

/// The list.
#[component]
pub(crate) fn Rules(rules: Vec<Rule>) -> impl IntoView {
    if rules.is_empty() {
        return view! { <p class="no-rules">"No rule of a specification is behind this."</p> }.into_any();
    }
    let items = rules.into_iter().map(|rule| view! { <RuleItem rule=rule /> }).collect_boxed();
    view! { <ul class="rules">{items}</ul> }.into_any()
}

#[component]
fn RuleItem(rule: Rule) -> impl IntoView {
    view! {
        <li>
            <p class="text"><b class="level" data-level=rule.level>{rule.level}</b>" "{rule.text}</p>
            <p class="source"><OuterLink text=rule.source url=rule.url /></p>
        </li>
    }
}

/// Where this project does something: who, the file, and the function in it.
#[component]
pub(crate) fn Sources(sources: Vec<(Party, String, String)>) -> impl IntoView {
    (!sources.is_empty()).then(|| {
        let item = |(party, file, function): (Party, String, String)| {
            view! {
                <li><b class=party::class(party)>{party.name()}</b>" "<code>{file}</code>" "<code class="function">{function}"()"</code></li>
            }
        };
        view! {
            <p class="done-in">"Where this project does it"</p>
            <ul class="files">{sources.into_iter().map(item).collect_boxed()}</ul>
        }
    }).boxed()
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
        };
        let other = Rule { level: "MAY", ..rule.clone() };
        let rules = vec![rule, other];
        let page = TestPage::show(move || view! { <Rules rules=rules /> }).await;
        assert_eq!(page.texts(".level"), ["MUST", "MAY"]);
        let link = &page.all("a")[0];
        assert_eq!(link.get_attribute("href").as_deref(), Some("https://example.com/#section-4.1.3"));
        assert_eq!(link.get_attribute("target").as_deref(), Some("_blank"));
        assert!(link.get_attribute("rel").unwrap().contains("noreferrer"));
        assert_eq!(link.text_content().as_deref(), Some("OAuth 2.1 §4.1.3 (opens in a new tab)"));
    }
}
