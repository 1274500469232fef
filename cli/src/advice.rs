//! What to try next, for each way in which a walk can end before its end.

use flow::lessons::steps::Step;
use flow::{Failure, Flow};

use crate::args::LAB_SERVER;
use walker::driver::DriveError;
use walker::person::PersonError;

/// After a check that failed, or a server that did not answer.
#[must_use]
pub fn after_failure(flow: &Flow, failure: &Failure) -> Option<&'static str> {
    let lab = flow.config().server.as_str() == LAB_SERVER;
    match (failure.clause, failure.step) {
        (None, _) if lab => Some("start the lab with `just demo`, or name another server"),
        (None, _) if failure.found.contains("InvalidContentType") => {
            Some("this does not sound like TLS: is it http instead of https?")
        }
        (None, _) => Some("check scheme, host and port of the address, and whether the server runs"),
        (Some(_), Step::Challenge) => {
            Some("is this the address of the MCP endpoint itself? Its path is often /mcp")
        }
        _ => None,
    }
}

/// After a walk that the program or the person ended.
#[must_use]
pub fn after_stop(error: &DriveError) -> Option<&'static str> {
    match error {
        DriveError::Person(PersonError::NoButton { .. }) => {
            Some("use a real browser with --browser, or name an --account that the page offers")
        }
        DriveError::Person(PersonError::Page { status: 200, .. }) => {
            Some("this page needs a person: use a real browser with --browser")
        }
        DriveError::Person(PersonError::Page { .. }) => Some(
            "the server refuses the client or its request: look at --client-id, --registration and --redirect-uri",
        ),
        _ => None,
    }
}
