//! The whole journey as the page draws it: what the client wrote down and what the servers saw, in one order.

use std::collections::HashSet;

use flow::identity::Origin;
use flow::{Config, Era, Farewell, Flow, TokenKind};
use protocol::observation::Observation;
use protocol::party::Party;
use protocol::revision::Revision;
use record::{Hop, Record, merge};
use walker::person::Decision;

use crate::plan::config;
use crate::support::Lab;

/// Walks the journey of a revision and merges it with what the lab reports.
async fn walked(lab: &Lab, revision: Revision) -> (Flow, Vec<Hop>) {
    merged(lab, Config { era: Era::Only(revision), ..lab.config() }).await
}

/// The same for any journey.
pub(crate) async fn merged(lab: &Lab, config: Config) -> (Flow, Vec<Hop>) {
    let mut flow = Flow::new(config);
    let newest = observations(lab).await.len();
    lab.walk(&mut flow, &mut lab.person(Decision::Allow), |_| ()).await.unwrap();
    let hops = merge(flow.trace().entries(), &observations(lab).await[newest..]);
    (flow, hops)
}

async fn observations(lab: &Lab) -> Vec<Observation> {
    let url = format!("{}/lab/observations.json", lab.page);
    serde_json::from_str(&reqwest::get(url).await.unwrap().text().await.unwrap()).unwrap()
}

/// The ports are free ones: they get the names that they have in the real lab.
pub(crate) fn named(lab: &Lab, text: &str) -> String {
    text.replace(&lab.page, "http://localhost:3000")
        .replace(lab.mcp_server.trim_end_matches("/mcp"), "http://localhost:8001")
        .replace(&lab.authorization_server, "http://localhost:9000")
}

/// A line for each hop: whether its other side reported it (●) or not (○), and what the arrows say.
fn ladder(hops: &[Hop]) -> String {
    let line = |hop: &Hop| {
        let seen = if hop.seen.is_some() { '●' } else { '○' };
        let arrow = format!("{} → {}", hop.from.name(), hop.to.name());
        let answer = hop.answer.as_deref().map(|answer| format!(" ← {answer}")).unwrap_or_default();
        format!("{seen} {:<22}{arrow:<38}{}{answer}", hop.step.id(), hop.title)
    };
    hops.iter().map(line).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn every_message_of_the_journey_is_seen_from_both_sides() {
    let lab = Lab::start().await;
    for (revision, name) in
        [(Revision::V2025_11_25, "ladder-2025-11-25"), (Revision::V2026_07_28, "ladder-2026-07-28")]
    {
        let (flow, hops) = walked(&lab, revision).await;
        for hop in &hops {
            let is_message = hop.from != hop.to && hop.to != Party::Client;
            assert_eq!(hop.seen.is_some(), is_message, "{}", hop.title);
        }
        let reporting: HashSet<_> = hops.iter().filter_map(|hop| Some(hop.seen.as_ref()?.party)).collect();
        assert_eq!(reporting, [Party::McpServer, Party::AuthorizationServer, Party::ClientHost].into());
        let entries = flow.trace().entries();
        let own: Vec<_> = hops.iter().filter(|hop| hop.event.is_some()).map(|hop| &hop.title).collect();
        assert_eq!(
            own,
            entries.iter().map(|entry| &entry.title).collect::<Vec<_>>(),
            "in the client's order"
        );

        let text = named(&lab, &ladder(&hops));
        insta::with_settings!({
            omit_expression => true,
            snapshot_path => "golden",
            prepend_module_to_snapshot => false,
        }, {
            insta::assert_snapshot!(name, text);
        });
    }
    lab.end().await;
}

/// Req: ALL-11
#[tokio::test]
async fn what_is_taken_away_holds_no_secret_unless_it_is_wanted() {
    let lab = Lab::start().await;
    let (flow, hops) = walked(&lab, Revision::V2025_11_25).await;
    let open = Record::new(Revision::V2025_11_25, "cimd", hops);
    let secrets = secrets(&open);
    let masked = open.clone().masked(flow.trace());
    assert_eq!(Record::parse(&masked.to_json()), Ok(masked.clone()));
    assert_eq!(Record::parse(&open.to_json()), Ok(open.clone()));
    let exports =
        |record: &Record| [record.to_json(), record.to_har(), record.to_mermaid(), record.to_markdown()];
    for text in exports(&masked) {
        assert!(secrets.iter().all(|secret| !text.contains(secret.as_str())), "{text}");
    }
    let [json, har, mermaid, markdown] = exports(&open);
    assert!(secrets.iter().all(|secret| json.contains(secret.as_str()) && har.contains(secret.as_str())));
    assert!(markdown.contains("code_verifier="));
    assert_eq!(
        mermaid.matches("->>").count(),
        2 * open.hops.iter().filter(|hop| hop.answer.is_some()).count() + 2
    );
    lab.end().await;
}

/// So nobody is offered to have them with secrets: they are the same with and without.
#[tokio::test]
async fn a_diagram_and_a_script_hold_no_secret_of_any_run() {
    let lab = Lab::start().await;
    for revision in Revision::ALL {
        for way in [Origin::Document, Origin::Dynamic, Origin::Registered] {
            let mut flow = Flow::new(config(&lab, revision, way));
            let mut person = lab.person(Decision::Allow);
            lab.walk(&mut flow, &mut person, |_| ()).await.unwrap();
            flow.refresh(&lab.env()).unwrap();
            lab.walk(&mut flow, &mut person, |_| ()).await.unwrap();
            flow.revoke(&lab.env(), TokenKind::AccessToken).unwrap();
            lab.walk(&mut flow, &mut person, |_| ()).await.unwrap();
            flow.finish(&lab.env(), Farewell::RevokeTokens).unwrap();
            lab.walk(&mut flow, &mut person, |_| ()).await.unwrap();
            let open = Record::new(revision, way.as_str(), merge(flow.trace().entries(), &[]));
            let masked = open.clone().masked(flow.trace());
            assert_ne!(masked, open);
            assert_eq!(masked.to_mermaid(), open.to_mermaid());
            assert_eq!(masked.to_shell_script(), open.to_shell_script());
        }
    }
    lab.end().await;
}

/// Tokens, codes and verifiers of a run, and its sessions.
fn secrets(record: &Record) -> Vec<String> {
    let mut secrets = Vec::new();
    for hop in &record.hops {
        let (sent, got) = (hop.sent(), hop.got());
        let headers = sent.iter().flat_map(|sent| sent.headers).chain(got.iter().flat_map(|got| got.headers));
        for (name, value) in headers.filter(|_| hop.event.is_some()) {
            match name.as_str() {
                "authorization" => secrets.push(value.replace("Bearer ", "")),
                "mcp-session-id" => secrets.push(value.clone()),
                _ => {}
            }
        }
        let form = sent.and_then(|sent| sent.body).filter(|body| body.contains("code_verifier="));
        let fields = form.iter().flat_map(|form| form.split('&')).filter_map(|field| field.split_once('='));
        secrets
            .extend(fields.filter(|(name, _)| name.starts_with("code")).map(|(_, value)| value.to_owned()));
        let refresh = got.and_then(|got| got.body?.split_once(r#""refresh_token":""#));
        secrets.extend(refresh.map(|(_, rest)| rest[..43].to_owned()));
    }
    secrets.sort();
    secrets.dedup();
    assert!(secrets.len() >= 9, "two tokens, codes, verifiers and refresh tokens, and a session");
    secrets
}
