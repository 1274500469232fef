//! The token opened: its three parts, then header and claims one by one, with who judges each.

use flow::opened_token::{Expected, Member, Verdict, altered, open};
use leptos::prelude::*;
use protocol::check::{Check, Outcome};
use protocol::ids::UnixTime;
use protocol::observation::MASK;

use super::boxed::CollectBoxed as _;
use super::moment::{local, relative};
use super::party;
use super::rule::OuterLink;
use super::signature::Signature;

/// An access token, opened.
#[component]
pub(crate) fn TokenView(
    /// The token.
    token: String,
    /// What is known of it from elsewhere.
    expected: Expected,
    /// What the MCP server checked when it got the token: titles are the members that it looked at.
    observed: Vec<Check>,
    /// The time.
    #[prop(into)]
    now: Signal<UnixTime>,
    /// The key set of the authorization server as far as it was asked for: its text, or why there is none.
    #[prop(into)]
    key_set: Signal<Option<Result<String, String>>>,
    /// Called when the key set is needed.
    #[prop(into)]
    on_fetch: Callback<()>,
    /// Whether secrets are hidden: then the signature is, without which the token is worth nothing.
    #[prop(into)]
    masked: Signal<bool>,
) -> impl IntoView {
    if open(&token, &expected, UnixTime(0), None).is_none() {
        return view! {
            <p class="opaque">
                "This token is no JWT: only the authorization server can say what it stands for, and whether it is good. \
                 The MCP server asks there."
            </p>
        }
        .into_any();
    }
    let changed = altered(&token);
    let is_altered = RwSignal::new(false);
    let presented = {
        let (token, changed) = (token.clone(), changed.clone());
        Memo::new(move |_| match &changed {
            Some(changed) if is_altered.get() => changed.token.clone(),
            _ => token.clone(),
        })
    };
    let opened = Memo::new(move |_| {
        let known = key_set.get().and_then(Result::ok);
        open(&presented.get(), &expected, now.get(), known.as_deref())
    });
    let observed = StoredValue::new(observed);
    let members = move |part: fn(flow::opened_token::OpenedToken) -> Vec<Member>| {
        let members = opened.get().map(part).unwrap_or_default();
        // It never saw the changed one.
        let observed = if is_altered.get() { Vec::new() } else { observed.get_value() };
        view! { <Members members=members observed=observed now=now /> }
    };
    view! {
        <section class="token">
            <p class="opaque">
                "To the client this is an opaque text: it never looks inside, and decides nothing by what it would see \
                 there. This page opens it for you, and marks what it finds as expected. The one to judge it is the MCP \
                 server: what that found is said once it has looked."
            </p>
            <pre class="jwt" tabindex="0" aria-label="The token: header, payload and signature, each in base64url">
                {move || parts(&token, &presented.get(), masked.get())}
            </pre>
            <Signature token=presented altered=changed is_altered=is_altered key_set=key_set on_fetch=on_fetch />
            <h3 class="section jwt-header">"Header"</h3>
            {move || members(|opened| opened.header)}
            <h3 class="section jwt-payload">"Payload: the claims"</h3>
            {move || members(|opened| opened.claims)}
        </section>
    }
    .into_any()
}

/// The three parts, each in its colour; what was changed in the payload is marked.
fn parts(token: &str, presented: &str, masked: bool) -> impl IntoView + use<> {
    let mut parts = presented.splitn(3, '.').map(str::to_owned);
    let [header, payload, signature] = [(); 3].map(|()| parts.next().unwrap_or_default());
    let before = token.split('.').nth(1).unwrap_or_default();
    let differs = |(old, new): (u8, u8)| old != new;
    let same_at_start = before.bytes().zip(payload.bytes()).position(differs);
    let same_at_end = before.bytes().rev().zip(payload.bytes().rev()).position(differs);
    let (start, end) = match (same_at_start, same_at_end) {
        (Some(start), Some(end)) => (start, payload.len() - end),
        _ => (payload.len(), payload.len()),
    };
    let changed = (start < end).then(|| view! { <mark>{payload[start..end].to_owned()}</mark> });
    let signature = if masked { MASK.to_owned() } else { signature };
    view! {
        <span class="jwt-header">{header}</span>"."
        <span class="jwt-payload">{payload[..start].to_owned()}{changed}{payload[end..].to_owned()}</span>"."
        <span class="jwt-signature">{signature}</span>
    }
}

#[component]
fn Members(members: Vec<Member>, observed: Vec<Check>, now: Signal<UnixTime>) -> impl IntoView {
    let rows = members.into_iter().map(|member| {
        // One check may be about two members: `iat, nbf`.
        let about = |check: &&Check| check.title.split(", ").any(|name| name == member.name);
        let passed = observed.iter().find(about).map(|check| check.outcome == Outcome::Passed);
        view! { <MemberRow member=member passed=passed now=now /> }
    });
    view! { <ul class="members">{rows.collect_boxed()}</ul> }
}

#[component]
fn MemberRow(member: Member, passed: Option<bool>, now: Signal<UnixTime>) -> impl IntoView {
    let (state, word) = match member.verdict {
        Verdict::Holds => ("holds", "as expected"),
        Verdict::Fails(_) => ("fails", "not as expected"),
        Verdict::Open => ("open", "nothing to compare with here"),
    };
    let observed = passed.map(|passed| {
        let (state, words) = if passed {
            ("passed", "The MCP server has looked: it passed.")
        } else {
            ("failed", "The MCP server has looked: it did not pass.")
        };
        view! { <p class="observed" data-observed=state>{words}</p> }
    });
    let expected = match member.verdict {
        Verdict::Fails(expected) => {
            Some(view! { <p class="expected">"expected: "<code>{expected}</code></p> })
        }
        Verdict::Holds | Verdict::Open => None,
    };
    let moment = member.moment.map(|moment| {
        view! { <p class="moment">{local(moment)}" · "{move || relative(moment, now.get())}</p> }
    });
    let judge = member.judge.map(|judge| view! { <b class=party::class(judge)>{judge.name()}</b>" " });
    let clause = member.clause.map(|clause| {
        view! { <span class="clause"><OuterLink text=clause.source() url=clause.url() /></span> }
    });
    let has_meaning = !member.meaning.is_empty();
    let name = member.name.clone();
    view! {
        <li data-member=name data-verdict=state>
            <p><code class="name">{member.name}</code>" "<code class="value">{member.value}</code></p>
            {moment}
            {has_meaning.then(|| view! { <p class="meaning">{member.meaning}</p> })}
            <p class="judge">
                {judge}{member.judgement}{clause}<span class="visually-hidden">"; this page finds: "{word}</span>
            </p>
            {observed}
            {expected}
        </li>
    }
}
