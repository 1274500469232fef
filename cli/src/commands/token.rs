//! `token`: what a token says, and whether the MCP server may believe it.

use std::io::{self, Read as _, Write as _};

use flow::decode_jwt;
use flow::http::Request;
use flow::trace::{Check, Decoded, Outcome};
use flow::{Action, Era, Farewell, Flow};
use jsonwebtoken::jwk::{Jwk, JwkSet, KeyAlgorithm};
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use protocol::access_token::{UnverifiedJwt, is_access_token_type, open_unverified};
use protocol::clause::Clause;
use protocol::revision::Revision;
use serde_json::{Value, json};

use super::{CommandError, Helper, driver, print_json, stranger};
use crate::args::TokenArgs;
use crate::exit::Exit;
use crate::report::{Palette, harmless, print_check};
use walker::driver::{DriveError, system_env};
use walker::http::Http;
use walker::person::{Decision, Person};

/// More than any token has.
const MAX_TOKEN_BYTES: u64 = 64 * 1024;

/// Opens a token; with `--server` it is verified as that server would.
///
/// # Errors
/// [`CommandError`].
pub async fn run(args: &TokenArgs) -> Result<Exit, CommandError> {
    let token = read_token(&args.token)?;
    let Some(jwt) = open_unverified(&token) else {
        return Err(CommandError::Usage(
            "this is no JWT: an opaque token says nothing to anybody but the server that issued it".into(),
        ));
    };
    let trust = match &args.server {
        Some(server) => Some(Trust::discover(server).await?),
        None => None,
    };
    let checks = trust.as_ref().map(|trust| trust.judge(&token, &jwt)).unwrap_or_default();
    let decoded = decode_jwt(&token);
    let holds = checks.iter().all(|check| check.outcome != Outcome::Failed);
    if args.json {
        let verified = trust.is_some().then_some(holds);
        let object =
            json!({ "header": jwt.header, "claims": jwt.claims, "verified": verified, "checks": checks });
        print_json(&object)?;
    } else {
        print(&decoded, &checks, trust.is_some())?;
    }
    Ok(if holds { Exit::Done } else { Exit::Stopped })
}

fn read_token(argument: &str) -> Result<String, CommandError> {
    let mut token = argument.to_owned();
    if argument == "-" {
        token.clear();
        io::stdin().take(MAX_TOKEN_BYTES).read_to_string(&mut token)?;
    }
    // As it stands in a header is how many have it at hand.
    let token = token.trim();
    let token = token.strip_prefix("Bearer ").unwrap_or(token).trim();
    if token.is_empty() {
        return Err(CommandError::Usage(
            "no token was given: neither as an argument nor on standard input".into(),
        ));
    }
    Ok(token.to_owned())
}

fn print(decoded: &[Decoded], checks: &[Check], judged: bool) -> io::Result<()> {
    let (mut out, palette) = (io::stdout(), Palette::for_stdout());
    for part in decoded {
        writeln!(out, "{}", palette.paint("1", &part.title))?;
        for (name, value, meaning) in &part.rows {
            let value = harmless(value).replace('\n', " ");
            writeln!(out, "  {:<12} {value}  {}", harmless(name), palette.paint("2", meaning))?;
        }
    }
    if !judged {
        return writeln!(
            out,
            "\nNot verified: anybody can write this. Name the MCP server with --server to have it judged."
        );
    }
    writeln!(out, "{}", palette.paint("1", "Checks"))?;
    checks.iter().try_for_each(|check| print_check(&mut out, palette, check, harmless))
}

/// What the MCP server trusts: found as a client finds it.
struct Trust {
    resource: String,
    issuer: String,
    keys: JwkSet,
}

impl Trust {
    async fn discover(server: &str) -> Result<Self, CommandError> {
        let config = stranger(server, Era::Only(Revision::default()))?;
        let http = Http::new()?;
        let mut helper = Helper::scripted(Person::new(http.clone(), "nobody", Decision::Deny), None);
        let mut flow = Flow::new(config);
        let walked =
            driver(http.clone()).walk_and_leave(&mut flow, Farewell::EndSession, &mut helper, |_| ()).await;
        let Err(DriveError::Nobody { issuer }) = walked else {
            let text = |why: &str| format!("whom {server} trusts cannot be found out: {why}");
            return Err(match (walked, flow.poll()) {
                (Ok(()), Action::Failed(failure)) if failure.clause.is_none() => {
                    CommandError::Unreachable(text(&format!("{}: {}", failure.title, failure.found)))
                }
                (Ok(()), Action::Failed(failure)) => {
                    CommandError::Undiscovered(text(&format!("{}: {}", failure.title, failure.found)))
                }
                (Ok(()), _) => CommandError::Undiscovered(text("it answers without a token")),
                (Err(error), _) => CommandError::Undiscovered(text(&error.to_string())),
            });
        };
        let value = |name| flow.trace().value(name, flow.trace().entries().len()).map(str::to_owned);
        let jwks_uri = value("jwks_uri").ok_or_else(|| {
            CommandError::Usage(format!("{issuer} has no jwks_uri: its tokens are not for others to verify"))
        })?;
        let answer = http.send(&Request::get_json(&jwks_uri)).await;
        let keys =
            answer.and_then(|answer| serde_json::from_str(&answer.body).map_err(|reason| reason.to_string()));
        Ok(Self {
            resource: value("resource").unwrap_or_else(|| server.to_owned()),
            issuer: issuer.to_string(),
            keys: keys.map_err(|reason| {
                CommandError::Usage(format!("the keys at {jwks_uri} cannot be read: {reason}"))
            })?,
        })
    }

    /// Every check of an access token, in the order of the MCP server. None ends the list: the reader wants to see all.
    fn judge(&self, token: &str, jwt: &UnverifiedJwt) -> Vec<Check> {
        let text = |value: Option<&Value>| match value {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => "nothing".to_owned(),
        };
        let (typ, iss, aud) =
            (text(jwt.header.get("typ")), text(jwt.claims.get("iss")), jwt.claims.get("aud"));
        let now = system_env().now().0;
        let seconds = |name: &str| jwt.claims.get(name).and_then(Value::as_u64);
        let (exp, nbf) = (seconds("exp"), seconds("nbf"));
        let for_server = match aud {
            Some(Value::String(one)) => *one == self.resource,
            Some(Value::Array(many)) => many.iter().any(|one| *one == self.resource),
            _ => false,
        };
        let (signed, by) = self.verify_signature(token, jwt);
        vec![
            check(Clause::TokenValidity, "type", is_access_token_type(&typ), "at+jwt", typ),
            check(Clause::TokenValidity, "signature", signed, "by a key of the authorization server", by),
            check(Clause::TokenValidity, "issuer", iss == self.issuer, self.issuer.clone(), iss),
            check(Clause::TokenAudience, "audience", for_server, self.resource.clone(), text(aud)),
            check(
                Clause::TokenValidity,
                "expiry",
                exp.is_some_and(|exp| exp > now),
                "later than now",
                exp.map_or_else(
                    || "nothing".into(),
                    |exp| match exp.checked_sub(now) {
                        Some(left) => format!("in {left} s"),
                        None => format!("{} s ago", now - exp),
                    },
                ),
            ),
            check(
                Clause::TokenValidity,
                "not before",
                nbf.is_none_or(|nbf| nbf <= now),
                "not later than now, if it is there",
                nbf.map_or_else(|| "nothing".into(), |nbf| nbf.to_string()),
            ),
        ]
    }

    /// Whether a key of the server made the signature, and which one. The algorithm is the key's, never the token's.
    fn verify_signature(&self, token: &str, jwt: &UnverifiedJwt) -> (bool, String) {
        let kid = jwt.header.get("kid").and_then(Value::as_str);
        let Some((message, signature)) = token.rsplit_once('.') else {
            return (false, "no signature".into());
        };
        let candidates = self.keys.keys.iter().filter(|key| match (kid, &key.common.key_id) {
            (Some(wanted), Some(known)) => wanted == known,
            (None, _) | (_, None) => true,
        });
        let mut tried = 0;
        for key in candidates {
            tried += 1;
            let Some((algorithm, decoding)) = usable(key) else { continue };
            if crypto::verify(signature, message.as_bytes(), &decoding, algorithm).unwrap_or(false) {
                let name = key.common.key_id.as_deref().unwrap_or("without a name");
                return (true, format!("{algorithm:?}, key {name}"));
            }
        }
        let named = kid.map_or_else(|| "that the token does not name".to_owned(), |kid| format!("{kid:?}"));
        (
            false,
            if tried == 0 { format!("there is no key {named}") } else { format!("not by the key {named}") },
        )
    }
}

fn usable(key: &Jwk) -> Option<(Algorithm, DecodingKey)> {
    let algorithm = match key.common.key_algorithm {
        Some(KeyAlgorithm::RS256) => Algorithm::RS256,
        Some(KeyAlgorithm::PS256) => Algorithm::PS256,
        Some(KeyAlgorithm::ES256) => Algorithm::ES256,
        Some(KeyAlgorithm::EdDSA) => Algorithm::EdDSA,
        // Not every server says what its keys are for; their kind says it then.
        None => match &key.algorithm {
            jsonwebtoken::jwk::AlgorithmParameters::RSA(_) => Algorithm::RS256,
            jsonwebtoken::jwk::AlgorithmParameters::EllipticCurve(_) => Algorithm::ES256,
            jsonwebtoken::jwk::AlgorithmParameters::OctetKeyPair(_) => Algorithm::EdDSA,
            _ => return None,
        },
        Some(_) => return None,
    };
    Some((algorithm, DecodingKey::from_jwk(key).ok()?))
}

fn check(
    clause: Clause,
    title: &'static str,
    holds: bool,
    expected: impl Into<String>,
    found: impl Into<String>,
) -> Check {
    Check {
        title: title.into(),
        clause,
        outcome: if holds { Outcome::Passed } else { Outcome::Failed },
        expected: expected.into(),
        found: found.into(),
    }
}
