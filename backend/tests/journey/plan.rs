//! What the page shows as the road ahead is what then happens: in both revisions, for each way in which the client can be
//! known, with what only the servers see.

use flow::identity::{Credentials, Identities, Origin, Proof, SelfDescription};
use flow::lessons::plan;
use flow::{Action, Config, Era, Flow};
use protocol::client_metadata::ApplicationType;
use protocol::ids::ClientId;
use protocol::observation::Observation;
use protocol::revision::Revision;
use walker::person::Decision;

use crate::observations::list;
use crate::support::Lab;

pub(crate) fn config(lab: &Lab, revision: Revision, way: Origin) -> Config {
    let identities = match way {
        Origin::Document => lab.config().identities,
        Origin::Registered | Origin::Entered => Identities {
            registered: vec![Credentials {
                issuer: None,
                client_id: ClientId::parse("lab-preregistered").unwrap(),
                proof: Proof::Nothing,
            }],
            ..Identities::default()
        },
        Origin::Dynamic => Identities {
            registration: Some(SelfDescription {
                client_name: "Test".into(),
                application_type: ApplicationType::Native,
            }),
            ..Identities::default()
        },
    };
    Config { era: Era::Only(revision), identities, ..lab.config() }
}

/// The first word: a method, a verb, or a status. The rest of a title depends on what was found.
fn first(text: &str) -> &str {
    text.split(' ').next().unwrap_or_default()
}

/// Req: CL-15, CL-44
#[tokio::test]
async fn the_plan_is_what_happens() {
    for revision in Revision::ALL {
        for way in [Origin::Document, Origin::Registered, Origin::Dynamic] {
            let lab = Lab::start().await;
            let mut flow = Flow::new(config(&lab, revision, way));
            lab.walk(&mut flow, &mut lab.person(Decision::Allow), |_| ()).await.unwrap();
            assert_eq!(flow.poll(), Action::Rest);
            assert_eq!(flow.granted().unwrap().to_string(), "mcp:connect weather:read");

            let seen: Vec<Observation> = serde_json::from_str(&list(&lab, "").await).unwrap();
            let hops = record::merge(flow.trace().entries(), &seen);
            let happened: Vec<_> = hops
                .iter()
                .map(|hop| (hop.step, hop.from, hop.to, first(&hop.title), hop.answer.as_deref().map(first)))
                .collect();
            let planned: Vec<_> = plan::journey(revision, way)
                .map(|row| (row.step, row.from, row.to, first(row.title), row.answer.map(first)))
                .collect();
            assert_eq!(happened, planned, "{revision:?} {way:?}");
            lab.end().await;
        }
    }
}
