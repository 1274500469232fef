//! Client ids that are addresses, and how they cheat. Nothing is fetched from any of them.

use protocol::clause::Clause;

use super::Moment::Departs;
use super::Scene::{Change, Until};
use super::{Attack, BOTH, Plot, page};
use crate::lessons::steps::Step;
use crate::tamper::Edit::Set;
use crate::tamper::Part::Query;
use crate::tamper::Value::{Append, Text};

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        id: "client-id-http",
        proves: &["X-28", "AS-30"],
        title: "client_id with plain http",
        story: "A developer publishes the document without TLS because it holds no secret. But whoever is on the way can \
                then put in a redirect URI of their own.",
        change: "In the authorization request, client_id is http://app.example/client.json.",
        cost: "Everybody on the network between server and document could be this client.",
        remedy: "The server takes only https, which proves whose document it is. The lab makes an exception for this \
                 machine, and for no other.",
        step: Step::ClientDocument,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Departs(1)),
            Change(&[Set(Query, "client_id", Text("http://app.example/client.json"))]),
        ]),
        prediction: page("BadClientIdUrl", Clause::ClientIdUrl),
    },
    Attack {
        id: "client-id-user",
        proves: &["X-28", "AS-34"],
        title: "client_id with a user name in front",
        story: "An attacker wants to look like somebody whom you trust. What stands before the @ is no host: the document \
                would come from attacker.example.",
        change: "In the authorization request, client_id is https://trusted.example@attacker.example/client.json.",
        cost: "A person who reads the beginning of the address allows the wrong client.",
        remedy: "The server refuses a user name in the address, and shows the host by itself on the consent page.",
        step: Step::ClientDocument,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Departs(1)),
            Change(&[Set(Query, "client_id", Text("https://trusted.example@attacker.example/client.json"))]),
        ]),
        prediction: page("BadClientIdUrl", Clause::ClientIdUrl),
    },
    Attack {
        id: "client-id-dots",
        proves: &["X-28", "AS-32"],
        title: "client_id with /../ in its path",
        story: "Two programs of a server read one address in two ways: the policy sees the folder of a trusted client, the \
                fetch goes up and down again to the attacker’s.",
        change: "In the authorization request, client_id is https://host.example/trusted/%2e%2e/attacker/client.json, where %2e is \
                 a dot.",
        cost: "A rule about which clients are welcome would be walked around.",
        remedy: "The server reads the address as text, before any parser tidies it up, and refuses dot segments in every \
                 spelling.",
        step: Step::ClientDocument,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Departs(1)),
            Change(&[Set(
                Query,
                "client_id",
                Text("https://host.example/trusted/%2e%2e/attacker/client.json"),
            )]),
        ]),
        prediction: page("BadClientIdUrl", Clause::ClientIdUrl),
    },
    Attack {
        id: "client-id-fragment",
        proves: &["X-28", "AS-33"],
        title: "client_id with a fragment",
        story: "An attacker copies the client id of somebody else and puts #2 behind it. The same document would be \
                fetched for both, yet they would be two clients.",
        change: "In the authorization request, client_id ends in #2.",
        cost: "One document would speak for any number of clients, and none could be told from the other.",
        remedy: "A client id has one spelling: the server compares texts, and refuses what HTTP would never send.",
        step: Step::ClientDocument,
        revisions: BOTH,
        plot: Plot::Client(&[Until(Departs(1)), Change(&[Set(Query, "client_id", Append("#2"))])]),
        prediction: page("BadClientIdUrl", Clause::ClientIdUrl),
    },
    Attack {
        id: "client-id-no-path",
        proves: &["X-28", "AS-31"],
        title: "client_id that is a whole host",
        story: "Somebody has an account at a big host and names the host itself as the client. If that were allowed, the \
                host’s front page would speak for everybody who has a page there.",
        change: "In the authorization request, client_id is https://app.example.",
        cost: "One name for many clients, so that nobody knows who is asking.",
        remedy: "The server asks for a path: the one document that describes the one client.",
        step: Step::ClientDocument,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Departs(1)),
            Change(&[Set(Query, "client_id", Text("https://app.example"))]),
        ]),
        prediction: page("BadClientIdUrl", Clause::ClientIdUrl),
    },
    Attack {
        id: "client-id-inside",
        proves: &["X-28", "AS-43"],
        title: "client_id at an address inside the network",
        story: "The server fetches what a client id names, so a stranger can make it knock at doors that only it can \
                reach. 2852039166 is 169.254.169.254, where clouds hand out their machines’ credentials.",
        change: "In the authorization request, client_id is https://2852039166/latest/meta-data.",
        cost: "Anybody could look around behind the firewall with the server’s eyes.",
        remedy: "The server takes names only, no address in any spelling, and looks where a name leads before it connects.",
        step: Step::ClientDocument,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Departs(1)),
            Change(&[Set(Query, "client_id", Text("https://2852039166/latest/meta-data"))]),
        ]),
        prediction: page("BadClientIdUrl", Clause::ClientIdUrl),
    },
    Attack {
        id: "client-unknown",
        proves: &["A01", "AS-74"],
        title: "A client that nobody knows",
        story: "Somebody makes up a client id and sends people with it. It is no address, and nobody has registered it, so \
                there is no list of places to return to.",
        change: "In the authorization request, client_id is my-client.",
        cost: "The server would send people wherever the request says.",
        remedy: "The server shows a page and redirects nowhere. A client that it does not know introduces itself first.",
        step: Step::AuthorizationRequest,
        revisions: BOTH,
        plot: Plot::Client(&[Until(Departs(1)), Change(&[Set(Query, "client_id", Text("my-client"))])]),
        prediction: page("UnknownClient", Clause::ClientIdentity),
    },
];
