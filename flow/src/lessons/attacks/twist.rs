//! What a rogue server does.

macro_rules! twists {
    ($($(#[$what:meta])* $name:ident = $id:literal,)*) => {
        /// What a rogue server of the lab does otherwise than it should. Everything else it does as it should, or lets pass.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Twist {
            $($(#[$what])* $name,)*
        }

        impl Twist {
            /// All.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Its name in addresses: `other-issuer`.
            #[must_use]
            pub fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }
        }
    };
}

twists! {
    /// Nothing: the client arrives.
    None = "none",
    /// It refuses nothing, whatever it is sent.
    Lax = "lax",

    // Discovery
    /// The challenge names an address inside the network for the resource metadata.
    InwardMetadata = "inward-metadata",
    /// The resource metadata is about another MCP server.
    OtherResource = "other-resource",
    /// The resource metadata is about the same address with a slash more.
    ResourceSlash = "resource-slash",
    /// The resource metadata names no authorization server.
    NoServers = "no-servers",
    /// The resource metadata is a page for people.
    HtmlMetadata = "html-metadata",
    /// The resource metadata redirects to itself, for ever.
    EndlessRedirect = "endless-redirect",
    /// The authorization server's metadata names another issuer than the one that was asked for.
    OtherIssuer = "other-issuer",
    /// The authorization server's metadata says twice, and differently, who it is.
    TwoIssuers = "two-issuers",
    /// The authorization server's metadata is nested five thousand lists deep.
    DeepMetadata = "deep-metadata",
    /// The authorization server offers no PKCE.
    NoPkce = "no-pkce",
    /// The authorization server offers PKCE without a hash.
    PlainPkce = "plain-pkce",
    /// The authorization endpoint is a script.
    ScriptEndpoint = "script-endpoint",
    /// The token endpoint is on another host, without TLS.
    PlainTokenEndpoint = "plain-token-endpoint",

    // Authorization
    /// The browser is sent on to an honest server, which asks the person in the client's name.
    MixUp = "mix-up",

    // Tokens
    /// The token endpoint sends the client, with the code and its verifier, to another host.
    TokenRedirect = "token-redirect",
    /// The token response does not say what kind of token it has.
    NoTokenType = "no-token-type",
    /// The token is of a kind that the client did not ask for.
    OtherTokenType = "other-token-type",
    /// The token has a line break in it.
    TokenLineBreak = "token-line-break",
    /// The token allows more than was asked for.
    WiderScope = "wider-scope",

    // Use
    /// Every token is refused as invalid.
    EveryTokenInvalid = "every-token-invalid",
    /// A tool is refused for its scope, whatever was granted.
    NeverEnough = "never-enough",
    /// Every session is lost as soon as it has begun.
    LostSessions = "lost-sessions",
    /// A tool asks to be asked once more, for ever.
    NeverDone = "never-done",
    /// A tool asks the person for a password.
    AsksPassword = "asks-password",

    // What a page may read
    /// No page of another origin may read the header of the challenge.
    HiddenChallenge = "hidden-challenge",
    /// No page of another origin may read the session's id, and no request is answered without it.
    HiddenSession = "hidden-session",
    /// Pages of other origins may send any header, by a star that does not stand for the one with the token.
    StarForHeaders = "star-for-headers",
    /// No page of another origin may read anything.
    NoCors = "no-cors",
}

impl Twist {
    /// The twist of this name.
    #[must_use]
    pub fn parse(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|twist| twist.id() == id)
    }
}
