//! x
use flow::identity::{Credentials, Identities, Origin, Proof, SelfDescription};
use flow::{Action, Config, Era, Flow};
use mcp_auth_lab::person::Decision;
use protocol::client_metadata::ApplicationType;
use protocol::ids::ClientId;
use protocol::observation::Observation;
use protocol::revision::Revision;

use crate::observations::list;
use crate::support::Lab;

fn config(lab: &Lab, revision: Revision, way: Origin) -> Config {
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

#[tokio::test]
async fn the_plan_is_what_happens() {
    for revision in Revision::ALL {
        for way in [Origin::Document, Origin::Registered, Origin::Dynamic] {
            let lab = Lab::start().await;
            let mut flow = Flow::new(config(&lab, revision, way));
            lab.walk(&mut flow, &mut lab.person(Decision::Allow), |_| ()).await.unwrap();
            assert_eq!(flow.poll(), Action::Rest);
            let seen: Vec<Observation> = serde_json::from_str(&list(&lab, "").await).unwrap();
            let hops = record::merge(flow.trace().entries(), &seen);
            println!("=== {revision:?} {way:?}");
            for hop in &hops {
                println!(
                    "{:?} {:?}>{:?} {} | {}",
                    hop.step,
                    hop.from,
                    hop.to,
                    hop.title,
                    hop.answer.as_deref().unwrap_or("-")
                );
            }
            lab.end().await;
        }
    }
}
