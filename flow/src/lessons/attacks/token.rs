//! At the token endpoint.

use protocol::clause::Clause;
use protocol::party::Party::AuthorizationServer;

use super::Moment::Sends;
use super::Scene::{Again, Change, Until};
use super::{Attack, BOTH, Moment, Plot, refused};
use crate::lessons::steps::Step;
use crate::tamper::Edit::Set;
use crate::tamper::Part::Form;
use crate::tamper::Value::Flipped;

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
        prediction: refused(
            AuthorizationServer,
            400,
            Some("invalid_grant"),
            "VerifierMismatch",
            Clause::PkceVerified,
        ),
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
        plot: Plot::Client(&[Until(Moment::Rests), Again(Step::CodeExchange, &[])]),
        prediction: refused(
            AuthorizationServer,
            400,
            Some("invalid_grant"),
            "ReplayedCode",
            Clause::CodeOnce,
        ),
    },
];
