//! At the token endpoint.

use protocol::clause::Clause;
use protocol::party::Party::{AuthorizationServer, McpServer};

use super::Moment::{Rests, Sends};
use super::Scene::{Again, Ask, Change, Unharmed, Until};
use super::{Attack, BOTH, Deed, Plot, Question, no_token, refused};
use crate::http::Method;
use crate::lessons::steps::Step;
use crate::tamper::Edit::{Drop, Set};
use crate::tamper::Part::{Form, Header};
use crate::tamper::Slot::{AccessToken, CodeChallenge, Issuer};
use crate::tamper::Value::{Flipped, Kept, Text};

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        id: "wrong-verifier",
        proves: &["X-19"],
        title: "A stolen code, without its verifier",
        story: "Somebody reads the code from a log, the history or another program on the device. They redeem it before \
                the client does, and guess the verifier.",
        change: "In the code exchange, one character of code_verifier is another one.",
        cost: "Whoever saw the code would have the token.",
        remedy: "The server hashes the verifier and compares it with the challenge of the request. The verifier never \
                 was in a browser, so a thief of the code does not have it.",
        step: Step::CodeExchange,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Sends(Step::CodeExchange)),
            Change(&[Set(Form, "code_verifier", Flipped)]),
        ]),
        prediction: no_token("invalid_grant", "VerifierMismatch", Clause::PkceVerified),
    },
    Attack {
        id: "code-twice",
        proves: &["X-21"],
        title: "The same code a second time",
        story: "A thief has everything: code, verifier, redirect URI. The real client was faster, so the thief tries \
                the code once more.",
        change: "The code exchange is sent again, exactly as it was.",
        cost: "Two holders of one consent, one of whom nobody knows.",
        remedy: "The server redeems a code once. At the second attempt it takes back the tokens of the first too: it \
                 cannot know which of the two was the thief.",
        step: Step::CodeExchange,
        revisions: BOTH,
        plot: Plot::Client(&[Until(Rests), Again(Step::CodeExchange, &[])]),
        prediction: no_token("invalid_grant", "ReplayedCode", Clause::CodeOnce),
    },
    Attack {
        id: "code-twice-token",
        proves: &["X-21", "D01", "AS-118"],
        title: "The token of a code that was used twice",
        story: "The thief was the faster one: they have redeemed your client’s code, and now your client comes with it too. \
                The server sees the second attempt, and the thief goes on with the token.",
        change: "The code exchange is sent again, exactly as it was; then the token of the first exchange is used.",
        cost: "The server knows that something is wrong, and the thief keeps what they stole.",
        remedy: "At the second attempt the server ends all that came of the code. The MCP server asks it about each token, \
                 and hears that this one is over.",
        step: Step::Call,
        revisions: BOTH,
        plot: Plot::Client(&[Until(Sends(Step::Call)), Again(Step::CodeExchange, &[]), Change(&[])]),
        prediction: refused(McpServer, 401, Some("invalid_token"), "Revoked", Clause::TokenRevoked),
    },
    Attack {
        id: "code-twice-spoilt",
        proves: &["X-22", "AS-119"],
        title: "A used code, to lock somebody out",
        story: "Somebody finds an old code in a log. It is worth nothing, but if a second attempt ends all tokens, they can \
                at least throw you out.",
        change: "The code exchange is sent again with one character of code_verifier changed. Then the client calls a tool, \
                 as ever.",
        cost: "Whoever can read a log could end anybody’s access, again and again.",
        remedy: "Only an attempt with everything else right shows that code and verifier are stolen. Any other is refused, \
                 and ends nothing.",
        step: Step::CodeExchange,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Rests),
            Again(Step::StepUpToken, &[Set(Form, "code_verifier", Flipped)]),
            Unharmed(Deed::Call("whoami", "{}")),
        ]),
        prediction: no_token("invalid_grant", "VerifierMismatch", Clause::PkceVerified),
    },
    Attack {
        id: "challenge-as-verifier",
        proves: &["AS-115"],
        title: "The challenge in place of the verifier",
        story: "A thief has read the authorization request in the history of the browser, and the code from the callback. \
                The challenge is all they know of the pair, so they try that.",
        change: "In the code exchange, code_verifier is the code_challenge of the authorization request.",
        cost: "PKCE would hide nothing: the challenge went through the browser in the open.",
        remedy: "The challenge is a hash. Who knows it does not know what it was made of, and that is what the server asks \
                 for.",
        step: Step::CodeExchange,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Sends(Step::CodeExchange)),
            Change(&[Set(Form, "code_verifier", Kept(CodeChallenge))]),
        ]),
        prediction: no_token("invalid_grant", "VerifierMismatch", Clause::PkceVerified),
    },
    Attack {
        id: "no-verifier",
        proves: &["AS-114"],
        title: "A code without any verifier",
        story: "An old client library does not know PKCE, or a thief hopes that the server checks a verifier only if one is \
                sent.",
        change: "code_verifier is left out of the code exchange.",
        cost: "A check that can be skipped by saying nothing is no check.",
        remedy: "The challenge was stored with the code, so the server knows that a verifier has to come.",
        step: Step::CodeExchange,
        revisions: BOTH,
        plot: Plot::Client(&[Until(Sends(Step::CodeExchange)), Change(&[Drop(Form, "code_verifier")])]),
        prediction: no_token("invalid_request", "MissingVerifier", Clause::PkceVerified),
    },
    Attack {
        id: "code-of-another",
        proves: &["X-23", "AS-113"],
        title: "A code in another client’s hands",
        story: "A rogue client has got hold of the code of a client that people trust. It redeems it in its own name, which \
                is known to the server.",
        change: "In the code exchange, client_id is lab-preregistered, another client of this server.",
        cost: "What you allowed one client would be given to another one.",
        remedy: "The server stores with each code to which client it was issued, and compares.",
        step: Step::CodeExchange,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Sends(Step::CodeExchange)),
            Change(&[Set(Form, "client_id", Text("lab-preregistered"))]),
        ]),
        prediction: no_token("invalid_grant", "OtherClient", Clause::CodeBinding),
    },
    Attack {
        id: "code-of-another-place",
        proves: &["X-23", "AS-117"],
        title: "A code that was sent somewhere else",
        story: "An attacker had a code sent to one place of the client and lets the client redeem it as if it had come to \
                another. OAuth 2.1 no longer asks for redirect_uri here, but whoever sends it has to be right.",
        change: "In the code exchange, redirect_uri is http://127.0.0.1/other.",
        cost: "A code from a weak place of a client could be put into a strong one.",
        remedy: "The server compares it with the one of the authorization request. The client leaves it out, or sends the \
                 same.",
        step: Step::CodeExchange,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Sends(Step::CodeExchange)),
            Change(&[Set(Form, "redirect_uri", Text("http://127.0.0.1/other"))]),
        ]),
        prediction: no_token("invalid_grant", "OtherRedirectUri", Clause::CodeBinding),
    },
    Attack {
        id: "code-other-resource",
        proves: &["X-25", "AS-120"],
        title: "A token for another server than was allowed",
        story: "A rogue MCP server has the client ask the person for a harmless one. At the token endpoint, where nobody \
                looks, it wants the token for itself.",
        change: "In the code exchange, resource is https://rogue.example/mcp.",
        cost: "The person allowed access to one server, and the token is good at another.",
        remedy: "The server stores the resource with the code. Here it can be narrowed, and never changed.",
        step: Step::CodeExchange,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Sends(Step::CodeExchange)),
            Change(&[Set(Form, "resource", Text("https://rogue.example/mcp"))]),
        ]),
        prediction: no_token("invalid_target", "OtherResource", Clause::ResourceNarrows),
    },
    Attack {
        id: "password-grant",
        proves: &["X-26", "AS-125"],
        title: "Your password, given to the client",
        story: "An old client asks for name and password in a window of its own and takes them to the token endpoint. You \
                would have to trust it with everything, and a second factor has no place there.",
        change: "A token request with grant_type=password, a user name and a password.",
        cost: "Every client would see the passwords of all its people.",
        remedy: "OAuth 2.1 has no such grant. The person signs in at the authorization server, in the browser, and nowhere \
                 else.",
        step: Step::CodeExchange,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Sends(Step::CodeExchange)),
            Ask(Question {
                step: Step::CodeExchange,
                to: AuthorizationServer,
                title: "POST /token: a password",
                method: Method::Post,
                at: (Issuer, "/token"),
                edits: &[
                    Set(Form, "grant_type", Text("password")),
                    Set(Form, "client_id", Text("lab-preregistered")),
                    Set(Form, "username", Text("ada")),
                    Set(Form, "password", Text("difference-engine")),
                ],
            }),
        ]),
        prediction: no_token("unsupported_grant_type", "UnsupportedGrantType", Clause::GrantType),
    },
    Attack {
        id: "wrong-secret",
        proves: &["X-40", "AS-111"],
        title: "A guessed client secret",
        story: "A thief has a code of a client with a secret, and guesses at the secret.",
        change: "In the code exchange, the client is lab-confidential, with the secret “guess” by HTTP Basic.",
        cost: "A secret that nobody checks is a second name.",
        remedy: "The server compares the secret before anything else, answers 401 with the scheme that was tried, and \
                 hears an address that guesses too often no more for a while.",
        step: Step::CodeExchange,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Sends(Step::CodeExchange)),
            Change(&[
                Drop(Form, "client_id"),
                // lab-confidential:guess
                Set(Header, "authorization", Text("Basic bGFiLWNvbmZpZGVudGlhbDpndWVzcw==")),
            ]),
        ]),
        prediction: refused(
            AuthorizationServer,
            401,
            Some("invalid_client"),
            "WrongSecret",
            Clause::ClientSecret,
        ),
    },
    Attack {
        id: "secret-of-public",
        proves: &["AS-111"],
        title: "A secret from a client that has none",
        story: "A developer puts a client secret into a program that everybody can download, because an old server wanted \
                one. Whoever opens the program can read it.",
        change: "The code exchange has a client_secret, although the client is a public one.",
        cost: "A secret that is no secret makes everybody believe in a proof that is none.",
        remedy: "A public client names itself and proves itself by PKCE alone. The server does not let it pretend.",
        step: Step::CodeExchange,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Sends(Step::CodeExchange)),
            Change(&[Set(Form, "client_secret", Text("everybody-knows-it"))]),
        ]),
        prediction: refused(
            AuthorizationServer,
            401,
            Some("invalid_client"),
            "PublicClient",
            Clause::ClientAuthentication,
        ),
    },
    Attack {
        id: "introspection-by-anybody",
        proves: &["X-40", "AS-144"],
        title: "A stranger asks what a token is worth",
        story: "Somebody has found some texts that look like tokens. The authorization server could tell which are good, \
                whose they are, and what can be done with them.",
        change: "The access token is sent to the introspection endpoint, without credentials.",
        cost: "The endpoint would sort stolen tokens for thieves, and tell them about people.",
        remedy: "Only MCP servers that this authorization server protects may ask, with a secret of their own, and only \
                 about tokens for themselves.",
        step: Step::TokenOpened,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Rests),
            Ask(Question {
                step: Step::TokenOpened,
                to: AuthorizationServer,
                title: "POST /introspect: whose is this?",
                method: Method::Post,
                at: (Issuer, "/introspect"),
                edits: &[Set(Form, "token", Kept(AccessToken))],
            }),
        ]),
        prediction: refused(
            AuthorizationServer,
            401,
            Some("invalid_client"),
            "NotAuthorized",
            Clause::Introspection,
        ),
    },
];
