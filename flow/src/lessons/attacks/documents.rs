//! The client's metadata document, and where it is.

use protocol::clause::Clause;

use super::Moment::Departs;
use super::Scene::{Change, Until};
use super::{Attack, BOTH, Plot, Prediction, page};
use crate::lessons::steps::Step;
use crate::tamper::Edit::Set;
use crate::tamper::Part::Query;
use crate::tamper::Slot::Issuer;
use crate::tamper::Value::{Append, Kept, Text};

pub(super) const ATTACKS: &[Attack] = &[
    Attack {
        id: "copied-document",
        proves: &["X-29", "AS-56"],
        title: "The document of somebody else",
        story: "An attacker copies the document of a client that people trust and puts it on a server of their own. \
                Name and logo are all there.",
        change: "The document’s client_id is another address than the one at which it lies.",
        cost: "The consent page would show the name of the client that was copied.",
        remedy: "The server compares the document’s client_id with the address that it fetched, character by \
                 character.",
        step: Step::ClientDocument,
        revisions: BOTH,
        plot: Plot::Document("other-client-id"),
        prediction: page("OtherClientId", Clause::ClientIdIdentity),
    },
    Attack {
        id: "document-query",
        proves: &["X-29", "AS-37", "AS-56"],
        title: "client_id with a question mark more",
        story: "An attacker wants to be a second client with the document of the first. Most web servers answer with \
                the same file, whatever stands behind the question mark.",
        change: "In the authorization request, client_id ends in a question mark that the document’s own lacks.",
        cost: "One client under many names: what was refused to one name would be allowed to the next.",
        remedy: "Identifiers are texts. The server compares them as they are, and puts nothing into order first.",
        step: Step::AuthorizationRequest,
        revisions: BOTH,
        plot: Plot::Client(&[Until(Departs(1)), Change(&[Set(Query, "client_id", Append("?"))])]),
        prediction: page("OtherClientId", Clause::ClientIdIdentity),
    },
    Attack {
        id: "published-secret",
        proves: &["X-32", "AS-59"],
        title: "A shared secret in the document",
        story: "A developer moves the settings of a registered client into a document, and the secret with them. \
                Documents are public.",
        change: "The document has a client_secret.",
        cost: "Everybody who reads the document could speak as the client.",
        remedy: "The server refuses the document, so the mistake is found on the first day. A client that has to \
                 prove itself publishes public keys.",
        step: Step::ClientDocument,
        revisions: BOTH,
        plot: Plot::Document("secret"),
        prediction: page("SharedSecret", Clause::ClientDocumentSecrets),
    },
    Attack {
        id: "secret-method",
        proves: &["X-32", "AS-58"],
        title: "A method that needs a shared secret",
        story: "A developer copies client_secret_basic from an older registration. There is nobody with whom a secret \
                could have been agreed on.",
        change: "The document’s token_endpoint_auth_method is client_secret_basic.",
        cost: "A server would have to guess: no secret at all, or any.",
        remedy: "The server refuses the document. Methods that fit are none and private_key_jwt.",
        step: Step::ClientDocument,
        revisions: BOTH,
        plot: Plot::Document("basic"),
        prediction: page("SharedSecret", Clause::ClientDocumentSecrets),
    },
    Attack {
        id: "published-key",
        proves: &["X-32", "AS-60"],
        title: "A private key in the document",
        story: "A developer exports a key pair and publishes all of it. The file looks much the same with the private \
                half as without.",
        change: "A key in the document has its private half, d.",
        cost: "Everybody who reads the document could sign as the client.",
        remedy: "The server looks for the members that only private keys have, and refuses the document.",
        step: Step::ClientDocument,
        revisions: BOTH,
        plot: Plot::Document("private-key"),
        prediction: page("PrivateKey", Clause::ClientKeys),
    },
    Attack {
        id: "document-redirect",
        proves: &["X-30", "AS-42"],
        title: "A document that is somewhere else",
        story: "An attacker’s address answers with a redirect to an address inside the server’s own network. The \
                first address was public, so it was allowed.",
        change: "The document’s host answers 302.",
        cost: "The server would fetch for a stranger what only it can reach.",
        remedy: "The server follows no redirects. A client that moves gets a new client_id.",
        step: Step::ClientDocument,
        revisions: BOTH,
        plot: Plot::Document("redirect"),
        prediction: page("DocumentStatus", Clause::ClientDocumentErrors),
    },
    Attack {
        id: "document-missing",
        proves: &["X-30", "AS-41"],
        title: "A document that is not there",
        story: "A client is deployed before its document, or the file is renamed. Error pages can have a body that \
                looks like a document.",
        change: "The document’s host answers 404, with a good document as its body.",
        cost: "Sites that show texts of their visitors on error pages would host clients of anybody.",
        remedy: "Only status 200 counts. The failure is not kept, so a document that comes later is found.",
        step: Step::ClientDocument,
        revisions: BOTH,
        plot: Plot::Document("missing"),
        prediction: page("DocumentStatus", Clause::ClientDocumentErrors),
    },
    Attack {
        id: "document-too-long",
        proves: &["X-30"],
        title: "A document without end",
        story: "An attacker names an address that sends without ever stopping. One request of a few bytes would fill \
                the server’s memory.",
        change: "The document is longer than 5 kilobytes.",
        cost: "Anybody could keep the server busy, with no account at all.",
        remedy: "The server counts while it reads, and hangs up at 5 kilobytes, whatever was announced.",
        step: Step::ClientDocument,
        revisions: BOTH,
        plot: Plot::Document("too-long"),
        prediction: page("DocumentTooLong", Clause::ClientDocumentSize),
    },
    Attack {
        id: "document-html",
        proves: &["AS-55"],
        title: "A page that is taken for a document",
        story: "An attacker uploads a text to a site that shows uploads as pages. The address is that of a site which \
                people know.",
        change: "The document is sent as text/html.",
        cost: "The consent page would show the host of a site that has nothing to do with the client.",
        remedy: "The server takes JSON alone, by its content type. Sites know which of their files they call JSON.",
        step: Step::ClientDocument,
        revisions: BOTH,
        plot: Plot::Document("html"),
        prediction: page("DocumentContentType", Clause::ClientDocument),
    },
    Attack {
        id: "document-twice",
        proves: &["AS-55", "AS-56"],
        title: "A document that names itself twice",
        story: "An attacker knows that parsers differ: some take the first of two members of a name, some the last. A \
                filter in front of the server would see another client than the server.",
        change: "The document has two members client_id, of which the last is right.",
        cost: "What one program has checked, the other would not use.",
        remedy: "The server refuses JSON that says a thing twice, so there is one way to read what it accepts.",
        step: Step::ClientDocument,
        revisions: BOTH,
        plot: Plot::Document("twice"),
        prediction: page("NotAnObject", Clause::ClientDocument),
    },
    Attack {
        id: "document-slow",
        proves: &["AS-49"],
        title: "A document that does not come",
        story: "An attacker’s host takes the request and says nothing. Each such request would hold the server for as \
                long as it is willing to wait.",
        change: "The document’s host answers after six seconds.",
        cost: "With enough of them, nobody else’s documents would be fetched.",
        remedy: "The server waits for five seconds in all, to the last byte. And one host can take no more than a few \
                 of its turns.",
        step: Step::ClientDocument,
        revisions: BOTH,
        plot: Plot::Document("slow"),
        prediction: page("DocumentUnavailable", Clause::ClientDocumentErrors),
    },
    Attack {
        id: "other-port",
        proves: &["C24"],
        title: "A document at the port of another service",
        story: "An attacker names a database inside the network as the place of a document. The request of the server \
                would be nonsense to the database, or a command.",
        change: "In the authorization request, client_id is https://cache.example:6379/client.json.",
        cost: "The server would knock on doors for strangers, and tell them by its errors which opened.",
        remedy: "The server fetches documents from port 443 alone. Here it does not even look the name up; of a name \
                 that it looks up, it judges every address, and connects to the very one that it judged.",
        step: Step::ClientDocument,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Departs(1)),
            Change(&[Set(Query, "client_id", Text("https://cache.example:6379/client.json"))]),
        ]),
        prediction: page("DocumentUnavailable", Clause::ClientDocumentErrors),
    },
    Attack {
        id: "mapped-address",
        proves: &["X-31"],
        title: "An address in another spelling",
        story: "An attacker knows that a filter refuses 10.0.0.1. The same address has a spelling in IPv6, of which \
                the filter may know nothing.",
        change: "In the authorization request, client_id is https://[::ffff:10.0.0.1]/client.json.",
        cost: "A list of forbidden texts is passed by writing them otherwise, and the network inside lies open.",
        remedy: "The server takes names, and no address however it is written. What a name leads to it judges as a \
                 number, by what is public and not by what is forbidden.",
        step: Step::ClientDocument,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Departs(1)),
            Change(&[Set(Query, "client_id", Text("https://[::ffff:10.0.0.1]/client.json"))]),
        ]),
        prediction: page("BadClientIdUrl", Clause::ClientIdUrl),
    },
    Attack {
        id: "own-address",
        proves: &["AS-38"],
        title: "A document at the server’s own address",
        story: "An attacker names an address of the authorization server itself as a client. The server would ask \
                itself, and be asked in turn.",
        change: "In the authorization request, client_id is /client.json at the authorization server.",
        cost: "A few requests would keep the server busy with itself. And whatever texts it serves could speak as \
               clients, under the host that people trust most.",
        remedy: "The server knows its own name and fetches nothing from there.",
        step: Step::ClientDocument,
        revisions: BOTH,
        plot: Plot::Client(&[
            Until(Departs(1)),
            Change(&[Set(Query, "client_id", Kept(Issuer)), Set(Query, "client_id", Append("/client.json"))]),
        ]),
        prediction: page("OwnAddressAsClientId", Clause::ClientIdUrl),
    },
    Attack {
        id: "script-redirect",
        proves: &["ALL-03"],
        title: "A redirect URI that is a script",
        story: "An attacker registers javascript: as the place to return to. The page that sends the browser there is \
                the authorization server’s own.",
        change: "The document’s redirect_uris has javascript:alert(1).",
        cost: "The attacker’s code would run as the authorization server, with the session of whoever signed in.",
        remedy: "The server takes https addresses, and http on this machine. No other scheme is redirected to.",
        step: Step::ClientDocument,
        revisions: BOTH,
        plot: Plot::Document("script"),
        prediction: page("BadRedirectUri", Clause::RegistrationRedirect),
    },
    Attack {
        id: "trusted-name",
        proves: &["X-33"],
        title: "A client that calls itself trusted",
        story: "An attacker publishes a good document that says Trusted Editor. No rule forbids a name, and no server \
                can know whose it is.",
        change: "The document’s client_name is Trusted Editor. Everything in it is in order.",
        cost: "Whoever reads the name alone gives their notes to a stranger.",
        remedy: "The consent page shows what cannot be made up: the host of the client’s address and the host to \
                 return to, with a warning if that is this machine. The person decides.",
        step: Step::Consent,
        revisions: BOTH,
        plot: Plot::Document("trusted-name"),
        prediction: Prediction::Allowed(
            Clause::ClientIdIdentity,
            "The document is the client’s own and breaks no rule. What it calls itself is for the person to judge.",
        ),
    },
];
