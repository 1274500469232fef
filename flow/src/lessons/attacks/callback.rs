//! On the way back: what reaches the client is not the answer to its question. The client is the one to refuse.

use protocol::clause::Clause;

use super::Moment::Returns;
use super::Scene::{Change, Until};
use super::{Attack, BOTH, Plot, stopped};
use crate::lessons::steps::Step;
use crate::tamper::Edit::{Drop, Set, To};
use crate::tamper::Part::Query;
use crate::tamper::Slot::FormerCallback;
use crate::tamper::Value::{Append, Flipped, Kept, Text};

const STATE: &str = "state is the one that was sent";
const ISS: &str = "iss is the issuer that was asked";

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        id: "wrong-state",
        proves: &["X-34", "H07", "CL-29"],
        title: "An answer to a question that was never asked",
        story: "An attacker asks for a code in their own name, stops halfway, and lets your browser open the callback. Your \
                client would work in the attacker’s account, and you would put your notes there.",
        change: "In the callback, one character of state is another one.",
        cost: "You write into somebody else’s account and believe it to be yours.",
        remedy: "The client sends a random state, keeps it with the verifier, and throws away every answer that does not \
                 bring it back.",
        step: Step::Callback,
        revisions: BOTH,
        plot: Plot::Client(&[Until(Returns(1)), Change(&[Set(Query, "state", Flipped)])]),
        prediction: stopped(STATE, Clause::State),
    },
    Attack {
        id: "no-state",
        proves: &["X-34", "H07", "CL-29"],
        title: "An answer without state",
        story: "The same attacker leaves the state out, hoping that the client compares it only if it is there.",
        change: "state is left out of the callback.",
        cost: "A check that can be skipped by saying nothing is no check.",
        remedy: "The client has sent a state, so it wants one back. Nothing is not the same as right.",
        step: Step::Callback,
        revisions: BOTH,
        plot: Plot::Client(&[Until(Returns(1)), Change(&[Drop(Query, "state")])]),
        prediction: stopped(STATE, Clause::State),
    },
    Attack {
        id: "old-callback",
        proves: &["X-34", "H07", "CL-29"],
        title: "Yesterday’s answer",
        story: "Somebody finds an old callback in the history of the browser and opens it while the client waits for \
                another one. Its state was right once.",
        change: "The answer to the second authorization request is replaced by the answer to the first.",
        cost: "The client would take an answer for one request as the answer to another, with other scopes.",
        remedy: "A state is good for one answer. The client forgets it with the first, and makes a new one for the next.",
        step: Step::StepUpConsent,
        revisions: BOTH,
        plot: Plot::Client(&[Until(Returns(2)), Change(&[To(Kept(FormerCallback))])]),
        prediction: stopped(STATE, Clause::State),
    },
    Attack {
        id: "iss-other",
        proves: &["X-35", "H06", "CL-31", "CL-33"],
        title: "An answer of another authorization server",
        story: "Your client knows two authorization servers, one of which is rogue. It mixes them up for you: you sign in \
                at the honest one, and the client is to take the code to the rogue one.",
        change: "In the callback, iss is https://attacker.example.",
        cost: "The rogue server gets a code of the honest one, and with it whatever you allowed there.",
        remedy: "Before the browser leaves, the client writes down which issuer it asks. It compares the iss of the answer \
                 with that, before any code is redeemed.",
        step: Step::Callback,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Returns(1)),
            Change(&[Set(Query, "iss", Text("https://attacker.example"))]),
        ]),
        prediction: stopped(ISS, Clause::IssParameter),
    },
    Attack {
        id: "iss-slash",
        proves: &["X-35", "H06", "CL-31", "CL-33"],
        title: "iss with one slash more",
        story: "A developer’s URL library adds a slash to every address without a path. The two look the same to people, \
                but on a host with many tenants one character can be another issuer.",
        change: "In the callback, iss ends in a slash that the issuer lacks.",
        cost: "Whoever compares almost exactly will some day take one server for another.",
        remedy: "Both sides keep the issuer as text. The client compares it character by character and normalizes nothing.",
        step: Step::Callback,
        revisions: BOTH,
        plot: Plot::Client(&[Until(Returns(1)), Change(&[Set(Query, "iss", Append("/"))])]),
        prediction: stopped(ISS, Clause::IssParameter),
    },
    Attack {
        id: "no-iss",
        proves: &["X-35", "H06", "CL-31", "CL-33"],
        title: "iss promised, but not there",
        story: "The attacker of the mix-up simply leaves iss out. Old servers do not send it, so a client that is too \
                polite would let that pass.",
        change: "iss is left out of the callback, although the server’s metadata promises it.",
        cost: "The whole defence could be switched off by the one who attacks.",
        remedy: "The metadata says authorization_response_iss_parameter_supported, and the client holds the server to it.",
        step: Step::Callback,
        revisions: BOTH,
        plot: Plot::Client(&[Until(Returns(1)), Change(&[Drop(Query, "iss")])]),
        prediction: stopped(ISS, Clause::IssParameter),
    },
    Attack {
        id: "iss-on-error",
        proves: &["X-35", "H06", "CL-32"],
        title: "An error of another server",
        story: "A rogue server answers in the name of the one that was asked, with an error whose description tells you \
                what to do next: call this number, install that program.",
        change: "In the callback, an error with a description takes the place of the code, and iss is \
                 https://attacker.example.",
        cost: "A stranger’s words would appear in your client as if they were its own.",
        remedy: "The client checks iss on errors too, and shows nothing of an answer that it does not believe.",
        step: Step::Callback,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Returns(1)),
            Change(&[
                Drop(Query, "code"),
                Set(Query, "error", Text("access_denied")),
                Set(Query, "error_description", Text("Call 555-0100 to unlock your account.")),
                Set(Query, "iss", Text("https://attacker.example")),
            ]),
        ]),
        prediction: stopped(ISS, Clause::IssParameter),
    },
];
