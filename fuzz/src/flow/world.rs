//! The right answers: an MCP server, any number of authorization servers, and the host of the client's document. Each
//! does what the specification says, whatever the client was told to ask; the script then changes what it says.

use std::collections::BTreeMap;

use ::flow::Outgoing;
use ::flow::http::{Method, Request, Response};
use ::flow::trace::Party;
use protocol::query::{self, Parameters};
use serde_json::{Value, json};

use super::edit;
use super::script::Script;
use super::secrets::{Held, Kind, Secrets};

/// Scopes of a first token.
const FIRST: &str = "mcp:connect";
/// Scopes that `get_weather` needs.
const MORE: &str = "mcp:connect weather:read";

/// Who is who, and what has been given out.
pub(crate) struct World {
    /// The MCP server.
    pub(crate) server: String,
    /// The authorization server that the MCP server names.
    pub(crate) issuer: String,
    /// The client's document.
    pub(crate) document: String,
    /// Where the browser comes back to.
    pub(crate) redirect_uri: String,
    /// What has been given out.
    pub(crate) secrets: Secrets,
    /// The last request at the MCP server that has an id.
    asked: Option<Request>,
    /// Scopes of codes and tokens.
    scopes: BTreeMap<String, String>,
}

/// Where an answer is changed by the rules of a script: the method of JSON-RPC, or what is asked for.
pub(crate) fn place(outgoing: &Outgoing) -> String {
    let Outgoing { to, request, .. } = outgoing;
    match (to, request.method) {
        (Party::McpServer, Method::Get) if header(request, "last-event-id").is_some() => "resume".into(),
        (Party::McpServer, Method::Get) => "resource-metadata".into(),
        (Party::McpServer, Method::Delete) => "end".into(),
        (Party::McpServer, Method::Post) => {
            message(request)["method"].as_str().expect("a message has a method").to_owned()
        }
        (Party::AuthorizationServer, Method::Get) => "server-metadata".into(),
        (Party::ClientHost, _) => "document".into(),
        _ if message(request).is_object() => "register".into(),
        _ if form(request).get("grant_type").ok().flatten().is_some() => "token".into(),
        _ => "revoke".into(),
    }
}

/// The JSON of a request; null if it is none.
pub(crate) fn message(request: &Request) -> Value {
    request.body.as_deref().and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default()
}

/// The value of a header.
pub(crate) fn header<'a>(request: &'a Request, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// The form of a request.
pub(crate) fn form(request: &Request) -> Parameters {
    Parameters::parse(request.body.as_deref().unwrap_or_default())
}

impl World {
    /// A world on loopback, like the lab, or one on the internet.
    pub(crate) fn new(script: &Script) -> Self {
        let addresses = if script.told("public").is_some() {
            ["https://mcp.example/mcp", "https://as.example", "https://app.example/client.json"]
        } else {
            ["http://localhost:8001/mcp", "http://localhost:9000", "http://localhost:3000/client.json"]
        };
        let [server, issuer, document] = addresses.map(str::to_owned);
        Self {
            server,
            issuer,
            document,
            redirect_uri: "http://localhost:3000/callback".into(),
            secrets: Secrets::default(),
            asked: None,
            scopes: BTreeMap::new(),
        }
    }

    /// The right answer to a request. `current` is the authorization server that the client has found.
    pub(crate) fn answer(&mut self, outgoing: &Outgoing, current: &str) -> Response {
        let request = &outgoing.request;
        match place(outgoing).as_str() {
            "resource-metadata" => json_answer(200, &self.resource_metadata()),
            "server-metadata" => json_answer(200, &server_metadata(&request.url)),
            "document" => json_answer(200, &self.client_document()),
            "register" => json_answer(201, &self.registered(request, current)),
            "token" => json_answer(200, &self.token(request, current)),
            "revoke" => plain_answer(200),
            "end" => plain_answer(204),
            "resume" => self.resumed(),
            method => {
                if message(request)["id"].is_u64() {
                    self.asked = Some(request.clone());
                }
                self.mcp(method, request)
            }
        }
    }

    /// The browser comes back with a code.
    pub(crate) fn authorized(&mut self, went_to: &str, current: &str) -> String {
        let asked = Parameters::parse(went_to.split_once('?').map_or("", |(_, query)| query));
        let asked = |name| asked.get(name).ok().flatten().unwrap_or_default();
        let code = self.secrets.give(Kind::Code, current);
        self.scopes.insert(code.clone(), asked("scope").to_owned());
        asked("state").clone_into(&mut self.secrets.last_state);
        let query = query::encode([("code", code.as_str()), ("state", asked("state")), ("iss", current)]);
        format!("{}?{query}", self.redirect_uri)
    }

    /// What a script made of a token is what the MCP server accepts.
    pub(crate) fn accept(&mut self, answer: &Response) {
        let answer: Value = serde_json::from_str(&answer.body).unwrap_or_default();
        if let Some(token) = answer["access_token"].as_str() {
            let scope = answer["scope"].as_str().unwrap_or(FIRST).to_owned();
            self.scopes.insert(token.to_owned(), scope);
        }
    }

    /// `$token` and the like are what was given out last.
    pub(crate) fn fill(&mut self, text: &str, request: Option<&Request>) -> String {
        if !text.contains('$') {
            return text.to_owned();
        }
        let id = request.map(|request| message(request)["id"].to_string()).unwrap_or_default();
        let mut text = text.replace("$id", &id).replace("$state", &self.secrets.last_state);
        for kind in Kind::ALL {
            if text.contains(kind.name()) {
                text = text.replace(kind.name(), self.secrets.tell(kind));
            }
        }
        text
    }

    fn resource_metadata(&self) -> Value {
        json!({
            "resource": self.server,
            "authorization_servers": [self.issuer],
            "scopes_supported": [FIRST],
            "bearer_methods_supported": ["header"],
        })
    }

    fn client_document(&self) -> Value {
        json!({ "client_id": self.document, "client_name": "Client", "redirect_uris": [self.redirect_uri] })
    }

    fn registered(&mut self, request: &Request, current: &str) -> Value {
        let mut registered = message(request);
        registered["client_id"] = "registered client".into();
        registered["registration_access_token"] = self.secrets.give(Kind::RegistrationToken, current).into();
        if registered["token_endpoint_auth_method"] != "none" {
            registered["client_secret"] = self.secrets.give(Kind::ClientSecret, current).into();
            registered["client_secret_expires_at"] = 0.into();
        }
        registered
    }

    fn token(&mut self, request: &Request, current: &str) -> Value {
        let form = form(request);
        let sent = |name| form.get(name).ok().flatten().unwrap_or_default();
        if let Ok(Some(verifier)) = form.get("code_verifier") {
            self.secrets.hold(Held::new(Kind::Verifier, verifier, current));
        }
        let asked = self.scopes.get(sent("code")).map_or(sent("scope"), String::as_str);
        let scope = if asked.is_empty() { FIRST } else { asked }.to_owned();
        json!({
            "access_token": self.secrets.give(Kind::AccessToken, current),
            "token_type": "Bearer",
            "expires_in": 600,
            "scope": scope,
            "refresh_token": self.secrets.give(Kind::RefreshToken, current),
        })
    }

    /// What is behind the end of a stream: the answer.
    fn resumed(&mut self) -> Response {
        let Some(asked) = self.asked.clone() else { return plain_answer(404) };
        let method = message(&asked)["method"].as_str().unwrap_or_default().to_owned();
        let mut answer = self.mcp(&method, &asked);
        edit::as_stream(&mut answer);
        answer
    }

    fn mcp(&mut self, method: &str, request: &Request) -> Response {
        let token = header(request, "authorization").and_then(|value| value.strip_prefix("Bearer "));
        let Some(scope) = token.and_then(|token| self.scopes.get(token)) else {
            let error = if token.is_some() { "error=\"invalid_token\", " } else { "" };
            let origin = self.server.trim_end_matches("/mcp");
            return challenge(
                401,
                &format!(
                    "Bearer {error}resource_metadata=\"{origin}/.well-known/oauth-protected-resource/mcp\", scope=\"{FIRST}\""
                ),
            );
        };
        let message = message(request);
        let tool = message["params"]["name"].as_str();
        if tool == Some("get_weather") && !scope.contains("weather:read") {
            return challenge(403, &format!("Bearer error=\"insufficient_scope\", scope=\"{MORE}\""));
        }
        if message.get("id").is_none() {
            return plain_answer(202);
        }
        let result = match method {
            "initialize" => json!({
                "protocolVersion": message["params"]["protocolVersion"],
                "capabilities": { "tools": {} },
                "serverInfo": { "name": "server", "version": "1" },
            }),
            "server/discover" => json!({
                "supportedVersions": ["2025-11-25", "2026-07-28"],
                "capabilities": { "tools": {} },
                "serverInfo": { "name": "server", "version": "1" },
            }),
            "tools/list" => json!({ "tools": tools() }),
            _ => json!({ "content": [{ "type": "text", "text": tool }], "isError": false }),
        };
        let mut answer =
            json_answer(200, &json!({ "jsonrpc": "2.0", "id": message["id"], "result": result }));
        if method == "initialize" {
            let id = self.secrets.give(Kind::Session, "");
            answer.headers.push(("mcp-session-id".into(), id));
        }
        answer
    }
}

fn tools() -> Value {
    let city = json!({ "type": "string", "x-mcp-header": "City" });
    json!([
        { "name": "whoami", "inputSchema": { "type": "object" } },
        {
            "name": "get_weather",
            "inputSchema": { "type": "object", "properties": { "city": city }, "required": ["city"] },
        },
    ])
}

/// Of the issuer whose document is asked for, whoever that is.
fn server_metadata(url: &str) -> Value {
    let (origin, path) = url.split_once("/.well-known/").unwrap_or((url, ""));
    let issuer = match path.split_once('/') {
        Some((_, path)) => format!("{origin}/{path}"),
        None => origin.to_owned(),
    };
    json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "registration_endpoint": format!("{issuer}/register"),
        "revocation_endpoint": format!("{issuer}/revoke"),
        "scopes_supported": ["mcp:connect", "weather:read", "offline_access"],
        "token_endpoint_auth_methods_supported":
            ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"],
        "code_challenge_methods_supported": ["S256"],
        "client_id_metadata_document_supported": true,
        "authorization_response_iss_parameter_supported": true,
    })
}

fn json_answer(status: u16, body: &Value) -> Response {
    let headers = [("content-type", "application/json"), ("cache-control", "no-store")];
    Response {
        status,
        headers: headers.map(|(name, value)| (name.into(), value.into())).into(),
        body: body.to_string(),
        elapsed_ms: 1,
    }
}

fn plain_answer(status: u16) -> Response {
    Response { status, headers: Vec::new(), body: String::new(), elapsed_ms: 1 }
}

fn challenge(status: u16, header: &str) -> Response {
    let headers = vec![("www-authenticate".into(), header.into())];
    Response { headers, ..plain_answer(status) }
}
