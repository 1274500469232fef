//! Which revision the server speaks, and how the client finds out.

use flow::http::Response;
use flow::{Era, Flow};
use protocol::clause::Clause;
use protocol::revision::Revision;
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use crate::answers::{Edit, edited, error};
use crate::world::{checks, failure, legacy, modern};

/// Req: CL-50, CL-51
#[test]
fn a_revision_that_is_refused_is_chosen_from_those_that_are_named() {
    let supports = |versions: Value| {
        edited("server/discover", move |request, _| {
            error(request, 400, -32022, &json!({ "supported": versions.clone(), "requested": "2026-07-28" }))
        })
    };
    let mut detecting = legacy();
    detecting.era = Era::Detect;
    let flow = supports(json!(["2025-11-25"])).rests(detecting.clone());
    assert_eq!(flow.revision(), Revision::V2025_11_25);
    let mut world = supports(json!(["2026-07-28"]));
    world.fails(detecting);
    let tried = world.calls("server/discover").count();
    assert_eq!(tried, 3, "without a token, with one, and once more");
    let mut world = supports(json!(["2025-11-25"]));
    world.fails(modern());
    assert_eq!(world.calls("initialize").count(), 0, "who wants one revision gets no other");
}

/// Req: CL-51
#[test]
fn what_tells_the_older_era() {
    let mut detecting = legacy();
    detecting.era = Era::Detect;
    let older: [Edit; 4] = [
        |_, response| Response { status: 400, body: "Bad Request".into(), ..response },
        |_, response| Response { status: 404, body: "<html>".into(), ..response },
        |request, _| error(request, 400, -32000, &Value::Null),
        |request, _| error(request, 200, -32601, &Value::Null),
    ];
    for edit in older {
        let flow = edited("server/discover", edit).rests(detecting.clone());
        assert_eq!(flow.revision(), Revision::V2025_11_25);
        assert!(checks(&flow).any(|check| check.clause == Clause::EraDetection));
    }
    let no_answer: [Edit; 3] = [
        |_, response| Response { status: 500, body: String::new(), ..response },
        |request, _| error(request, 400, -32020, &Value::Null),
        |_, response| Response { status: 200, body: "<html>".into(), ..response },
    ];
    for edit in no_answer {
        let mut world = edited("server/discover", edit);
        let mut flow = Flow::new(detecting.clone());
        world.walk(&mut flow);
        failure(&flow);
        assert_eq!(world.calls("initialize").count(), 0);
    }
}
