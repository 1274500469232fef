//! Scripts of hostile worlds, put together at random from what means something.

use proptest::prelude::*;
use proptest::sample::select;

const SETTINGS: [&str; 15] = [
    "config era 2025-11-25",
    "config era 2026-07-28",
    "config public yes",
    "config itself yes",
    "config every-tool yes",
    "config document none",
    "config document unread",
    "config registration none",
    "config registered client_secret_basic",
    "config registered-anywhere client_secret_post",
    "config registered key",
    "config entered client_secret_post",
    "then call get_weather",
    "then refresh",
    "then revoke",
];

const PLACES: [&str; 14] = [
    "initialize",
    "notifications/initialized",
    "server/discover",
    "tools/list",
    "tools/call",
    "resource-metadata",
    "server-metadata",
    "document",
    "register",
    "token",
    "revoke",
    "resume",
    "end",
    "callback",
];

const MEMBERS: [&str; 23] = [
    "/resource",
    "/authorization_servers",
    "/issuer",
    "/token_endpoint",
    "/authorization_endpoint",
    "/registration_endpoint",
    "/revocation_endpoint",
    "/code_challenge_methods_supported",
    "/client_id_metadata_document_supported",
    "/client_id",
    "/client_secret",
    "/access_token",
    "/refresh_token",
    "/expires_in",
    "/scope",
    "/error",
    "/id",
    "/result",
    "/result/tools/0/name",
    "/result/tools/1/inputSchema",
    "/result/nextCursor",
    "/result/resultType",
    "/result/requestState",
];

const HEADERS: [&str; 6] = ["www-authenticate", "content-type", "mcp-session-id", "iss", "state", "code"];

const VALUES: [&str; 15] = [
    "",
    "null",
    "[]",
    "{}",
    "true",
    "0",
    "-1",
    "1e400",
    "x",
    "input_required",
    "$token",
    "$id",
    "id: 7\\ndata:\\n\\n",
    "Bearer error=\"insufficient_scope\", scope=\"a b\"",
    "[\"http://localhost:9001\",\"https://as.example/t\"]",
];

const STATUSES: [&str; 9] = ["200", "202", "301", "400", "401", "403", "404", "405", "500"];

/// Up to five settings and six rules.
pub(crate) fn any() -> impl Strategy<Value = String> {
    let settings = prop::collection::vec(select(&SETTINGS[..]).prop_map(str::to_owned), 0..5);
    let rules = prop::collection::vec(rule(), 0..6);
    (settings, rules).prop_map(|(settings, rules)| [settings, rules].concat().join("\n"))
}

fn rule() -> impl Strategy<Value = String> {
    (select(&PLACES[..]), select(&["*", "1", "2", "3"][..]), edit())
        .prop_map(|(place, time, edit)| format!("{place} {time} {edit}"))
}

fn edit() -> impl Strategy<Value = String> {
    let two = |verb: &'static str| move |(first, second): (&str, String)| format!("{verb} {first} {second}");
    let one = |verb: &'static str| move |word: &str| format!("{verb} {word}");
    prop_oneof![
        4 => (select(&MEMBERS[..]), value()).prop_map(two("set")),
        2 => (select(&HEADERS[..]), value()).prop_map(two("header")),
        1 => (select(&HEADERS[..]), value()).prop_map(two("also")),
        2 => select(&STATUSES[..]).prop_map(one("status")),
        1 => select(&MEMBERS[..]).prop_map(one("remove")),
        1 => select(&HEADERS[..]).prop_map(one("drop")),
        1 => value().prop_map(|body| format!("body {body}")),
        1 => (0usize..200).prop_map(|length| format!("cut {length}")),
        1 => select(&["stream", "unreachable", "cancel", "later 600"][..]).prop_map(str::to_owned),
    ]
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        select(&VALUES[..]).prop_map(str::to_owned),
        "https?://(localhost|as\\.example|10\\.0\\.0\\.1)(:[0-9]{1,4})?/[a-z]{0,3}",
        "\\PC{0,20}",
    ]
}
