//! At the consent page: somebody other than the person presses the button.

use protocol::clause::Clause;
use protocol::party::Party::AuthorizationServer;

use super::Moment::Decides;
use super::Scene::{Again, Change, Until};
use super::{Attack, BOTH, Plot, refused};
use crate::lessons::steps::Step;
use crate::tamper::Edit::{Drop, Set};
use crate::tamper::Part::{Form, Header};
use crate::tamper::Value::Text;

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        id: "consent-unmarked",
        proves: &["X-38"],
        title: "Consent without the mark of the page",
        story: "Another site has a form that looks like a game and posts “allow” to the authorization server. Your browser \
                adds the cookie by which the server knows you.",
        change: "The field csrf is left out of the form that the consent page posts.",
        cost: "A click anywhere on the web could give anybody your access.",
        remedy: "Each form carries a mark that the server made for this browser, this form and this request. Another site \
                 cannot read it.",
        step: Step::Consent,
        revisions: BOTH,
        plot: Plot::Client(&[Until(Decides(1)), Change(&[Drop(Form, "csrf")])]),
        prediction: refused(AuthorizationServer, 403, None, "ForgedForm", Clause::ConsentCsrf),
    },
    Attack {
        id: "consent-elsewhere",
        proves: &["X-38"],
        title: "Consent posted from another site",
        story: "An attacker has got hold of the mark, by a mistake in a page or an extension. The form is complete, but it \
                is sent from attacker.example.",
        change: "The form of the consent page is posted with the header Origin: https://attacker.example.",
        cost: "The mark alone would have to hold, and marks leak.",
        remedy: "Browsers say from where a form comes, and no script can change that. The server asks for both, the mark \
                 and its own origin.",
        step: Step::Consent,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Decides(1)),
            Change(&[Set(Header, "origin", Text("https://attacker.example"))]),
        ]),
        prediction: refused(AuthorizationServer, 403, None, "ForeignOrigin", Clause::ConsentCsrf),
    },
    Attack {
        id: "consent-other-browser",
        proves: &["B06"],
        title: "Consent in another browser",
        story: "An attacker begins a request and sends you the link to its consent page. You would allow something for a \
                request that somebody else started, and the answer would be theirs.",
        change: "The form of the consent page is posted without the cookie of the browser that brought the request.",
        cost: "The attacker’s client would act in your name.",
        remedy: "A request belongs to the browser that brought it. In any other one it does not exist.",
        step: Step::Consent,
        revisions: BOTH,
        plot: Plot::Client(&[Until(Decides(1)), Change(&[Drop(Header, "cookie")])]),
        prediction: refused(AuthorizationServer, 404, None, "UnknownRequest", Clause::ConsentCsrf),
    },
    Attack {
        id: "no-then-yes",
        proves: &["B11"],
        title: "Denied, and allowed after all",
        story: "You said no and went for coffee. Somebody else goes back in the history of your browser, where the page still \
                stands with both its buttons, and says yes.",
        change: "After the form of the consent page was posted with “deny”, it is posted again with “allow”.",
        cost: "A no would hold only until somebody else sits down.",
        remedy: "One request gets one answer. Whoever wants to decide otherwise starts again from the client.",
        step: Step::Consent,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Decides(1)),
            Change(&[Set(Form, "decision", Text("deny"))]),
            Again(Step::Consent, &[Set(Form, "decision", Text("allow"))]),
        ]),
        prediction: refused(AuthorizationServer, 409, None, "AlreadyDecided", Clause::ConsentOnce),
    },
];
