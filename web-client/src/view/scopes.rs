//! Scopes: what the token allows, what is asked for, and what the server has on offer.

use leptos::prelude::*;

use super::boxed::{Boxed as _, CollectBoxed as _};

/// How a scope stands. In the order in which they are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mark {
    /// The token allows it, whether it is asked for once more or not.
    Granted,
    /// It is asked for on top of what the token allows.
    New,
    /// It is asked for, and there is no token yet.
    Asked,
    /// The server has it, nobody asked for it.
    Offered,
}

impl Mark {
    /// The word on the mark, which is its class too.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::New => "new",
            Self::Asked => "asked",
            Self::Offered => "offered",
        }
    }

    /// What it means.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::Granted => "The token allows it.",
            Self::New => "Asked for on top of what the token allows: the person is asked again.",
            Self::Asked => "Asked for; the person has not decided yet.",
            Self::Offered => "The server has it on offer; nobody asked for it.",
        }
    }
}

/// How each scope stands that occurs at all: each once, by mark, then in alphabetical order.
pub(crate) fn marks<'a>(
    granted: &'a [String],
    asked: &'a [String],
    offered: &'a [String],
) -> Vec<(Mark, &'a str)> {
    let of_asking = if granted.is_empty() { Mark::Asked } else { Mark::New };
    // What comes later wins.
    let all = [(Mark::Offered, offered), (of_asking, asked), (Mark::Granted, granted)];
    let named =
        all.into_iter().flat_map(|(mark, scopes)| scopes.iter().map(move |scope| (scope.as_str(), mark)));
    let mut marks: Vec<(Mark, &str)> = Vec::new();
    for (scope, mark) in named.filter(|(scope, _)| !scope.is_empty()) {
        marks.retain(|(_, known)| *known != scope);
        let place = marks.partition_point(|known| *known < (mark, scope));
        marks.insert(place, (mark, scope));
    }
    marks
}

/// The scopes, each with its mark. The meaning of a mark is its tooltip, or below in words.
#[component]
pub(crate) fn Scopes(
    /// What the token allows.
    granted: Vec<String>,
    /// What is asked for now.
    asked: Vec<String>,
    /// What the server says that it has.
    #[prop(optional)]
    offered: Vec<String>,
    /// Whether the meaning of each mark that occurs stands below.
    #[prop(optional)]
    explained: bool,
) -> impl IntoView {
    let marks = marks(&granted, &asked, &offered);
    let mut used: Vec<_> = marks.iter().map(|(mark, _)| *mark).collect();
    used.dedup();
    let items = marks.into_iter().map(|(mark, scope)| {
        view! {
            <li class=format!("scope {}", mark.word()) title=mark.meaning()>
                <code>{scope.to_owned()}</code>" "<span class="mark">{mark.word()}</span>
            </li>
        }
    });
    let items = items.collect_boxed();
    let meanings = explained
        .then(|| {
            let rows = used.into_iter().map(|mark| view! { <dt>{mark.word()}</dt><dd>{mark.meaning()}</dd> });
            view! { <dl class="scope-meanings">{rows.collect_boxed()}</dl> }
        })
        .boxed();
    view! {
        <ul class="scopes" aria-label="Scopes">{items}</ul>
        {meanings}
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;
    use crate::view::test_page::TestPage;

    fn list(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    fn marked(granted: &str, asked: &str, offered: &str) -> String {
        let (granted, asked, offered) = (list(granted), list(asked), list(offered));
        let marks = marks(&granted, &asked, &offered);
        marks.iter().map(|(mark, scope)| format!("{scope} {}", mark.word())).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn before_there_is_a_token_scopes_are_asked_for() {
        assert_eq!(marked("", "b a", "c a"), "a asked, b asked, c offered");
    }

    #[test]
    fn a_step_up_tells_what_is_new_from_what_is_there() {
        assert_eq!(marked("b", "a b", ""), "b granted, a new");
        assert_eq!(marked("b a", "a b", "c"), "a granted, b granted, c offered");
    }

    #[test]
    fn a_scope_stands_once_whatever_is_repeated() {
        assert_eq!(marked("a a", "a", "a b b"), "a granted, b offered");
        assert_eq!(marked("", "", ""), "");
        assert_eq!(marks(&[String::new()], &[], &[]), []);
    }

    #[test]
    async fn marks_are_explained_once_each() {
        let scopes = || {
            view! { <Scopes granted=list("mcp:connect a") asked=list("weather:read") explained=true /> }
        };
        let page = TestPage::show(scopes).await;
        assert_eq!(page.texts(".scope"), ["a granted", "mcp:connect granted", "weather:read new"]);
        assert_eq!(page.texts(".scope-meanings dt"), ["granted", "new"]);
    }
}
