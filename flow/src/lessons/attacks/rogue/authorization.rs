//! Callbacks that a client must not believe.

use protocol::clause::Clause;

use crate::lessons::attacks::{Attack, BOTH, Plot, Twist, stopped};
use crate::lessons::steps::Step;

pub(in crate::lessons::attacks) const ATTACKS: &[Attack] = &[Attack {
    id: "mix-up",
    proves: &["X-35", "CL-31", "CL-33", "H06"],
    title: "Mix-up: the code of another server",
    story: "A rogue authorization server sends your browser on to an honest one, with your client’s own request. You \
                allow it there, and your client takes the honest server’s code to the rogue’s token endpoint.",
    change: "The rogue’s authorization endpoint redirects to the lab’s real authorization server, for the lab’s real \
                 MCP server.",
    cost: "The rogue would have a code of the honest server, and the verifier with it.",
    remedy: "The client writes down whom it asks before the browser leaves, and compares iss with that before the \
                 code goes anywhere.",
    step: Step::Callback,
    revisions: BOTH,
    plot: Plot::Server(Twist::MixUp),
    prediction: stopped("iss is the issuer that was asked", Clause::IssParameter),
}];
