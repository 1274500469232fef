//! The challenge that starts everything: `WWW-Authenticate: Bearer resource_metadata="…", scope="…"`.
//!
//! Reading is a tokenizer of the header's grammar (RFC 9110 §11.6.1). Searching for `scope=` in the text would find it
//! inside other parameters.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::scope::ScopeSet;

/// The parameters of a `Bearer` challenge that MCP uses.
///
/// Spec: RFC 6750 §3, RFC 9728 §5.1; MCP 2025-11-25 Authorization, Scope Challenge Handling.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BearerChallenge {
    /// `resource_metadata`: where the protected resource metadata is.
    pub resource_metadata: Option<String>,
    /// `scope`: what the request needs. `None` also for a value that is no list of scopes.
    pub scope: Option<ScopeSet>,
    /// `error`: absent when the request carried no credentials.
    pub error: Option<String>,
    /// `error_description`: for developers.
    pub error_description: Option<String>,
}

/// Why a header is no list of challenges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChallengeError {
    /// The text does not follow the grammar.
    #[error("the header does not follow the grammar of RFC 9110 §11.6.1")]
    Malformed,
    /// There are challenges, but none of the scheme `Bearer`.
    #[error("the header has no Bearer challenge")]
    NoBearer,
    /// A parameter stands twice in the Bearer challenge.
    #[error("a parameter stands twice in the Bearer challenge")]
    Repeated,
}

impl BearerChallenge {
    /// Finds the first `Bearer` challenge in a header value that may hold several challenges.
    ///
    /// Scheme and parameter names are case-insensitive, parameters come in any order, unknown ones are ignored.
    ///
    /// # Errors
    /// [`ChallengeError`].
    pub fn parse(header: &str) -> Result<Self, ChallengeError> {
        let challenges = Tokens::new(header).challenges()?;
        let (_, parameters) = challenges
            .into_iter()
            .find(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .ok_or(ChallengeError::NoBearer)?;
        let mut challenge = Self::default();
        let mut seen = BTreeSet::new();
        for (name, value) in parameters {
            let name = name.to_ascii_lowercase();
            match name.as_str() {
                "resource_metadata" => challenge.resource_metadata = Some(value),
                "scope" => challenge.scope = value.parse().ok(),
                "error" => challenge.error = Some(value),
                "error_description" => challenge.error_description = Some(value),
                _ => {}
            }
            if !seen.insert(name) {
                return Err(ChallengeError::Repeated);
            }
        }
        Ok(challenge)
    }

    /// Writes the header value; quotes and backslashes are escaped, and what may not stand in a header is left out.
    #[must_use]
    pub fn to_header(&self) -> String {
        let scope = self.scope.as_ref().map(ToString::to_string);
        let parameters = [
            ("error", self.error.as_deref()),
            ("error_description", self.error_description.as_deref()),
            ("resource_metadata", self.resource_metadata.as_deref()),
            ("scope", scope.as_deref()),
        ];
        let mut header = String::from("Bearer");
        let mut separator = " ";
        for (name, value) in parameters.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            let _ = write!(header, "{separator}{name}=\"");
            for c in value.chars().filter(|c| matches!(c, ' '..='~')) {
                if matches!(c, '"' | '\\') {
                    header.push('\\');
                }
                header.push(c);
            }
            header.push('"');
            separator = ", ";
        }
        header
    }
}

type Challenge = (String, Vec<(String, String)>);

/// A cursor over the header.
struct Tokens<'a> {
    rest: &'a str,
}

impl<'a> Tokens<'a> {
    fn new(header: &'a str) -> Self {
        Self { rest: header }
    }

    fn challenges(mut self) -> Result<Vec<Challenge>, ChallengeError> {
        let mut challenges: Vec<Challenge> = Vec::new();
        self.skip_separators();
        while !self.rest.is_empty() {
            let word = self.token()?;
            self.skip_blanks();
            // `name = value` continues the current challenge; anything else is the scheme of the next one.
            if let Some((_, parameters)) = challenges.last_mut()
                && self.rest.starts_with('=')
            {
                parameters.push((word.to_owned(), self.value()?));
            } else {
                self.skip_token68();
                challenges.push((word.to_owned(), Vec::new()));
            }
            self.skip_separators();
        }
        if challenges.is_empty() { Err(ChallengeError::Malformed) } else { Ok(challenges) }
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }

    fn skip_separators(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', ',']);
    }

    /// `token`, RFC 9110 §5.6.2.
    fn token(&mut self) -> Result<&'a str, ChallengeError> {
        let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        let end = self.rest.find(|c| !is_token(c)).unwrap_or(self.rest.len());
        let (token, rest) = self.rest.split_at(end);
        if token.is_empty() {
            return Err(ChallengeError::Malformed);
        }
        self.rest = rest;
        Ok(token)
    }

    /// `= token` or `= "quoted"`, with blanks around the sign.
    fn value(&mut self) -> Result<String, ChallengeError> {
        self.rest = self.rest.strip_prefix('=').ok_or(ChallengeError::Malformed)?;
        self.skip_blanks();
        match self.rest.strip_prefix('"') {
            None => self.token().map(str::to_owned),
            Some(quoted) => {
                let mut value = String::new();
                let mut chars = quoted.char_indices();
                while let Some((i, c)) = chars.next() {
                    match c {
                        '"' => {
                            self.rest = &quoted[i + 1..];
                            return Ok(value);
                        }
                        '\\' => value.push(chars.next().ok_or(ChallengeError::Malformed)?.1),
                        c => value.push(c),
                    }
                }
                Err(ChallengeError::Malformed)
            }
        }
    }

    /// A credential blob such as `Negotiate YII=`: one word with padding, followed by a comma or the end.
    fn skip_token68(&mut self) {
        let is_token68 = |c: char| c.is_ascii_alphanumeric() || "-._~+/".contains(c);
        let after = self.rest.trim_start_matches(is_token68).trim_start_matches('=');
        let blob = &self.rest[..self.rest.len() - after.len()];
        let ends = after.is_empty() || after.trim_start_matches([' ', '\t']).starts_with(',');
        if !blob.is_empty() && ends {
            self.rest = after;
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn scopes(text: &str) -> ScopeSet {
        text.parse().unwrap()
    }

    /// Req: CL-01, RS-10
    #[test]
    fn reads_the_example_of_the_mcp_specification() {
        let challenge = BearerChallenge::parse(
            r#"Bearer resource_metadata="https://mcp.example.com/.well-known/oauth-protected-resource", scope="files:read""#,
        )
        .unwrap();
        assert_eq!(
            challenge.resource_metadata.as_deref(),
            Some("https://mcp.example.com/.well-known/oauth-protected-resource")
        );
        assert_eq!(challenge.scope, Some(scopes("files:read")));
        assert_eq!(challenge.error, None);
    }

    /// RFC 6750 §3 and RFC 9110 §11.6.1. Req: CL-01
    #[test]
    fn reads_published_headers() {
        let rfc6750 =
            r#"Bearer realm="example", error="invalid_token", error_description="The access token expired""#;
        assert_eq!(BearerChallenge::parse(rfc6750).unwrap().error.as_deref(), Some("invalid_token"));
        let several = r#"Basic realm="simple", Newauth realm="apps", type=1, title="Login to \"apps\"", bEaReR scope="a b""#;
        assert_eq!(BearerChallenge::parse(several).unwrap().scope, Some(scopes("a b")));
        let blob = "Negotiate YIIabc==, Bearer error=invalid_token";
        assert_eq!(BearerChallenge::parse(blob).unwrap().error.as_deref(), Some("invalid_token"));
    }

    #[test]
    fn order_case_and_blanks_do_not_matter() {
        let challenge = BearerChallenge::parse("bearer SCOPE = \"b a\" ,, Error=x , unknown=\"y\"").unwrap();
        assert_eq!(challenge.scope, Some(scopes("a b")));
        assert_eq!(challenge.error.as_deref(), Some("x"));
    }

    #[test]
    fn a_parameter_inside_another_ones_text_is_not_found() {
        let challenge =
            BearerChallenge::parse(r#"Bearer error_description="needs scope=\"admin\", error=x""#).unwrap();
        assert_eq!(challenge.scope, None);
        assert_eq!(challenge.error, None);
        assert_eq!(challenge.error_description.as_deref(), Some(r#"needs scope="admin", error=x"#));
    }

    #[test]
    fn refuses_what_is_no_challenge() {
        assert_eq!(BearerChallenge::parse(""), Err(ChallengeError::Malformed));
        assert_eq!(BearerChallenge::parse(r#"Bearer scope="open"#), Err(ChallengeError::Malformed));
        assert_eq!(BearerChallenge::parse(r#"Bearer scope="x\"#), Err(ChallengeError::Malformed));
        assert_eq!(BearerChallenge::parse("Basic realm=x"), Err(ChallengeError::NoBearer));
        assert_eq!(BearerChallenge::parse("Bearer scope=a, scope=b"), Err(ChallengeError::Repeated));
    }

    /// Minutes, if each name were compared with all before it: nobody may keep a client busy with a header.
    #[test]
    fn many_parameters_are_read_in_no_time() {
        let many: Vec<_> = (0..100_000).map(|i| format!("p{i}=x")).collect();
        let challenge = BearerChallenge::parse(&format!("Bearer {}, error=x", many.join(","))).unwrap();
        assert_eq!(challenge.error.as_deref(), Some("x"));
    }

    #[test]
    fn writing_escapes_and_cannot_split_the_header() {
        let challenge = BearerChallenge {
            error: Some("invalid_token".into()),
            error_description: Some("say \"hi\" \\ there\r\nSet-Cookie: x".into()),
            ..Default::default()
        };
        let header = challenge.to_header();
        assert_eq!(
            header,
            r#"Bearer error="invalid_token", error_description="say \"hi\" \\ thereSet-Cookie: x""#
        );
    }

    #[cfg(not(target_arch = "wasm32"))]
    mod properties {
        use proptest::prelude::*;

        use super::*;

        proptest! {
            #[test]
            fn any_text_is_read_without_panic(text in ".{0,200}") {
                let _ = BearerChallenge::parse(&text);
            }

            #[test]
            fn writing_and_reading_are_inverse(description in "[ -~]{0,40}", error in "[a-z_]{1,20}") {
                let challenge = BearerChallenge {
                    resource_metadata: Some("https://rs.example/.well-known/oauth-protected-resource/mcp".into()),
                    scope: Some(scopes("mcp:connect weather:read")),
                    error: Some(error),
                    error_description: Some(description),
                };
                prop_assert_eq!(BearerChallenge::parse(&challenge.to_header()).unwrap(), challenge);
            }
        }
    }
}
