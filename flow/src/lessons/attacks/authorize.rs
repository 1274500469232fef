//! At the authorization endpoint.

use protocol::clause::Clause;

use super::Moment::Departs;
use super::Scene::{Change, Until};
use super::{Attack, BOTH, Plot, page, sent_back};
use crate::lessons::steps::Step;
use crate::tamper::Edit::{Drop, Set};
use crate::tamper::Part::Query;
use crate::tamper::Value::{Append, Text};

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        id: "redirect-elsewhere",
        proves: &["X-16"],
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
        proves: &["X-16"],
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
        id: "no-challenge",
        proves: &["X-18"],
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
];
