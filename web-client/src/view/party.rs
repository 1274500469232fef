//! Parties: their class (which carries the colour everywhere) and their lane.

use leptos::prelude::*;
use protocol::party::Party;

/// The class that gives a party its colour.
pub(crate) fn class(party: Party) -> &'static str {
    match party {
        Party::You => "you",
        Party::Client => "client",
        Party::McpServer => "mcp",
        Party::AuthorizationServer => "as",
        Party::ClientHost => "host",
    }
}

/// The lane, counted from the left.
pub(crate) fn lane(party: Party) -> usize {
    Party::ALL.iter().position(|known| *known == party).unwrap_or_default()
}

/// What stands above the lane.
pub(crate) fn lane_name(party: Party) -> &'static str {
    match party {
        Party::Client => "Client (this page)",
        party => party.name(),
    }
}

/// Who does something to whom, in their colours.
#[component]
pub(crate) fn Who(from: Party, to: Party) -> impl IntoView {
    view! {
        <p class="who">
            <b class=class(from)>{from.name()}</b>
            {(from != to).then(|| view! { " → "<b class=class(to)>{to.name()}</b> })}
        </p>
    }
}
