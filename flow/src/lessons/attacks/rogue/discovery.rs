//! Metadata that a client must not believe.

use protocol::clause::Clause;

use crate::lessons::attacks::{Attack, BOTH, Plot, Twist, stopped};
use crate::lessons::steps::Step;

pub(in crate::lessons::attacks) const ATTACKS: &[Attack] = &[
    Attack {
        id: "inward-metadata",
        proves: &["X-37", "CL-09"],
        title: "A challenge that points into the network",
        story: "A rogue MCP server cannot reach the machines behind your firewall, but your client can. So the server \
                names one of them as the place of its metadata, and lets the client knock.",
        change: "resource_metadata in the challenge is http://169.254.169.254/latest/meta-data/, where clouds keep the \
                 credentials of a machine.",
        cost: "A client that runs in a cloud would fetch secrets of its own machine, and show them in its error message.",
        remedy: "The client asks https addresses only, and from outside none that leads into a private network.",
        step: Step::Challenge,
        revisions: BOTH,
        plot: Plot::Server(Twist::InwardMetadata),
        prediction: stopped("resource_metadata: a URL to trust", Clause::EndpointUrls),
    },
    Attack {
        id: "other-resource",
        proves: &["X-36", "CL-03", "H02"],
        title: "Resource metadata of another server",
        story: "A rogue MCP server wants a token for the server of your bank. It shows you metadata that names the bank \
                as the resource, so that your client asks for just that token and then hands it to the rogue.",
        change: "resource in the metadata is the address of an honest MCP server.",
        cost: "The rogue would get a token that the honest server accepts.",
        remedy: "The client compares resource with the address that it uses, character by character, and asks for no \
                 token if they differ.",
        step: Step::ResourceMetadata,
        revisions: BOTH,
        plot: Plot::Server(Twist::OtherResource),
        prediction: stopped("resource is the URL that was used", Clause::ResourceIdentity),
    },
    Attack {
        id: "metadata-resource-slash",
        proves: &["X-36", "CL-03"],
        title: "resource with one slash more",
        story: "A server’s framework adds a slash to every address, and nobody compares the two. It is a mistake, but \
                to a client it looks just like an attack.",
        change: "resource in the metadata ends in a slash that the address of the server lacks.",
        cost: "A client that agrees to this has begun to guess which addresses mean the same, and a guess can be led \
               astray.",
        remedy: "The server keeps its address as one constant. The client changes nothing in either text before it \
                 compares them.",
        step: Step::ResourceMetadata,
        revisions: BOTH,
        plot: Plot::Server(Twist::ResourceSlash),
        prediction: stopped("resource is the URL that was used", Clause::ResourceIdentity),
    },
    Attack {
        id: "no-servers",
        proves: &[],
        title: "No authorization server at all",
        story: "A server publishes metadata without saying who gives tokens for it. It hopes that the client tries its \
                usual place, as clients did before 2025.",
        change: "authorization_servers is an empty list.",
        cost: "A client that falls back to the MCP server’s own host would let the attacker choose the login page.",
        remedy: "The client asks only servers that the metadata names, and tells the person if there are none.",
        step: Step::ResourceMetadata,
        revisions: BOTH,
        plot: Plot::Server(Twist::NoServers),
        prediction: stopped("an authorization server is named", Clause::AuthorizationServers),
    },
    Attack {
        id: "html-metadata",
        proves: &[],
        title: "Metadata that is a web page",
        story: "A proxy in front of the server answers every unknown address with its start page and status 200. The \
                client’s programmer had expected a 404.",
        change: "The place of the resource metadata answers 200 with HTML.",
        cost: "A client that goes on with empty values would ask the person on behalf of nobody.",
        remedy: "The client reads the document as a JSON object with the members that it needs, or does not use it.",
        step: Step::ResourceMetadata,
        revisions: BOTH,
        plot: Plot::Server(Twist::HtmlMetadata),
        prediction: stopped("format", Clause::ResourceMetadata),
    },
    Attack {
        id: "endless-redirect",
        proves: &["CL-09"],
        title: "Metadata behind an endless redirect",
        story: "A rogue server redirects each request for its metadata, to itself or wherever it likes. It wants to keep \
                the client busy, or to be led to an address that the client would never have asked directly.",
        change: "The resource metadata answers 307 to its own address.",
        cost: "A client that follows would never come back, or would come to an address that nobody checked.",
        remedy: "The client follows no redirect on the way to metadata: the document is at its address, or it is not \
                 there.",
        step: Step::ResourceMetadata,
        revisions: BOTH,
        plot: Plot::Server(Twist::EndlessRedirect),
        prediction: stopped("status", Clause::ResourceMetadata),
    },
    Attack {
        id: "other-issuer",
        proves: &["X-36", "CL-05", "H03"],
        title: "Metadata of another issuer",
        story: "A rogue MCP server sends you to an authorization server that claims to be another one, whose people you \
                trust. Your client would file what it gets under the wrong name.",
        change: "The authorization server’s metadata has an issuer other than the one that it was looked up for.",
        cost: "Credentials and codes of one server would be sent to the endpoints of another.",
        remedy: "The client compares the two texts, character by character, and uses nothing of the document if they \
                 differ.",
        step: Step::ServerMetadata,
        revisions: BOTH,
        plot: Plot::Server(Twist::OtherIssuer),
        prediction: stopped("issuer is the one that was looked up", Clause::IssuerIdentity),
    },
    Attack {
        id: "two-issuers",
        proves: &["X-36"],
        title: "Metadata that says issuer twice",
        story: "A rogue server writes issuer two times, once honestly and once not. Of two programs that read the \
                document one takes the first, the other the last, and each is sure to have checked it.",
        change: "The authorization server’s metadata has two members named issuer, with different values.",
        cost: "What one part of the client has verified would not be what another part uses.",
        remedy: "The client reads JSON strictly: a document that can be read in two ways is none.",
        step: Step::ServerMetadata,
        revisions: BOTH,
        plot: Plot::Server(Twist::TwoIssuers),
        prediction: stopped("format", Clause::ServerMetadata),
    },
    Attack {
        id: "deep-metadata",
        proves: &[],
        title: "Metadata without a bottom",
        story: "A rogue server hides ten kilobytes of opening brackets in a member that nobody needs. A program that reads \
                lists in lists by calling itself runs out of stack, and that ends more than this one run.",
        change: "A member of the authorization server’s metadata is a list, nested five thousand deep.",
        cost: "The client would crash, and with it whatever runs in the same program.",
        remedy: "The client reads JSON up to a fixed depth, also where it ignores what it reads.",
        step: Step::ServerMetadata,
        revisions: BOTH,
        plot: Plot::Server(Twist::DeepMetadata),
        prediction: stopped("format", Clause::ServerMetadata),
    },
    Attack {
        id: "no-pkce",
        proves: &["X-36", "CL-06", "H05"],
        title: "An authorization server without PKCE",
        story: "A server of an older kind does not know PKCE and ignores the challenge. The client sends one, sees no \
                error, and believes itself protected.",
        change: "code_challenge_methods_supported is missing from the metadata.",
        cost: "A code that is intercepted could be redeemed by whoever has it, and nobody would notice.",
        remedy: "The client looks for S256 in the metadata and sends the browser nowhere without it: a server that does \
                 not say so may ignore the challenge.",
        step: Step::ServerMetadata,
        revisions: BOTH,
        plot: Plot::Server(Twist::NoPkce),
        prediction: stopped("PKCE with S256 is offered", Clause::PkceAdvertised),
    },
    Attack {
        id: "plain-pkce",
        proves: &["X-36", "H05"],
        title: "PKCE without the hash",
        story: "A server offers the method plain alone, where the challenge is the verifier itself. It says that it \
                supports PKCE, and that is even true.",
        change: "code_challenge_methods_supported is [\"plain\"].",
        cost: "Whoever sees the authorization request, in a log or in the history, would have the verifier too.",
        remedy: "The client accepts S256 and nothing less.",
        step: Step::ServerMetadata,
        revisions: BOTH,
        plot: Plot::Server(Twist::PlainPkce),
        prediction: stopped("PKCE with S256 is offered", Clause::PkceAdvertised),
    },
    Attack {
        id: "script-endpoint",
        proves: &["X-37", "CL-08"],
        title: "A script as authorization endpoint",
        story: "A rogue server knows that clients open the authorization endpoint in a browser, some with the help of a \
                shell. So it gives them something else to open.",
        change: "authorization_endpoint is a javascript: URL.",
        cost: "The script would run in the client’s page, with its tokens; in other clients a command would run on the \
               machine.",
        remedy: "The client accepts https only, and http on loopback where a policy says so, before anything is opened.",
        step: Step::ServerMetadata,
        revisions: BOTH,
        plot: Plot::Server(Twist::ScriptEndpoint),
        prediction: stopped("the endpoints are URLs to trust", Clause::EndpointUrls),
    },
    Attack {
        id: "plain-token-endpoint",
        proves: &["X-37"],
        title: "A token endpoint elsewhere, without TLS",
        story: "Somebody who can change the metadata leaves the login page alone, so that nobody gets suspicious. Only \
                the code and its verifier shall go to another host, readable on the way.",
        change: "token_endpoint is an http URL on a foreign host.",
        cost: "Code and verifier together are the token, for everybody on the network.",
        remedy: "The client checks every endpoint of the document before it uses the first.",
        step: Step::ServerMetadata,
        revisions: BOTH,
        plot: Plot::Server(Twist::PlainTokenEndpoint),
        prediction: stopped("the endpoints are URLs to trust", Clause::EndpointUrls),
    },
];
