//! Refresh tokens, and the end.

use protocol::clause::Clause;
use protocol::party::Party::AuthorizationServer;

use super::Deed::{Call, Refresh, ReuseRefreshToken};
use super::Moment::Rests;
use super::Scene::{Ask, Change, Do, Unharmed, Until};
use super::{Attack, BOTH, Plot, Prediction, Question, no_token};
use crate::http::Method;
use crate::lessons::steps::Step;
use crate::tamper::Edit::Set;
use crate::tamper::Part::Form;
use crate::tamper::Slot::{AccessToken, Issuer};
use crate::tamper::Value::{Kept, Text};

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        id: "old-refresh-token",
        proves: &["X-24", "AS-130"],
        title: "A refresh token that was used already",
        story: "A thief copied the client’s refresh token from a disk, some time ago. Meanwhile the client has used it and \
                has got another one.",
        change: "The refresh token before the present one is sent.",
        cost: "Whoever ever saw a refresh token could renew access for as long as the person lets the client stay.",
        remedy: "The server gives a new one with each use, and remembers the old ones: one that comes back was stolen, here \
                 or there.",
        step: Step::RefreshReuse,
        revisions: BOTH,
        plot: Plot::Client(&[Until(Rests), Do(Refresh), Until(Rests), Do(ReuseRefreshToken), Change(&[])]),
        prediction: no_token("invalid_grant", "ReusedRefreshToken", Clause::RefreshRotation),
    },
    Attack {
        id: "thief-refreshed-first",
        proves: &["X-24", "AS-131"],
        title: "The thief renewed first",
        story: "A thief has copied the refresh token and uses it before the client does, so the thief has the new one. The \
                client comes with the old one and is refused; now the thief wants to renew again.",
        change: "The refresh token is used, then the old one is sent again, and then the new one is used.",
        cost: "The thief would stay for months. The person would see one error, sign in again, and forget it.",
        remedy: "When an old one comes back, the server ends all that came of the consent, the newest token too. The person \
                 signs in again, and only the real client is there.",
        step: Step::RefreshReuse,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Rests),
            Do(Refresh),
            Until(Rests),
            Do(ReuseRefreshToken),
            Until(Rests),
            Do(Refresh),
            Change(&[]),
        ]),
        prediction: no_token("invalid_grant", "GrantEnded", Clause::GrantActive),
    },
    Attack {
        id: "refresh-wider",
        proves: &["X-25", "AS-133"],
        title: "More scopes at the next refresh",
        story: "A client was allowed to read. When it renews its token, which no person sees, it asks for writing too.",
        change: "In the refresh, scope is notes:write.",
        cost: "Every client could widen what it was allowed, as soon as the person has gone.",
        remedy: "A refresh can ask for less, and never for more. For more the client has to send the person to the consent \
                 page again.",
        step: Step::Refresh,
        revisions: BOTH,
        plot: Plot::Client(&[Until(Rests), Do(Refresh), Change(&[Set(Form, "scope", Text("notes:write"))])]),
        prediction: no_token("invalid_scope", "WiderScope", Clause::ScopeNarrows),
    },
    Attack {
        id: "refresh-other-resource",
        proves: &["X-25", "E06", "AS-132"],
        title: "Another server at the next refresh",
        story: "A rogue MCP server cannot get at the access token, but it can make a careless client name it as the \
                resource when the token is renewed.",
        change: "In the refresh, resource is https://rogue.example/mcp.",
        cost: "One consent would be good for every server that the client ever meets.",
        remedy: "The grant is for one resource, and so is every token that comes of it.",
        step: Step::Refresh,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Rests),
            Do(Refresh),
            Change(&[Set(Form, "resource", Text("https://rogue.example/mcp"))]),
        ]),
        prediction: no_token("invalid_target", "OtherResource", Clause::ResourceNarrows),
    },
    Attack {
        id: "refresh-by-another",
        proves: &["AS-132"],
        title: "A refresh token in another client’s hands",
        story: "A rogue client has read the refresh token of another one on the same machine. It renews it under its own \
                name, so that nobody can tell that the other one was robbed.",
        change: "In the refresh, client_id is lab-preregistered, another client of this server.",
        cost: "What you allowed one client would be kept by another one.",
        remedy: "The server stores with each refresh token to which client it was issued, and compares. Clients with a \
                 secret prove who they are besides.",
        step: Step::Refresh,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Rests),
            Do(Refresh),
            Change(&[Set(Form, "client_id", Text("lab-preregistered"))]),
        ]),
        prediction: no_token("invalid_grant", "RefreshTokenOfAnother", Clause::RefreshBinding),
    },
    Attack {
        id: "access-token-as-refresh-token",
        proves: &["E07"],
        title: "An access token in place of a refresh token",
        story: "An MCP server that has gone rogue sees the access token with every call. It tries to make a lasting thing \
                of it.",
        change: "In the refresh, refresh_token is the access token.",
        cost: "What is good for minutes could be made to last for months, by everybody who ever sees it.",
        remedy: "The two are different things: one is signed and is shown to MCP servers, the other is random, stored as a \
                 hash, and sent to the authorization server alone.",
        step: Step::Refresh,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Rests),
            Do(Refresh),
            Change(&[Set(Form, "refresh_token", Kept(AccessToken))]),
        ]),
        prediction: no_token("invalid_grant", "UnknownRefreshToken", Clause::RefreshBinding),
    },
    Attack {
        id: "revoke-anothers",
        proves: &["E10"],
        title: "Giving back what is somebody else’s",
        story: "Somebody has found an access token and wants its owner thrown out. They ask the server to revoke it, in the \
                name of a client of their own.",
        change: "The access token is sent to the revocation endpoint with client_id lab-preregistered. Then the client calls \
                 a tool, as ever.",
        cost: "Nothing is lost. If the server told the two apart, strangers could try out which tokens are real.",
        remedy: "Only the client that a token was issued to can give it back. The answer is the same in any case.",
        step: Step::Revocation,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Rests),
            Ask(Question {
                step: Step::Revocation,
                to: AuthorizationServer,
                title: "POST /revoke: another client’s token",
                method: Method::Post,
                at: (Issuer, "/revoke"),
                edits: &[
                    Set(Form, "token", Kept(AccessToken)),
                    Set(Form, "client_id", Text("lab-preregistered")),
                ],
            }),
            Unharmed(Call("whoami", "{}")),
        ]),
        prediction: Prediction::Allowed(
            Clause::Revocation,
            "The request is answered like any other and has no effect: the token goes on working.",
        ),
    },
];
