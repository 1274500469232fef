//! The lab's account of its own work, as the page reads it.

use flow::{Action, Env, Flow};
use protocol::observation::{Observation, correlation};
use protocol::party::Party;
use server_kit::entropy::{Entropy as _, SeededEntropy};
use walker::driver::Driver;
use walker::interrupts::Interrupts;
use walker::person::Decision;

use crate::logs::{Made, made_in, provoke_refusals};
use crate::support::Lab;

/// A stream of events, as an `EventSource` reads it.
struct Stream {
    response: reqwest::Response,
    text: String,
}

#[derive(Debug)]
struct Event {
    name: String,
    id: String,
    data: String,
}

impl Stream {
    async fn open(lab: &Lab, query: &str, last_event_id: Option<&str>) -> Self {
        let mut request = reqwest::Client::new().get(format!("{}/lab/observations{query}", lab.page));
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, text: String::new() }
    }

    /// The next event; `None` when the stream has ended.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| {
                    let line = event.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
                    line.unwrap_or_default().to_owned()
                };
                let event = Event { name: field("event"), id: field("id"), data: field("data") };
                self.text = rest.into();
                return Some(event);
            }
            let more = self.response.chunk().await.unwrap()?;
            self.text.push_str(std::str::from_utf8(&more).unwrap());
        }
    }
}

fn observation(event: &Event) -> Observation {
    serde_json::from_str(&event.data).unwrap_or_else(|_| panic!("{event:?}"))
}

pub(crate) async fn list(lab: &Lab, query: &str) -> String {
    let url = format!("{}/lab/observations.json{query}", lab.page);
    reqwest::get(url).await.unwrap().text().await.unwrap()
}

#[tokio::test]
async fn a_stream_tells_what_happens_and_is_taken_up_where_it_broke() {
    let lab = Lab::start().await;
    let get = async |url: String| assert!(reqwest::get(url).await.unwrap().status().is_success());
    get(format!("{}/client.json", lab.page)).await;

    let mut stream = Stream::open(&lab, "", None).await;
    let hello = stream.next().await.unwrap();
    assert_eq!(hello.name, "hello");
    let hello: serde_json::Value = serde_json::from_str(&hello.data).unwrap();
    assert_eq!(hello["seq"], 1, "what was before is not told");
    let boot = hello["boot"].as_str().unwrap().to_owned();
    get(format!("{}/jwks", lab.authorization_server)).await;
    let event = stream.next().await.unwrap();
    let seen = observation(&event);
    assert_eq!((event.id, seen.seq), (format!("{boot}-2"), 2));
    assert_eq!((seen.party, seen.response.status), (Party::AuthorizationServer, 200));
    assert_eq!(seen.request.url, format!("{}/jwks", lab.authorization_server));
    drop(stream);

    get(format!("{}/healthz", lab.mcp_server.trim_end_matches("/mcp"))).await;
    for (query, header, first) in [
        (format!("?after={boot}-2"), None, 3),
        (format!("?after={boot}-1"), Some(format!("{boot}-2")), 3),
        ("?after=00000000-2".to_owned(), None, 1),
        ("?after=0".to_owned(), None, 1),
    ] {
        let mut stream = Stream::open(&lab, &query, header.as_deref()).await;
        assert_eq!(stream.next().await.unwrap().name, "hello");
        let seen = observation(&stream.next().await.unwrap());
        assert_eq!(seen.seq, first, "{query}");
        let parties = [Party::ClientHost, Party::AuthorizationServer, Party::McpServer];
        assert_eq!(seen.party, parties[usize::try_from(first).unwrap() - 1]);
    }
    let all: Vec<Observation> = serde_json::from_str(&list(&lab, "").await).unwrap();
    assert_eq!(all.iter().map(|seen| seen.seq).collect::<Vec<_>>(), [1, 2, 3]);
    let rest: Vec<Observation> =
        serde_json::from_str(&list(&lab, &format!("?after={boot}-2")).await).unwrap();
    assert_eq!(rest, all[2..]);
    let lab_json = reqwest::get(format!("{}/lab.json", lab.page)).await.unwrap().text().await.unwrap();
    assert!(lab_json.contains(&format!(r#""boot":"{boot}""#)), "{lab_json}");
    lab.end().await;
}

/// A page that listens does not keep the lab from ending, and is told.
#[tokio::test]
async fn the_stream_ends_with_the_lab() {
    let lab = Lab::start().await;
    let mut stream = Stream::open(&lab, "", None).await;
    assert_eq!(stream.next().await.unwrap().name, "hello");
    lab.end().await;
    assert!(stream.next().await.is_none());
}

/// What the client wrote down and what the servers saw belong together, without anything in the messages for it.
#[tokio::test]
async fn each_request_of_a_journey_is_found_again() {
    let lab = Lab::start().await;
    let mut flow = Flow::new(lab.config());
    lab.walk(&mut flow, &mut lab.person(Decision::Allow), |_| ()).await.unwrap();
    let seen: Vec<Observation> = serde_json::from_str(&list(&lab, "").await).unwrap();
    let mut requests = 0;
    for entry in flow.trace().entries() {
        let flow::trace::Event::Exchange { request, .. } = &entry.event else { continue };
        let authorization = request.headers.iter().find(|(name, _)| name == "authorization");
        let expected = correlation(
            request.method.as_str(),
            &request.url,
            authorization.map(|(_, value)| value.as_str()),
            request.body.as_deref().unwrap_or_default().as_bytes(),
        );
        assert!(seen.iter().any(|seen| seen.correlation == expected), "{request:?}");
        requests += 1;
    }
    assert!(requests > 10, "{requests}");
    lab.end().await;
}

/// Req: ALL-11
#[tokio::test]
async fn no_secret_is_told() {
    let lab = Lab::start().await;
    // States are no secrets and are told, so verifiers must not be the same texts as in other tests.
    let entropy = SeededEntropy::new(2);
    let env = || {
        let bytes = [entropy.bytes(), entropy.bytes()].concat();
        Env { entropy: bytes.try_into().unwrap(), ..lab.env() }
    };
    let driver = Driver { http: lab.http.clone(), interrupts: Interrupts::Never, env };
    let mut flow = Flow::new(lab.config());
    driver.walk(&mut flow, &mut lab.person(Decision::Allow), |_| ()).await.unwrap();
    assert_eq!(flow.poll(), Action::Rest);
    // What the authorization server made up, what the client did, and the signatures of tokens.
    let Made { tokens, mut secrets, code, open, .. } = made_in(&flow);
    let verifiers = open.split("code_verifier=").skip(1).map(|rest| &rest[..43]);
    secrets.extend(
        verifiers.chain(tokens.iter().filter_map(|token| token.rsplit('.').next())).map(str::to_owned),
    );
    let form = format!("grant_type=authorization_code&client_id={}/client.json&code={code}", lab.page);
    provoke_refusals(&lab, &form, &mut secrets).await;

    let told = list(&lab, "").await;
    for path in ["/authorize?", "/sign-in", "/consent", "/token", "/introspect", "/mcp", "/client.json"] {
        assert!(told.contains(path), "nothing is told of {path}, so this test says nothing");
    }
    for secret in &secrets {
        let before = told.find(secret.as_str()).map(|at| &told[at.saturating_sub(200)..at]);
        assert_eq!(before, None, "{secret}");
    }
    lab.end().await;
}
