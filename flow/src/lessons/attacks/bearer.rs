//! The token at the MCP server: missing, in the wrong place, forged.

use protocol::clause::Clause;
use protocol::party::Party::McpServer;

use super::Moment::{Rests, Sends};
use super::Scene::{Change, Do, Until};
use super::{Attack, BOTH, Deed, Plot, Prediction, refused};
use crate::lessons::steps::Step;
use crate::revocation::TokenKind;
use crate::tamper::Edit::{Add, Drop, Set};
use crate::tamper::Part::{Header, Query};
use crate::tamper::Slot::AccessToken;
use crate::tamper::Value::{Append, JwtClaim, JwtHeader, Kept, Prefixed, Replace};

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        id: "no-token",
        proves: &["X-01", "RS-11"],
        title: "No token at all",
        story: "Somebody has found the address of the server and calls a tool. Or a client forgets its token on one \
                of its requests, because the one before went well.",
        change: "The call has no Authorization header.",
        cost: "The server would do for strangers what it does for people who allowed it.",
        remedy: "The server judges every request by itself, also inside a session. Its 401 names no error, since \
                 nothing was wrong yet, and says where the journey to a token begins.",
        step: Step::Call,
        revisions: BOTH,
        plot: Plot::Client(&[Until(Sends(Step::Call)), Change(&[Drop(Header, "authorization")])]),
        prediction: no_credentials(),
    },
    Attack {
        id: "token-in-query",
        proves: &["X-02", "RS-17"],
        title: "The token in the address",
        story: "A developer builds a link that works at once when it is opened. It also works for everybody who finds \
                it in a log, a browser’s history or a Referer header.",
        change: "The token moves from the Authorization header to the query, as access_token.",
        cost: "Addresses are written down all along the way, and the token with them.",
        remedy: "The server does not look for a token in the address, so such a request has none. OAuth 2.1 has \
                 removed the parameter.",
        step: Step::Call,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Sends(Step::Call)),
            Change(&[Drop(Header, "authorization"), Set(Query, "access_token", Kept(AccessToken))]),
        ]),
        prediction: no_credentials(),
    },
    Attack {
        id: "other-scheme",
        proves: &["RS-11"],
        title: "The token under another scheme",
        story: "A client has learned DPoP at another server and presents its token that way here. The token was never \
                bound to a key, so the word promises a proof that is not there.",
        change: "In the Authorization header, Bearer is DPoP.",
        cost: "A server that takes whatever stands behind the first space takes a bound token without its proof, too.",
        remedy: "The server knows one scheme, in whatever case, and treats any other as no credentials: it says again \
                 which one it wants.",
        step: Step::Call,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Sends(Step::Call)),
            Change(&[Set(Header, "authorization", Replace("Bearer", "DPoP"))]),
        ]),
        prediction: no_credentials(),
    },
    Attack {
        id: "two-tokens",
        proves: &["RS-14"],
        title: "Two Authorization headers",
        story: "An attacker knows that the gateway judges the first header and the server the last. They put a token \
                that may pass into one, and the one that they want to use into the other.",
        change: "A second Authorization header stands behind the first.",
        cost: "Each of two programs would judge another token, and none the one that counts.",
        remedy: "What can be read in two ways is not read at all: the server says 400, which also tells a client that \
                 a new token would not help.",
        step: Step::Call,
        revisions: BOTH,
        plot: Plot::Client(&[Until(Sends(Step::Call)), Change(&[Add(Header, "authorization", Append(""))])]),
        prediction: malformed(),
    },
    Attack {
        id: "malformed-authorization",
        proves: &["RS-14"],
        title: "Something behind the token",
        story: "A client pastes its token together with a comment, or with a second one. A lenient server would cut \
                the value somewhere, and the next server somewhere else.",
        change: "Behind the token stand a space and one more word.",
        cost: "Where programs disagree about where a token ends, one can be made to see another token.",
        remedy: "The value is the scheme, blanks and one token of the characters that tokens have; everything else is \
                 malformed.",
        step: Step::Call,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Sends(Step::Call)),
            Change(&[Set(Header, "authorization", Append(" more"))]),
        ]),
        prediction: malformed(),
    },
    Attack {
        id: "two-spaces",
        proves: &["RS-16"],
        title: "One space more before the token",
        story: "A developer’s template leaves two spaces between Bearer and the token, and the scheme in lower case. \
                It looks like a mistake, and a strict server might think so.",
        change: "The Authorization header says bearer, and has two spaces before the token.",
        cost: "Nothing: it is the same token.",
        remedy: "Nobody has to avoid it. A server that refuses it locks out clients that keep to the rules.",
        step: Step::Call,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Sends(Step::Call)),
            Change(&[Set(Header, "authorization", Prefixed("bearer  ", AccessToken))]),
        ]),
        prediction: Prediction::Allowed(
            Clause::BearerSyntax,
            "Between the scheme and the token stand one or more spaces, and schemes have no case: this is well formed.",
        ),
    },
    Attack {
        id: "token-slash",
        proves: &["RS-13"],
        title: "The token with one slash more",
        story: "A token is copied out of an address, with the slash behind it. The slash may stand in a token, so its \
                form is still right.",
        change: "Behind the token stands a slash.",
        cost: "A server that cleans tokens up before it judges them has many texts for one token, and a list of \
               revoked ones finds only one of them.",
        remedy: "The server judges the text as it came. The signature is another one then, and fits nothing.",
        step: Step::Call,
        revisions: BOTH,
        plot: Plot::Client(&[Until(Sends(Step::Call)), Change(&[Set(Header, "authorization", Append("/"))])]),
        prediction: invalid("BadSignature"),
    },
    Attack {
        id: "revoked-token",
        proves: &["X-03", "RS-13"],
        title: "A token that was given back",
        story: "A thief has copied a token. You notice it and sign out, so your client gives the token back; the \
                thief’s copy is still signed, and has not expired.",
        change: "The client revokes its token, and calls a tool with it all the same.",
        cost: "To sign out would change nothing until the token ends by itself.",
        remedy: "Tokens live for minutes. And the server asks the authorization server whether one is still good: the \
                 lab’s at each call, one with much to do every few seconds.",
        step: Step::Revocation,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Rests),
            // So that the tools are listed, and the call that matters is the next message.
            Do(Deed::Call("whoami", "{}")),
            Until(Rests),
            Do(Deed::Revoke(TokenKind::AccessToken)),
            Until(Rests),
            Do(Deed::Call("whoami", "{}")),
            Change(&[]),
        ]),
        prediction: refused(McpServer, 401, Some("invalid_token"), "Revoked", Clause::TokenRevoked),
    },
    Attack {
        id: "claim-edited",
        proves: &["X-04", "RS-13", "RS-21"],
        title: "A token that grants itself more",
        story: "A person may read and wants to write. Their token is JSON that anybody can decode, so they decode it \
                and add the scope.",
        change: "In the token, the claim scope says mcp:connect notes:write. The signature stays as it was.",
        cost: "Everybody would have the permissions that they want.",
        remedy: "The server believes no claim before it has verified the signature over all of them, with a key that \
                 it fetched from the authorization server.",
        step: Step::Call,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Sends(Step::Call)),
            Change(&[Set(Header, "authorization", JwtClaim("scope", "\"mcp:connect notes:write\""))]),
        ]),
        prediction: invalid("BadSignature"),
    },
    Attack {
        id: "alg-none",
        proves: &["X-04", "RS-13", "RS-21"],
        title: "A token that needs no signature",
        story: "An attacker writes a token of their own and says in its header that it is not signed. Libraries have \
                believed that, since the header told them how to verify.",
        change: "In the token’s header, alg is none.",
        cost: "Anybody could be anybody.",
        remedy: "The server chooses the algorithm by its key. What the token says about it can only be wrong.",
        step: Step::Call,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Sends(Step::Call)),
            Change(&[Set(Header, "authorization", JwtHeader("alg", "\"none\""))]),
        ]),
        prediction: invalid("WrongAlgorithm"),
    },
    Attack {
        id: "wrong-type",
        proves: &["X-04", "RS-13", "RS-21"],
        title: "A token of another kind",
        story: "An authorization server signs more than access tokens: ID tokens, for instance, with the same key. \
                Somebody presents one of those, which says who a person is and not what they allowed.",
        change: "In the token’s header, typ is JWT, as ID tokens have it, and not at+jwt.",
        cost: "Whoever can make a person sign in anywhere could use the proof of that as a permission here.",
        remedy: "The server looks at the type before it verifies anything. Each kind of token has a type of its own \
                 for that.",
        step: Step::Call,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Sends(Step::Call)),
            Change(&[Set(Header, "authorization", JwtHeader("typ", "\"JWT\""))]),
        ]),
        prediction: invalid("WrongType"),
    },
    Attack {
        id: "unknown-key",
        proves: &["RS-13", "RS-21"],
        title: "A token that names a key of its own",
        story: "An attacker signs a token with a key that they made and names it in the header. They hope that the \
                server takes whatever key the token brings along.",
        change: "In the token’s header, kid names a key that the authorization server never published.",
        cost: "A signature proves nothing if the signer says which key is right.",
        remedy: "Keys come from the authorization server’s key set alone; jwk, jku and x5u in a token are never read.",
        step: Step::Call,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Sends(Step::Call)),
            Change(&[Set(Header, "authorization", JwtHeader("kid", "\"mine\""))]),
        ]),
        prediction: invalid("UnknownKey"),
    },
];

/// Nothing that counts as credentials: the challenge names no error.
const fn no_credentials() -> Prediction {
    refused(McpServer, 401, None, "NoCredentials", Clause::Challenge)
}

/// An Authorization header that cannot be read in one way.
const fn malformed() -> Prediction {
    refused(McpServer, 400, Some("invalid_request"), "MalformedAuthorization", Clause::BearerSyntax)
}

/// A token that is no good, for this reason.
const fn invalid(reason: &'static str) -> Prediction {
    refused(McpServer, 401, Some("invalid_token"), reason, Clause::TokenValidity)
}
