//! Callbacks that a client must not believe.

use protocol::clause::Clause;

use crate::lessons::attacks::{Attack, BOTH, Plot, Twist, stopped};
use crate::lessons::steps::Step;

const ISS: &str = "iss is the issuer that was asked";

pub(in crate::lessons::attacks) const ATTACKS: &[Attack] = &[
    Attack {
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
        prediction: stopped(ISS, Clause::IssParameter),
    },
    Attack {
        id: "server-iss-slash",
        proves: &["X-35", "CL-31", "H06"],
        title: "iss with one slash more",
        story: "An authorization server writes its name with a slash in one place and without it in another. Or \
                somebody has registered the name that is almost the same.",
        change: "iss in the callback is the issuer with a slash behind it.",
        cost: "A client that agrees has begun to guess which names mean the same server, and names of servers are what \
               mix-up plays with.",
        remedy: "The client compares the texts as they are: no case, port, slash or escape is made equal first.",
        step: Step::Callback,
        revisions: BOTH,
        plot: Plot::Server(Twist::IssSlash),
        prediction: stopped(ISS, Clause::IssParameter),
    },
    Attack {
        id: "iss-missing",
        proves: &["X-35", "CL-31", "H06"],
        title: "No iss, although it was promised",
        story: "Whoever plays two servers off against each other would rather say nothing than the wrong thing. So iss \
                is left out, as older servers do.",
        change: "The callback has no iss, although the metadata says that every callback has one.",
        cost: "Mix-up would work again, against exactly those servers that protect themselves from it.",
        remedy: "The client believes the metadata: where iss is promised, a callback without it is not from there.",
        step: Step::Callback,
        revisions: BOTH,
        plot: Plot::Server(Twist::IssMissing),
        prediction: stopped(ISS, Clause::IssParameter),
    },
    Attack {
        id: "error-of-another",
        proves: &["X-35", "CL-32", "H06"],
        title: "An error in another server’s name",
        story: "An error needs no code, so a careless client shows it before it checks anything. The attacker has \
                written the text: call this number to unlock your account.",
        change: "The callback is an error with a description, and its iss is an honest server.",
        cost: "People would read the attacker’s words in the client’s window, as if a server they trust had said them.",
        remedy: "The client checks iss for errors too, and shows nothing of an answer that it does not believe.",
        step: Step::Callback,
        revisions: BOTH,
        plot: Plot::Server(Twist::ErrorOfAnother),
        prediction: stopped(ISS, Clause::IssParameter),
    },
];
