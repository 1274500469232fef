//! Header and claims, one by one.

use protocol::access_token::{UnverifiedJwt, is_access_token_type, open_unverified};
use protocol::clause::Clause;
use protocol::ids::UnixTime;
use protocol::jwks::TokenAlgorithm;
use protocol::party::Party;
use serde_json::Value;

use super::verification::key_of;
use crate::token_response::{claim_meaning, header_meaning, names, text};

/// How far the clock of an authorization server may be ahead, in seconds.
const MAX_CLOCK_SKEW: u64 = 5;
/// What the MCP server does not do without.
const REQUIRED_HEADER: [&str; 3] = ["alg", "typ", "kid"];
const REQUIRED_CLAIMS: [&str; 7] = ["iss", "aud", "sub", "client_id", "iat", "exp", "jti"];

/// What is known of a token from elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// The authorization server that was asked.
    pub issuer: String,
    /// The MCP server that it is for.
    pub resource: String,
    /// The client that it was issued to.
    pub client_id: String,
}

/// A token, opened and **not verified**.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenedToken {
    /// What stands in the header, in its order; then what is missing there.
    pub header: Vec<Member>,
    /// The claims, likewise.
    pub claims: Vec<Member>,
}

/// A member of the header, or a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// As it is called there.
    pub name: String,
    /// Its value; a text without quotation marks.
    pub value: String,
    /// The moment, if the value is one.
    pub moment: Option<UnixTime>,
    /// What it means; may be empty.
    pub meaning: &'static str,
    /// Who judges it; nobody judges what is only read.
    pub judge: Option<Party>,
    /// What that party will do with it, or has done.
    pub judgement: &'static str,
    /// The rule, where a specification has one.
    pub clause: Option<Clause>,
    /// Whether it is as it has to be, as far as can be seen here. What the judge makes of it is its own business.
    pub verdict: Verdict,
}

/// Whether a member is as it has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is.
    Holds,
    /// It is not; this was expected.
    Fails(String),
    /// There is nothing here to compare it with.
    Open,
}

impl Verdict {
    fn of(holds: bool, expected: &str) -> Self {
        if holds { Self::Holds } else { Self::Fails(expected.to_owned()) }
    }
}

/// Who judges a member, how, and with which outcome.
struct Judged(Option<Party>, &'static str, Option<Clause>, Verdict);

/// Opens a token at a moment, with the key set of the authorization server if it is known; `None` if it is no JWT.
///
/// Spec: RFC 9068 §2, §4; RFC 8725 §3.
#[must_use]
pub fn open(token: &str, expected: &Expected, now: UnixTime, key_set: Option<&str>) -> Option<OpenedToken> {
    let UnverifiedJwt { header, claims } = open_unverified(token)?;
    let mut opened = OpenedToken { header: Vec::new(), claims: Vec::new() };
    for (name, value) in &header {
        let judged = judge_header(name, value, key_set);
        opened.header.push(member(name, value, header_meaning(name), judged));
    }
    for (name, value) in &claims {
        let judged = judge_claim(name, value, expected, now);
        opened.claims.push(member(name, value, claim_meaning(name), judged));
    }
    let missing = |name: &&&str| !header.contains_key(**name);
    opened
        .header
        .extend(REQUIRED_HEADER.iter().filter(missing).map(|name| absent(name, header_meaning(name))));
    let missing = |name: &&&str| !claims.contains_key(**name);
    opened
        .claims
        .extend(REQUIRED_CLAIMS.iter().filter(missing).map(|name| absent(name, claim_meaning(name))));
    Some(opened)
}

fn member(
    name: &str,
    value: &Value,
    meaning: &'static str,
    Judged(judge, judgement, clause, verdict): Judged,
) -> Member {
    let is_moment = matches!(name, "iat" | "exp" | "nbf" | "auth_time");
    Member {
        name: name.to_owned(),
        value: text(Some(value)),
        moment: value.as_u64().filter(|_| is_moment).map(UnixTime),
        meaning,
        judge,
        judgement,
        clause,
        verdict,
    }
}

fn absent(name: &str, meaning: &'static str) -> Member {
    let verdict = Verdict::Fails(String::from("a value"));
    let judged = Judged(
        Some(Party::McpServer),
        "will refuse a token without it",
        Some(Clause::TokenValidity),
        verdict,
    );
    Member { value: text(None), ..member(name, &Value::Null, meaning, judged) }
}

fn judge_header(name: &str, value: &Value, key_set: Option<&str>) -> Judged {
    let is_text = |holds: fn(&str) -> bool| value.as_str().is_some_and(holds);
    let (how, verdict) = match name {
        "alg" => (
            "will take the algorithm from the key, and refuse a token that says another",
            Verdict::of(is_text(|alg| alg.parse::<TokenAlgorithm>().is_ok()), "RS256, ES256 or EdDSA"),
        ),
        "typ" => (
            "will refuse every other type: an ID token must not pass for an access token",
            Verdict::of(is_text(is_access_token_type), "at+jwt"),
        ),
        "kid" => (
            "will look for this key among those of the authorization server, and nowhere else",
            match key_set {
                None => Verdict::Open,
                Some(keys) => {
                    let is_there = value.as_str().is_some_and(|kid| key_of(keys, kid).is_some());
                    Verdict::of(is_there, "a key of the authorization server")
                }
            },
        ),
        "crit" => (
            "will refuse what it does not understand, and it understands no extension",
            Verdict::Fails("nothing".to_owned()),
        ),
        "jku" | "jwk" | "x5u" | "x5c" => {
            return Judged(None, "never read: a token cannot bring its own key", None, Verdict::Open);
        }
        _ => return Judged(None, "ignored", None, Verdict::Open),
    };
    Judged(Some(Party::McpServer), how, Some(Clause::TokenValidity), verdict)
}

fn judge_claim(name: &str, value: &Value, expected: &Expected, now: UnixTime) -> Judged {
    use Party::{AuthorizationServer, McpServer};
    let seconds = value.as_u64().map(UnixTime);
    let has_begun = |latest: UnixTime| seconds.is_some_and(|moment| moment <= latest);
    let validity = |how, verdict| Judged(Some(McpServer), how, Some(Clause::TokenValidity), verdict);
    match name {
        "iss" => validity(
            "will compare it with the one authorization server that it trusts",
            Verdict::of(value == &expected.issuer, &expected.issuer),
        ),
        "aud" => Judged(
            Some(McpServer),
            "will compare it with its own address, and refuse what was issued for another server",
            Some(Clause::TokenAudience),
            Verdict::of(names(Some(value), &expected.resource), &expected.resource),
        ),
        "exp" => validity(
            "will refuse the token from then on",
            Verdict::of(seconds.is_some_and(|moment| moment > now), "later than now"),
        ),
        "iat" | "nbf" => validity(
            "will refuse a token of the future",
            Verdict::of(has_begun(now.plus(MAX_CLOCK_SKEW)), "not later than now"),
        ),
        "cnf" => validity(
            "will refuse a token that is bound to a key: no proof of that key is looked for here",
            Verdict::Fails("nothing".to_owned()),
        ),
        "scope" => Judged(
            Some(McpServer),
            "will look here at each call for what the tool needs, and else answer 403",
            Some(Clause::InsufficientScope),
            Verdict::Open,
        ),
        "client_id" => Judged(
            Some(AuthorizationServer),
            "wrote down which client redeemed the code",
            None,
            Verdict::of(value == &expected.client_id, &expected.client_id),
        ),
        "sub" => Judged(None, "not judged: the MCP server acts for this person", None, Verdict::Open),
        "jti" => Judged(None, "not judged: logs and revocation call the token by it", None, Verdict::Open),
        _ => Judged(None, "ignored", None, Verdict::Open),
    }
}

#[cfg(test)]
mod tests {
    use protocol::base64url;
    use serde_json::json;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    const NOW: UnixTime = UnixTime(1_800_000_000);

    fn token(header: &Value, claims: &Value) -> String {
        let part = |value: &Value| base64url(value.to_string().as_bytes());
        format!("{}.{}.c2ln", part(header), part(claims))
    }

    fn header() -> Value {
        json!({ "alg": "ES256", "typ": "at+jwt", "kid": "k1" })
    }

    fn claims() -> Value {
        json!({
            "iss": "http://localhost:9000", "aud": "http://localhost:8001/mcp", "sub": "ada",
            "client_id": "http://localhost:3000/client.json", "scope": "mcp:connect",
            "iat": NOW.0, "exp": NOW.0 + 600, "jti": "t1",
        })
    }

    fn opened(header: &Value, claims: &Value, keys: Option<&str>) -> OpenedToken {
        let expected = Expected {
            issuer: "http://localhost:9000".into(),
            resource: "http://localhost:8001/mcp".into(),
            client_id: "http://localhost:3000/client.json".into(),
        };
        open(&token(header, claims), &expected, NOW, keys).unwrap()
    }

    fn failing(members: &[Member]) -> Vec<&str> {
        let failing = members.iter().filter(|member| matches!(member.verdict, Verdict::Fails(_)));
        failing.map(|member| member.name.as_str()).collect()
    }

    #[test]
    fn a_good_token_holds_wherever_it_can_be_compared() {
        let good = opened(&header(), &claims(), Some(r#"{"keys":[{"kid":"k1","kty":"EC"}]}"#));
        assert!(good.header.iter().all(|member| member.verdict == Verdict::Holds), "{:?}", good.header);
        let open: Vec<_> = good.claims.iter().filter(|member| member.verdict == Verdict::Open).collect();
        assert_eq!(open.iter().map(|member| &member.name).collect::<Vec<_>>(), ["sub", "scope", "jti"]);
        assert!(failing(&good.claims).is_empty());
        let exp = good.claims.iter().find(|member| member.name == "exp").unwrap();
        assert_eq!(exp.moment, Some(NOW.plus(600)));
        assert_eq!(exp.judge, Some(Party::McpServer));
    }

    #[test]
    fn each_claim_is_judged_by_what_is_known_from_elsewhere() {
        for (name, value) in [
            ("iss", json!("http://localhost:9001")),
            ("aud", json!("http://localhost:8001")),
            ("aud", json!(["http://localhost:8001/mcp-2"])),
            ("client_id", json!("other")),
            ("exp", json!(NOW.0)),
            ("exp", json!("soon")),
            ("iat", json!(NOW.0 + 6)),
            ("nbf", json!(NOW.0 + 6)),
            ("cnf", json!({ "jkt": "x" })),
        ] {
            let mut claims = claims();
            claims[name] = value;
            assert_eq!(failing(&opened(&header(), &claims, None).claims), [name], "{claims}");
        }
        let mut several = claims();
        several["aud"] = json!(["http://localhost:8001/mcp", "http://localhost:9999"]);
        assert!(failing(&opened(&header(), &several, None).claims).is_empty());
    }

    #[test]
    fn each_member_of_the_header_is_judged() {
        for (name, value) in [("alg", "none"), ("alg", "HS256"), ("typ", "JWT"), ("kid", "k2"), ("crit", "x")]
        {
            let mut header = header();
            header[name] = json!(value);
            let opened = opened(&header, &claims(), Some(r#"{"keys":[{"kid":"k1","kty":"EC"}]}"#));
            assert_eq!(failing(&opened.header), [name], "{header}");
        }
        let unseen = opened(&header(), &claims(), None);
        assert_eq!(unseen.header[2].verdict, Verdict::Open, "nothing is said of keys that were not seen");
        let mut own_key = header();
        own_key["jwk"] = json!({});
        let own_key = opened(&own_key, &claims(), None);
        assert_eq!(
            (own_key.header[3].judge, own_key.header[3].judgement.contains("never read")),
            (None, true)
        );
    }

    #[test]
    fn what_is_missing_is_said() {
        let opened = opened(&json!({ "alg": "RS256" }), &json!({ "sub": "ada" }), None);
        assert_eq!(failing(&opened.header), ["typ", "kid"]);
        assert_eq!(failing(&opened.claims), ["iss", "aud", "client_id", "iat", "exp", "jti"]);
        assert_eq!(opened.claims[1].value, "nothing");
        assert_eq!(open("opaque", &Expected::default(), NOW, None), None);
    }
}
