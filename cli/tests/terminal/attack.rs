//! `attack`: the catalogue, one attack told, all of them in a table, and what machines read of it.

use std::fs;

use flow::lessons::attacks::{self, Kind};
use protocol::observation::MASK;

use crate::hostile::{hostile, serve};
use crate::lab::Lab;
use crate::program::{Ended, run, started};

async fn attack(lab: &Lab, arguments: &[&str]) -> Ended {
    let place = ["--lab", &lab.page];
    run(&[&["attack"], arguments, &place[..]].concat()).await
}

#[tokio::test]
async fn the_catalogue_is_listed() {
    let text = run(&["attack", "list"]).await.with(0).out;
    for part in [
        "Break the client\n",
        "Break the server\n",
        "  wrong-verifier ",
        "A stolen code, without its verifier",
        "2025-11-25 2026-07-28",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let listed = run(&["attack", "list", "--json"]).await.with(0).json();
    let ids: Vec<_> = listed.as_array().unwrap().iter().map(|attack| attack["id"].clone()).collect();
    assert_eq!(ids, attacks::all().map(|attack| attack.id).collect::<Vec<_>>());
    assert!(!attacks::all().any(|attack| attack.id == "list"), "this name is taken");
    let of_one = run(&["attack", "list", "--json", "--revision", "2026-07-28"]).await.with(0).json();
    for attack in of_one.as_array().unwrap() {
        assert!(attack["revisions"].as_array().unwrap().contains(&"2026-07-28".into()), "{attack}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_attack_is_performed_and_explained() {
    let lab = started().await;
    let text = attack(&lab, &["wrong-verifier"]).await.with(0).out;
    let parts = [
        "A stolen code, without its verifier (wrong-verifier)",
        "Predicted: the Authorization server refuses with 400 invalid_grant (VerifierMismatch).",
        "[2025-11-25]",
        "Client → Authorization server",
        "form code_verifier: ••••• → •••••",
        "← the Authorization server refuses with 400 invalid_grant (VerifierMismatch)",
        "✗ ",
        "expected: ",
        "Verdict: refused, as it must be",
        "[2026-07-28]",
        "Rule: ",
        "Read: https://",
        "Remedy: ",
    ];
    let mut rest = text.as_str();
    for part in parts {
        rest = rest.split_once(part).unwrap_or_else(|| panic!("{part}: {text}")).1;
    }
    let one = attack(&lab, &["wrong-verifier", "--json", "--revision", "2026-07-28"]).await.with(0).json();
    let [result] = one.as_array().unwrap().as_slice() else { panic!("one revision: {one}") };
    assert_eq!(
        ["id", "revision", "verdict", "kind"].map(|name| result[name].as_str().unwrap()),
        ["wrong-verifier", "2026-07-28", "refused", "client"]
    );
    assert_eq!(result["passed"], true);
    assert_eq!(result["expected"]["refused"]["error"], "invalid_grant");
    assert_eq!(result["found"]["refused"]["name"], "VerifierMismatch");
    assert!(result["rule"]["url"].as_str().unwrap().starts_with("https://"));
    lab.end().await;
}

/// Where the client is the one that refuses, its own checks are shown.
#[tokio::test(flavor = "multi_thread")]
async fn a_rogue_server_is_refused_by_the_client() {
    let lab = started().await;
    let rogue = attacks::all().find(|attack| attack.id == "other-issuer").unwrap();
    assert_eq!(rogue.kind(), Kind::Server);
    let text = attack(&lab, &[rogue.id, "--revision", "2025-11-25"]).await.with(0).out;
    assert!(text.contains("the client refuses by the check"), "{text}");
    assert!(text.contains(&lab.rogue), "it was a rogue server of this lab: {text}");
    lab.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_are_performed_for_people_and_for_machines() {
    let lab = started().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("attacks.xml");
    let ended = attack(&lab, &["--all", "--json", "--junit", file.to_str().unwrap()]).await.with(0);
    assert!(ended.err.is_empty(), "progress is for terminals: {}", ended.err);
    let results = ended.json();
    let expected: usize = attacks::all().map(|attack| attack.revisions.len()).sum();
    assert_eq!(results.as_array().unwrap().len(), expected);
    for result in results.as_array().unwrap() {
        assert_eq!(result["passed"], true, "{result}");
    }
    // A token that was altered shows what was altered; no token shows the signature that makes it one.
    let words = ended.out.split([' ', '"']).filter(|word| word.starts_with("eyJ"));
    for word in words {
        let signature = word.rsplit('.').next().unwrap_or_default();
        assert!(signature.is_empty() || signature == MASK, "a whole token: {word}");
    }
    let xml = fs::read_to_string(file).unwrap();
    assert_eq!(xml.matches("<testcase ").count(), expected);
    assert!(xml.contains(&format!("tests=\"{expected}\" failures=\"0\" errors=\"0\"")), "{xml}");
    assert!(xml.contains("classname=\"attack.client\" name=\"wrong-verifier 2025-11-25\""), "{xml}");
    lab.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_has_a_row_for_each_and_a_sum() {
    let lab = started().await;
    let text = attack(&lab, &["--all", "--revision", "2026-07-28"]).await.with(0).out;
    for attack in attacks::all() {
        let row = text.lines().any(|line| line.split_whitespace().next() == Some(attack.id));
        let is_done = attack.revisions.iter().any(|revision| revision.as_str() == "2026-07-28");
        assert_eq!(row, is_done, "{}: {text}", attack.id);
    }
    assert!(
        text.trim_end().ends_with('.') && text.contains(" attacks on the lab at http://localhost:"),
        "{text}"
    );
    lab.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_lab_runs_that_is_said() {
    let lab = started().await;
    let page = lab.page.clone();
    let server = lab.mcp_server.clone();
    let no_lab = run(&["attack", "--all", "--lab", &server]).await.with(3);
    assert!(no_lab.err.contains("is no lab that attacks can be tried in"), "{}", no_lab.err);
    lab.end().await;
    let gone = run(&["attack", "wrong-verifier", "--lab", &page]).await.with(3);
    assert!(gone.out.is_empty() && gone.err.contains("no lab runs at"), "{}", gone.err);
    assert!(gone.err.contains("just demo"), "{}", gone.err);
    for wrong in [
        &["attack"][..],
        &["attack", "wrong-verifer"],
        &["attack", "wrong-verifier", "--all"],
        &["attack", "--all", "--revision", "2024-11-05"],
        &["attack", "--all", "--lab", "https://lab.example"],
        &["attack", "--all", "--lab", "http://localhost:1", "--server", "http://localhost:2/mcp"],
    ] {
        let ended = run(wrong).await.with(2);
        assert!(ended.out.is_empty() && !ended.err.is_empty(), "{wrong:?}");
    }
    assert!(run(&["attack", "wrong-verifer"]).await.err.contains("Is wrong-verifier meant?"));
}

/// The lab, as a server that nobody knows: nothing is read of what it reports.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_of_ones_own_is_tested_by_what_it_answers() {
    let lab = started().await;
    let own = ["attack", "--server", &lab.mcp_server, "--account", "ada"];
    let results = run(&[&own, &["--all", "--json"][..]].concat()).await.with(0).json();
    let (mut refused, mut otherwise) = (0, Vec::new());
    for result in results.as_array().unwrap() {
        assert_ne!(result["passed"], false, "{result}");
        assert!(
            result["expected"]["refused"]["name"].is_null(),
            "the names of the lab are its own: {result}"
        );
        match result["verdict"].as_str().unwrap() {
            "refused" => refused += 1,
            _ => otherwise.push(format!("{} {} {}", result["id"], result["verdict"], result["remark"])),
        }
    }
    assert!(refused > 40, "{refused}");
    assert!(otherwise.is_empty(), "it is the server for which the predictions are made: {otherwise:#?}");
    let one = run(&[&own, &["wrong-verifier", "--revision", "2025-11-25"][..]].concat()).await.with(0).out;
    assert!(one.contains("Verdict: refused, as it must be"), "{one}");
    let of_lab = run(&[&own, &["other-issuer"][..]].concat()).await.with(2).err;
    assert!(of_lab.contains("other-issuer is for the lab alone: it tries the client"), "{of_lab}");
    lab.end().await;
}

/// It refuses nothing, and whatever it says is meant for a terminal.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_accepts_everything_fails() {
    let server = format!("{}/mcp", serve(hostile));
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("attacks.xml");
    let own = ["attack", "--server", &server, "--revision", "2025-11-25"];
    let ended = run(&[&own, &["--all", "--junit", file.to_str().unwrap()][..]].concat()).await.with(1);
    for part in [
        "wrong-verifier in 2025-11-25: accepted",
        "  nobody refused",
        "  rule:   ",
        "  remedy: ",
        " accepted",
    ] {
        assert!(ended.out.contains(part), "{part}: {}", ended.out);
    }
    let xml = fs::read_to_string(file).unwrap();
    assert!(xml.contains(
        "<failure type=\"accepted\" message=\"A stolen code, without its verifier: nobody refused\">"
    ));
    for part in ["Expected: ", "Found: nobody refuses", "Rule: ", "Read: https://", "Remedy: "] {
        assert!(xml.contains(part), "{part}: {xml}");
    }
    for text in [&ended.out, &xml] {
        assert!(!text.contains(['\u{1b}', '\u{9b}', '\u{7}', '\u{202e}', '\r']), "{text:?}");
    }
}

/// What is on another machine is attacked by nobody who has not said that it is theirs, wherever it is named.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_of_others_is_not_attacked() {
    let ended = run(&["attack", "--all", "--server", "https://mcp.example/mcp"]).await.with(4);
    assert!(ended.err.contains("say so with --it-is-mine mcp.example"), "{}", ended.err);
    let elsewhere = serve(|base, asked| {
        let answer = hostile(base, asked);
        let token = format!("{base}/token");
        answer
            .map(|(status, headers, body)| (status, headers, body.replace(&token, "https://tokens.example/")))
    });
    let server = format!("{elsewhere}/mcp");
    let ended = run(&["attack", "--all", "--server", &server]).await.with(4);
    assert!(ended.err.contains("say so with --it-is-mine tokens.example"), "{}", ended.err);
}

/// A server that lets nobody in refuses every attack, too. That is no test.
#[tokio::test(flavor = "multi_thread")]
async fn where_an_honest_client_does_not_get_in_nothing_is_said() {
    let lab = started().await;
    let own = ["attack", "--all", "--server", &lab.mcp_server, "--account", "nobody"];
    let ended = run(&own).await.with(3);
    assert!(
        ended.out.is_empty() && ended.err.contains("a client that does all as it should"),
        "{}",
        ended.err
    );
    lab.end().await;
}
