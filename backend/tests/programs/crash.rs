//! What was answered survives a crash, and what was used up stays used up.

use crate::client::{obtain_code, redeem};
use crate::running::Program;

/// Req: P01
#[tokio::test]
async fn a_code_survives_a_crash_and_redeems_exactly_once() {
    let folder = tempfile::tempdir().unwrap();
    let server = Program::authorization_server(folder.path());
    let code = obtain_code(&server).await;
    server.kill();

    let server = Program::authorization_server(folder.path());
    let (status, answer) = redeem(&server, &code).await;
    assert_eq!((status, answer["token_type"].as_str()), (200, Some("Bearer")), "{answer}");
    let (status, answer) = redeem(&server, &code).await;
    assert_eq!((status, answer["error"].as_str()), (400, Some("invalid_grant")), "{answer}");
}

/// Req: P01, AS-118
#[tokio::test]
async fn a_redeemed_code_stays_redeemed_after_a_crash() {
    let folder = tempfile::tempdir().unwrap();
    let server = Program::authorization_server(folder.path());
    let code = obtain_code(&server).await;
    assert_eq!(redeem(&server, &code).await.0, 200);
    server.kill();

    let server = Program::authorization_server(folder.path());
    let (status, answer) = redeem(&server, &code).await;
    assert_eq!((status, answer["error"].as_str()), (400, Some("invalid_grant")), "{answer}");
    assert_eq!(redeem(&server, &obtain_code(&server).await).await.0, 200, "and life goes on");
}
