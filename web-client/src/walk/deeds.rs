//! What can be done once every call is answered.

use flow::{Action, Farewell, Flow, TokenKind};
use leptos::prelude::*;
use leptos::task::spawn_local;
use protocol::mcp::ToolCall;
use serde_json::json;

use super::Walk;
use crate::lab_controls;
use crate::view::afterwards::Deed;

/// The buttons, in the order of the lesson, with what will come of each.
const DEEDS: [(&str, &str, &str); 10] = [
    ("whoami", "Call whoami", "Any call shows whether the token still counts."),
    (
        "weather",
        "Call get_weather",
        "Needs weather:read: if the token does not allow it, you are asked for more.",
    ),
    ("refresh", "Renew the token", "The refresh token becomes a new pair; the old one is worn."),
    (
        "reuse",
        "Use the old refresh token again",
        "As a thief would: it is refused, and everything that grew from the consent ends.",
    ),
    (
        "expire",
        "Expiry now",
        "The lab’s clock goes ahead one hour: the next call finds the token expired, and the client renews it.",
    ),
    (
        "rotate",
        "New signing key now",
        "New tokens carry another kid; the MCP server meets it at the next renewal, and fetches the key.",
    ),
    (
        "revoke-access",
        "Revoke the access token",
        "It is given back: the next call fails although it has not expired.",
    ),
    ("revoke-refresh", "Revoke the refresh token", "The whole consent ends: access and renewal."),
    ("leave", "End the session", "The client says goodbye to the MCP server."),
    ("leave-all", "End all", "The session ends and the tokens are given back."),
];

impl Walk {
    /// The deeds; empty unless the client rests.
    pub(crate) fn deeds(self) -> Vec<Deed> {
        let rests = self.flow.with(|flow| matches!(flow.poll(), Action::Rest));
        if !rests || self.imported.with(Option::is_some) {
            return Vec::new();
        }
        DEEDS.map(|(id, title, sentence)| Deed { id, title, sentence, hindrance: self.hindrance(id) }).into()
    }

    fn hindrance(self, id: &str) -> Option<&'static str> {
        let (worn, refreshable) =
            self.flow.with(|flow| (flow.has_worn_refresh_token(), flow.holds(TokenKind::RefreshToken)));
        match id {
            "reuse" if !worn => Some("no token has been renewed yet."),
            "refresh" | "revoke-refresh" if !refreshable => Some("the client has no refresh token any more."),
            "leave" if self.revision().is_stateless() => Some("there are no sessions in this revision."),
            _ => None,
        }
    }

    /// Does one of them.
    pub(crate) fn do_deed(self, id: &'static str) {
        let call = |name: &'static str, arguments| ToolCall::new(name, arguments);
        match id {
            "whoami" => self.command(|flow, env| flow.call_tool(env, call("whoami", json!({})))),
            "weather" => {
                self.command(|flow, env| flow.call_tool(env, call("get_weather", json!({ "city": "Oslo" }))));
            }
            "refresh" => self.command(flow::Flow::refresh),
            "reuse" => self.command(Flow::reuse_refresh_token),
            "revoke-access" => self.command(|flow, env| flow.revoke(env, TokenKind::AccessToken)),
            "revoke-refresh" => self.command(|flow, env| flow.revoke(env, TokenKind::RefreshToken)),
            "leave" => self.command(|flow, env| flow.finish(env, Farewell::EndSession)),
            "leave-all" => self.command(|flow, env| flow.finish(env, Farewell::RevokeTokens)),
            "expire" => self.press(
                "/lab/clock",
                r#"{"advance_seconds":3600}"#,
                "The lab’s clock went ahead by one hour. Call a tool and see.",
            ),
            "rotate" => self.press(
                "/lab/keys/rotate",
                "{}",
                "New tokens are signed by a new key. Renew the token, then call a tool.",
            ),
            _ => {}
        }
    }

    /// Puts the lab's clock back.
    pub(crate) fn put_clock_back(self) {
        self.press("/lab/clock", r#"{"reset":true}"#, "The lab’s clock shows the machine’s time again.");
    }

    fn press(self, button: &'static str, body: &'static str, done: &'static str) {
        self.outcome.set(None);
        spawn_local(async move {
            let outcome = lab_controls::press(button, body).await;
            self.outcome.set(Some(outcome.map_or_else(|reason| reason, |()| done.to_owned())));
            self.clock_ahead.set(lab_controls::clock_ahead().await);
        });
    }
}
