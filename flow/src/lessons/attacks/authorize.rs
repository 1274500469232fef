//! At the authorization endpoint.

use protocol::clause::Clause;

use super::Moment::Departs;
use super::Scene::{Change, Publish, Until};
use super::{Attack, BOTH, Plot, Prediction, Publication, page, sent_back};
use crate::lessons::steps::Step;
use crate::tamper::Edit::{Add, Drop, Set};
use crate::tamper::Part::Query;
use crate::tamper::Slot::{CodeChallenge, Published};
use crate::tamper::Value::{Append, Kept, Text};

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        id: "redirect-elsewhere",
        proves: &["X-16", "A02", "AS-74", "AS-75"],
        title: "redirect_uri on another host",
        story: "An attacker sends you a link to your own authorization server, with your client’s name in it and the \
                attacker’s address to return to. You would sign in, allow, and the code would go to the attacker.",
        change: "In the authorization request, redirect_uri is https://attacker.example/callback.",
        cost: "The code of every person who follows the link.",
        remedy: "The server compares redirect_uri with the registered ones, character by character, before anything \
                 else, and shows a page: whom it cannot trust it redirects nowhere.",
        step: Step::AuthorizationRequest,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Departs(1)),
            Change(&[Set(Query, "redirect_uri", Text("https://attacker.example/callback"))]),
        ]),
        prediction: page("UnlistedRedirectUri", Clause::RedirectExact),
    },
    Attack {
        id: "redirect-slash",
        proves: &["X-16", "A02", "AS-75"],
        title: "redirect_uri with one slash more",
        story: "A developer’s framework adds a slash to every address. It looks like the same place, and a server that \
                agreed would soon have to agree to more.",
        change: "In the authorization request, redirect_uri ends in a slash that the registered one lacks.",
        cost: "A comparison that is almost exact has been the way to steal codes time and again.",
        remedy: "Both sides keep the address as text and change nothing in it: it is registered and sent from one \
                 constant.",
        step: Step::AuthorizationRequest,
        revisions: BOTH,
        plot: Plot::Client(&[Until(Departs(1)), Change(&[Set(Query, "redirect_uri", Append("/"))])]),
        prediction: page("UnlistedRedirectUri", Clause::RedirectExact),
    },
    Attack {
        id: "redirect-path",
        proves: &["X-16", "A02", "AS-75"],
        title: "redirect_uri in a sibling folder",
        story: "An attacker has a page, or finds an open redirect, on the client’s own host. A server that compares only \
                the beginning of the address would send the code there.",
        change: "In the authorization request, redirect_uri goes on with /../open behind the registered path.",
        cost: "Any weak page of a good host becomes a way to steal codes.",
        remedy: "The server compares the whole text, not its beginning, and no pattern with stars is ever registered.",
        step: Step::AuthorizationRequest,
        revisions: BOTH,
        plot: Plot::Client(&[Until(Departs(1)), Change(&[Set(Query, "redirect_uri", Append("/../open"))])]),
        prediction: page("UnlistedRedirectUri", Clause::RedirectExact),
    },
    Attack {
        id: "redirect-query",
        proves: &["X-16", "A02", "AS-75"],
        title: "redirect_uri with a query",
        story: "The client’s callback page may look at more than code and state. An attacker adds a parameter that makes \
                it go on to another site, with the code in the address.",
        change: "In the authorization request, redirect_uri ends in ?next=https://attacker.example.",
        cost: "The attacker steers what the client’s page does with the code.",
        remedy: "The query belongs to the comparison. What a client wants to remember meanwhile it keeps under its state.",
        step: Step::AuthorizationRequest,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Departs(1)),
            Change(&[Set(Query, "redirect_uri", Append("?next=https://attacker.example"))]),
        ]),
        prediction: page("UnlistedRedirectUri", Clause::RedirectExact),
    },
    Attack {
        id: "redirect-fragment",
        proves: &["X-16", "A02", "AS-75"],
        title: "redirect_uri with a fragment",
        story: "Browsers do not send what stands behind #. An attacker hopes that the parameters of the answer end up \
                there, where a script on the page can read them and the client’s server cannot.",
        change: "In the authorization request, redirect_uri ends in #.",
        cost: "The code would reach code that was never meant to have it.",
        remedy: "A redirect URI has no fragment: none is registered, and none is accepted.",
        step: Step::AuthorizationRequest,
        revisions: BOTH,
        plot: Plot::Client(&[Until(Departs(1)), Change(&[Set(Query, "redirect_uri", Append("#"))])]),
        prediction: page("UnlistedRedirectUri", Clause::RedirectExact),
    },
    Attack {
        id: "redirect-port",
        proves: &["X-16", "A02", "AS-76"],
        title: "redirect_uri on another port of a website",
        story: "On a shared host somebody else may listen at another port. The freedom of the port is for programs on your \
                own machine, not for websites.",
        change: "A client is registered with https://app.example/callback, and asks for https://app.example:8443/callback.",
        cost: "Whoever may open a port on the client’s host gets its codes.",
        remedy: "The server lets the port differ for http on loopback alone.",
        step: Step::AuthorizationRequest,
        revisions: BOTH,
        plot: Plot::Client(&[
            Publish(Publication { name: "website", redirect_uri: "https://app.example/callback" }),
            Until(Departs(1)),
            Change(&[
                Set(Query, "client_id", Kept(Published)),
                Set(Query, "redirect_uri", Text("https://app.example:8443/callback")),
            ]),
        ]),
        prediction: page("UnlistedRedirectUri", Clause::RedirectExact),
    },
    Attack {
        id: "redirect-twice",
        proves: &["AS-88"],
        title: "Two redirect URIs in one request",
        story: "One program reads the first of two parameters, another reads the last. An attacker sends a good one to be \
                checked and a bad one to be used.",
        change: "The authorization request has a second redirect_uri, https://attacker.example/callback.",
        cost: "The check and the redirect would be about two different addresses.",
        remedy: "No parameter may occur twice. The server never picks one of two, and here it redirects to neither.",
        step: Step::AuthorizationRequest,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Departs(1)),
            Change(&[Add(Query, "redirect_uri", Text("https://attacker.example/callback"))]),
        ]),
        prediction: page("RepeatedRedirectUri", Clause::NoParameterTwice),
    },
    Attack {
        id: "loopback-port",
        proves: &["X-17", "AS-76"],
        title: "Another port of your own machine",
        story: "A program in the terminal cannot know which port will be free. It registers without one, and asks with the \
                one that the system gave it today.",
        change: "In the authorization request, redirect_uri is http://127.0.0.1:51004/callback.",
        cost: "Nothing is lost: whoever listens on your machine is a program of yours. PKCE protects the code from \
               another one.",
        remedy: "The client asks the system for a free port, listens at 127.0.0.1 only, and stops when the answer is there.",
        step: Step::AuthorizationRequest,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Departs(1)),
            Change(&[Set(Query, "redirect_uri", Text("http://127.0.0.1:51004/callback"))]),
        ]),
        prediction: Prediction::Allowed(
            Clause::RedirectExact,
            "On loopback the port may differ from the registered one; everything else is compared.",
        ),
    },
    Attack {
        id: "loopback-name",
        proves: &["X-17", "AS-76"],
        title: "localhost for 127.0.0.1",
        story: "A developer takes the two for the same. But localhost is a name: it can lead to ::1, where another program \
                may listen, or on an odd machine to somewhere else.",
        change: "A client is registered with http://127.0.0.1/callback, and asks for http://localhost/callback.",
        cost: "The code would go to whoever answers to a name instead of to an address.",
        remedy: "The client registers what it uses, and uses the address. The server takes neither for the other.",
        step: Step::AuthorizationRequest,
        revisions: BOTH,
        plot: Plot::Client(&[
            Publish(Publication { name: "native", redirect_uri: "http://127.0.0.1/callback" }),
            Until(Departs(1)),
            Change(&[
                Set(Query, "client_id", Kept(Published)),
                Set(Query, "redirect_uri", Text("http://localhost/callback")),
            ]),
        ]),
        prediction: page("UnlistedRedirectUri", Clause::RedirectExact),
    },
    Attack {
        id: "no-challenge",
        proves: &["X-18", "A07", "AS-81"],
        title: "No code challenge",
        story: "An old client library does not know PKCE. Or somebody strips the challenge from the request, to redeem \
                a stolen code without a verifier later.",
        change: "code_challenge is left out of the authorization request.",
        cost: "A code that is intercepted could be redeemed by whoever has it.",
        remedy: "OAuth 2.1 makes PKCE a duty: the server asks for a challenge from every client, and the client makes \
                 a fresh pair for every request.",
        step: Step::Pkce,
        revisions: BOTH,
        plot: Plot::Client(&[Until(Departs(1)), Change(&[Drop(Query, "code_challenge")])]),
        prediction: sent_back("invalid_request", "MissingCodeChallenge", Clause::PkceRequired),
    },
    Attack {
        id: "plain-challenge",
        proves: &["X-18", "AS-82"],
        title: "A challenge that is the verifier",
        story: "With the method plain, challenge and verifier are the same text. It is meant for devices that cannot \
                compute SHA-256, and there are none.",
        change: "In the authorization request, code_challenge_method is plain.",
        cost: "Whoever can read the authorization request, in a log or in the history, has the verifier.",
        remedy: "The server knows S256 only, says so in its metadata, and the client uses nothing else.",
        step: Step::Pkce,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Departs(1)),
            Change(&[Set(Query, "code_challenge_method", Text("plain"))]),
        ]),
        prediction: sent_back("invalid_request", "NotS256", Clause::PkceRequired),
    },
    Attack {
        id: "no-challenge-method",
        proves: &["X-18", "AS-82"],
        title: "A challenge without its method",
        story: "A developer leaves the method out, for S256 goes without saying. It does not: a missing method means plain.",
        change: "code_challenge_method is left out of the authorization request.",
        cost: "A server that reads it as plain compares the hash with the verifier, and PKCE never holds; one that guesses \
               can be made to guess wrong.",
        remedy: "The client always says S256, and the server does not fill in what is missing.",
        step: Step::Pkce,
        revisions: BOTH,
        plot: Plot::Client(&[Until(Departs(1)), Change(&[Drop(Query, "code_challenge_method")])]),
        prediction: sent_back("invalid_request", "NotS256", Clause::PkceRequired),
    },
    Attack {
        id: "same-challenge",
        proves: &["AS-84"],
        title: "The same challenge for the next request",
        story: "A developer makes the verifier once, when the program starts. Whoever got hold of one verifier can then \
                redeem every later code too.",
        change: "The second authorization request, for more scopes, has the code_challenge of the first.",
        cost: "PKCE protects nothing any more as soon as one verifier has leaked.",
        remedy: "The client makes a fresh pair for each request. The server remembers for which challenges it issued codes.",
        step: Step::StepUpRequest,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Departs(2)),
            Change(&[Set(Query, "code_challenge", Kept(CodeChallenge))]),
        ]),
        prediction: sent_back("invalid_request", "ReusedCodeChallenge", Clause::PkceFresh),
    },
    Attack {
        id: "implicit",
        proves: &["X-26", "AS-125"],
        title: "A token straight from the browser",
        story: "Old tutorials ask for response_type=token: the token comes back in the address, and no second request is \
                needed. So it also ends up in the history, in logs, and with whoever can change the redirect.",
        change: "In the authorization request, response_type is token.",
        cost: "The token itself, not a code that needs a verifier, would pass through every hand on the way.",
        remedy: "OAuth 2.1 has no implicit grant. The server offers code alone, and the client asks for nothing else.",
        step: Step::AuthorizationRequest,
        revisions: BOTH,
        plot: Plot::Client(&[Until(Departs(1)), Change(&[Set(Query, "response_type", Text("token"))])]),
        prediction: sent_back("unsupported_response_type", "UnsupportedResponseType", Clause::ResponseType),
    },
    Attack {
        id: "scope-twice",
        proves: &["X-26", "AS-88"],
        title: "scope said twice",
        story: "An attacker adds a second scope to a link: the consent page might show the harmless one, and the token get \
                the other.",
        change: "The authorization request has a second scope, notes:write.",
        cost: "A person would allow something other than what was shown.",
        remedy: "The server picks neither of two values, and tells the client.",
        step: Step::AuthorizationRequest,
        revisions: BOTH,
        plot: Plot::Client(&[Until(Departs(1)), Change(&[Add(Query, "scope", Text("notes:write"))])]),
        prediction: sent_back("invalid_request", "RepeatedParameter", Clause::NoParameterTwice),
    },
    Attack {
        id: "lure",
        proves: &["X-27", "AS-89", "AS-90"],
        title: "A bad request as a way to a phishing page",
        story: "Anybody can publish a client that returns to attacker.example. Its request names a scope that does not \
                exist, so that a server that people trust sends them straight on to a copy of its own sign-in page.",
        change: "client_id and redirect_uri are those of the attacker’s client, and scope is nonsense.",
        cost: "A link to an honest server would be a link to the attacker.",
        remedy: "The server sends nobody away before they have signed in; and then it does not redirect to a client that \
                 this person never allowed anything, but shows where the way would lead.",
        step: Step::AuthorizationRequest,
        revisions: BOTH,
        plot: Plot::Client(&[
            Publish(Publication { name: "lure", redirect_uri: "https://attacker.example/callback" }),
            Until(Departs(1)),
            Change(&[
                Set(Query, "client_id", Kept(Published)),
                Set(Query, "redirect_uri", Text("https://attacker.example/callback")),
                Set(Query, "scope", Text("nonsense")),
            ]),
        ]),
        prediction: page("UnknownScope", Clause::ScopeSyntax),
    },
    Attack {
        id: "resource-unknown",
        proves: &["AS-85"],
        title: "A token for a server that is not there",
        story: "A rogue MCP server has named this authorization server as its own. Your client asks for a token for the \
                rogue’s address, and will send it there.",
        change: "In the authorization request, resource is https://rogue.example/mcp.",
        cost: "A server that ignored the parameter would issue a token that is good elsewhere, and the rogue would have it.",
        remedy: "The authorization server knows the resources that it protects, and issues nothing for others.",
        step: Step::AuthorizationRequest,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Departs(1)),
            Change(&[Set(Query, "resource", Text("https://rogue.example/mcp"))]),
        ]),
        prediction: sent_back("invalid_target", "UnknownResource", Clause::ResourceParameter),
    },
    Attack {
        id: "resource-missing",
        proves: &["AS-85"],
        title: "No resource",
        story: "An OAuth library from before MCP does not know the parameter. The server would have to guess where the \
                token will be used.",
        change: "resource is left out of the authorization request.",
        cost: "A token for nobody in particular is a token for everybody.",
        remedy: "MCP clients always say for which server the token is, here and at the token endpoint. This server does \
                 not guess.",
        step: Step::AuthorizationRequest,
        revisions: BOTH,
        plot: Plot::Client(&[Until(Departs(1)), Change(&[Drop(Query, "resource")])]),
        prediction: sent_back("invalid_target", "MissingResource", Clause::ResourceParameter),
    },
    Attack {
        id: "request-uri",
        proves: &["A15"],
        title: "A request that lies somewhere else",
        story: "OpenID Connect lets a client say where its request can be fetched. A stranger names an address that only \
                the server can reach, and has the server knock there.",
        change: "The authorization request has request_uri=http://169.254.169.254/latest/meta-data.",
        cost: "Anybody could look around behind the firewall with the server’s eyes.",
        remedy: "A server that does not need the parameter refuses it by name, and fetches nothing.",
        step: Step::AuthorizationRequest,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Departs(1)),
            Change(&[Set(Query, "request_uri", Text("http://169.254.169.254/latest/meta-data"))]),
        ]),
        prediction: sent_back("request_uri_not_supported", "RequestUri", Clause::RequestObject),
    },
    Attack {
        id: "silent",
        proves: &["A17"],
        title: "Permission without a page",
        story: "A client hides the request in an invisible frame and says prompt=none, hoping that the person is signed in \
                and will never know.",
        change: "The authorization request has prompt=none.",
        cost: "Access that nobody has seen being asked for.",
        remedy: "Without somebody who is signed in and has allowed just this before, the server answers with an error, and \
                 never with a code.",
        step: Step::Consent,
        revisions: BOTH,
        plot: Plot::Client(&[Until(Departs(1)), Change(&[Set(Query, "prompt", Text("none"))])]),
        prediction: sent_back("login_required", "LoginRequired", Clause::Prompt),
    },
];
