//! Which hops of two runs belong together: the longest common sequence of what they are for.

use flow::lessons::steps::Step;
use protocol::party::Party;
use serde_json::Value;

use crate::hop::Hop;
use crate::words::path;

/// What a hop is for.
#[derive(PartialEq, Eq)]
struct Role {
    step: Step,
    from: Party,
    to: Party,
    what: String,
}

/// The longest run that is aligned; of a longer one, the rest has no counterparts.
const MAX_HOPS: usize = 500;

/// Pairs of indexes in the order of both runs. Where there is a choice, the left run goes first.
pub(super) fn align(left: &[Hop], right: &[Hop]) -> Vec<(Option<usize>, Option<usize>)> {
    let roles = |hops: &[Hop]| hops.iter().take(MAX_HOPS).map(role).collect::<Vec<_>>();
    let (a, b) = (roles(left), roles(right));
    // How many pairs there are from here on.
    let width = b.len() + 1;
    let mut pairs = vec![0_u16; (a.len() + 1) * width];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            pairs[i * width + j] = if a[i] == b[j] {
                pairs[(i + 1) * width + j + 1] + 1
            } else {
                pairs[(i + 1) * width + j].max(pairs[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j, mut rows) = (0, 0, Vec::new());
    while i < a.len() && j < b.len() {
        if a[i] == b[j] {
            rows.push((Some(i), Some(j)));
            (i, j) = (i + 1, j + 1);
        } else if pairs[(i + 1) * width + j] >= pairs[i * width + j + 1] {
            rows.push((Some(i), None));
            i += 1;
        } else {
            rows.push((None, Some(j)));
            j += 1;
        }
    }
    rows.extend((i..left.len()).map(|i| (Some(i), None)));
    rows.extend((j..right.len()).map(|j| (None, Some(j))));
    rows
}

fn role(hop: &Hop) -> Role {
    let what = match hop.sent() {
        Some(sent) => match sent.body.and_then(rpc_method) {
            // Both are how a client and a server greet each other.
            Some(method) if method == "server/discover" => "initialize".into(),
            Some(method) => method,
            None => [sent.method, " ", path(sent.url)].concat(),
        },
        None => hop.title.clone(),
    };
    Role { step: hop.step, from: hop.from, to: hop.to, what }
}

/// The method of a JSON-RPC message.
pub(super) fn rpc_method(body: &str) -> Option<String> {
    let message: Value = serde_json::from_str(body).ok()?;
    message.get("method")?.as_str().map(str::to_owned)
}
