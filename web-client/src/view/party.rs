//! Parties: their class (which carries the colour everywhere) and their lane.

use flow::trace::Party;

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
