//! The words that a newcomer meets, in one plain sentence each.

/// A word and its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Term {
    /// The word, as it stands in texts.
    pub word: &'static str,
    /// What it means, in one sentence.
    pub meaning: &'static str,
}

const fn term(word: &'static str, meaning: &'static str) -> Term {
    Term { word, meaning }
}

/// All, in the order of the alphabet.
pub const TERMS: [Term; 28] = [
    term("access token", "What the client shows with each request to be let in; it expires soon."),
    term("audience", "The server that a token is for; every other must refuse it."),
    term("authorization server", "Signs people in, asks them, and issues tokens."),
    term("bearer", "Whoever holds the token may use it, as with cash."),
    term("CIMD", "Client ID Metadata Document: the client's id is the URL of a document about itself."),
    term("claim", "One statement in a token, such as who issued it or when it expires."),
    term("client", "The program that wants to act for you; here, this page."),
    term("code", "Good once and for a short time: the client exchanges it for a token."),
    term("consent", "Your answer to what a client asks for."),
    term("DCR", "Dynamic Client Registration: the client registers itself and is given an id."),
    term("grant", "What you have allowed one client at one server, until it ends or you take it back."),
    term("introspection", "A server asks the authorization server whether a token is still good."),
    term("issuer", "The name of an authorization server: its address, compared character by character."),
    term("JWKS", "The public keys of an authorization server, as a JSON document."),
    term("JWT", "A signed JSON text: everybody can read it, nobody can change it."),
    term("kid", "Key ID: says which key of the JWKS signed a token."),
    term("MCP server", "Offers tools to a client; for OAuth it is the resource server."),
    term("mix-up", "An attack that makes a client take one authorization server's answer for another's."),
    term(
        "PKCE",
        "The client sends the hash of a secret first and the secret later, so a stolen code is useless.",
    ),
    term("redirect URI", "Where the browser is sent back to, with the code; registered beforehand."),
    term("refresh token", "Gets a new access token without asking you; works once."),
    term("resource", "The address of the MCP server, as the client asks for a token for it."),
    term("resource server", "Keeps the data, and lets in whoever brings a token for it."),
    term("revocation", "A token is given back, so that nobody can use it any more."),
    term("scope", "A name for something that a token allows, such as weather:read."),
    term("SSRF", "An attack that makes a server fetch an address of its own network."),
    term("state", "A random value that ties the answer to the browser that asked."),
    term("step-up", "Asking for one more scope at the moment when it is needed."),
];

/// What a word means, in whichever case it is written.
#[must_use]
pub fn meaning(word: &str) -> Option<&'static str> {
    TERMS.iter().find(|term| term.word.eq_ignore_ascii_case(word)).map(|term| term.meaning)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn each_word_is_found_and_has_one_sentence() {
        let words: Vec<_> = TERMS.iter().map(|term| term.word.to_ascii_lowercase()).collect();
        assert!(words.is_sorted_by(|one, next| one < next));
        for term in TERMS {
            assert_eq!(meaning(&term.word.to_ascii_uppercase()), Some(term.meaning));
            assert!(term.meaning.ends_with('.') && !term.meaning.contains(". "), "{}", term.word);
        }
        assert_eq!(meaning("cookie"), None);
    }
}
