//! Keys in the database: encrypted under the secret of a file, and never replaced by others when that does not fit.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use axum::body::Body;
use backend::authorization_server::{
    AuthorizationServer, KeyEncryptionSecret, KeyError, Settings, StartError, Takeover, rotate_keys,
};
use backend::store::{KeptSecret, Store};
use http::Request;
use protocol::jwks::TokenAlgorithm;
use server_kit::private_file::PrivateFileError;
use tempfile::TempDir;

use crate::support::{Lab, settings, test_key, write_older_version};

/// A file that only its owner can read, or that others can read, too.
fn file(folder: &TempDir, name: &str, content: &[u8], mode: u32) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, content).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    path
}

fn secret(content: &[u8]) -> KeyEncryptionSecret {
    let folder = tempfile::tempdir().unwrap();
    KeyEncryptionSecret::from_file(&file(&folder, "secret", content, 0o600)).unwrap()
}

fn encrypted_under(content: Option<&[u8]>) -> Settings {
    let mut settings = settings();
    settings.keys.encryption = content.map(secret);
    settings
}

const OURS: &[u8] = &[7; 32];

/// The database with its side files, as whoever steals it finds it. The side files go when a store is closed.
fn stolen(folder: &Path) -> Vec<u8> {
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.into_iter().filter_map(|path| fs::read(path).ok()).flatten().collect()
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

async fn key_error(lab: &Lab, settings: Settings) -> KeyError {
    match lab.restarted(settings).await {
        Err(StartError::Key(error)) => error,
        other => panic!("{other:?}"),
    }
}

async fn published(server: &AuthorizationServer) -> String {
    Lab::send_to(&server.router(), Request::get("/jwks").body(Body::empty()).unwrap()).await.body
}

/// A part of a private key that is not in its public half, long enough not to be anywhere by chance.
fn private_part(key: &KeptSecret) -> &[u8] {
    let KeptSecret::Plain(pkcs8) = key else { panic!("it is not encrypted") };
    &pkcs8[pkcs8.len() - 400..pkcs8.len() - 300]
}

/// Req: ALL-11
#[tokio::test]
async fn what_was_stored_as_it_is_gets_encrypted_at_the_first_start_with_a_secret() {
    let key = test_key().await.private_key;
    let lab = Lab::with(encrypted_under(None)).await;
    let before = lab.get("/jwks").await.body;
    let Some(KeptSecret::Plain(successor)) = lab.store.server_secret("refresh-successor").await.unwrap()
    else {
        panic!("it is not encrypted")
    };
    let found = stolen(lab.folder.path());
    assert!(contains(&found, private_part(&key)) && contains(&found, &successor));

    let restarted = lab.restarted(encrypted_under(Some(OURS))).await.unwrap();
    assert_eq!(published(&restarted).await, before, "the keys are the same");
    let found = stolen(lab.folder.path());
    assert!(!contains(&found, private_part(&key)), "no copy is left, not even in the log");
    assert!(!contains(&found, &successor));
    let again = lab.restarted(encrypted_under(Some(OURS))).await.unwrap();
    assert_eq!(published(&again).await, before);
}

/// Req: ALL-11
#[tokio::test]
async fn a_key_of_an_older_version_leaves_nothing_behind_when_it_is_encrypted() {
    let key = test_key().await.private_key;
    let KeptSecret::Plain(pkcs8) = &key else { panic!("it is not encrypted") };
    let lab = Lab::with(encrypted_under(Some(OURS))).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("as.sqlite");
    write_older_version(&path, pkcs8);
    assert!(contains(&stolen(folder.path()), private_part(&key)));
    let store = Store::open(&path).await.unwrap();
    lab.started_on(store, encrypted_under(Some(OURS))).await.unwrap();
    assert!(!contains(&stolen(folder.path()), private_part(&key)));
}

#[tokio::test]
async fn a_key_that_is_deleted_is_overwritten() {
    let lab = Lab::with(encrypted_under(None)).await;
    let key = test_key().await.private_key;
    rotate_keys(&lab.store, &settings().keys, Takeover::AtOnce, lab.now()).await.unwrap();
    lab.clock.advance(86_400);
    lab.server.maintain_keys().await.unwrap();
    lab.store.fold_log().await.unwrap();
    assert!(!contains(&stolen(lab.folder.path()), private_part(&key)));
}

/// Req: ALL-11
#[tokio::test]
async fn with_a_secret_every_key_is_encrypted_from_the_start() {
    let mut settings = encrypted_under(Some(OURS));
    settings.keys.algorithm = TokenAlgorithm::Es256;
    let lab = Lab::with(settings.clone()).await;
    rotate_keys(&lab.store, &settings.keys, Takeover::AtOnce, lab.now()).await.unwrap();
    let keys = lab.store.signing_keys(0).await.unwrap();
    assert_eq!(keys.len(), 2);
    let mut nonces = Vec::new();
    for key in keys {
        let KeptSecret::Sealed { sealed, .. } = key.record.private_key else { panic!("it is not encrypted") };
        nonces.push(sealed[..12].to_vec());
    }
    assert_ne!(nonces[0], nonces[1]);
    let successor = lab.store.server_secret("refresh-successor").await.unwrap();
    assert!(matches!(successor, Some(KeptSecret::Sealed { .. })));
    // A command without the secret would put a plain key beside them.
    settings.keys.encryption = None;
    let plain = rotate_keys(&lab.store, &settings.keys, Takeover::AtOnce, lab.now()).await;
    assert!(matches!(plain, Err(KeyError::SecretMissing(_))), "{plain:?}");
    lab.server.maintain_keys().await.unwrap();
}

#[tokio::test]
async fn a_secret_that_does_not_fit_stops_the_start_and_changes_nothing() {
    let lab = Lab::with(encrypted_under(Some(OURS))).await;
    let before = lab.store.signing_keys(0).await.unwrap();
    let missing = key_error(&lab, encrypted_under(None)).await;
    assert!(matches!(&missing, KeyError::SecretMissing(_)), "{missing:?}");
    assert!(
        missing
            .to_string()
            .ends_with("is encrypted in the database, and no secret is configured that opens it")
    );
    let other = key_error(&lab, encrypted_under(Some(&[8; 32]))).await;
    assert!(matches!(&other, KeyError::OtherSecret(_)), "{other:?}");
    assert!(other.to_string().ends_with("was encrypted under another secret than the configured one"));
    assert_eq!(lab.store.signing_keys(0).await.unwrap(), before);
    lab.restarted(encrypted_under(Some(OURS))).await.unwrap();
}

/// Runs a statement on the database file, past the store.
fn change(lab: &Lab, statement: &str) {
    let connection = rusqlite::Connection::open(lab.folder.path().join("as.sqlite")).unwrap();
    assert!(connection.execute(statement, []).unwrap() > 0, "{statement}");
}

#[tokio::test]
async fn a_damaged_key_stops_the_start_and_is_not_replaced() {
    for damage in [
        // A byte of the ciphertext, its length, the nonce.
        "UPDATE signing_key SET private_key =
             CAST(substr(private_key, 1, 100) || x'00ff00ff' || substr(private_key, 105) AS BLOB)",
        "UPDATE signing_key SET private_key = substr(private_key, 1, 100)",
        "UPDATE signing_key SET private_key = x'00'",
        "UPDATE signing_key SET private_key = CAST(zeroblob(12) || substr(private_key, 13) AS BLOB)",
        // In another place it does not open: its name is bound into it.
        "UPDATE signing_key SET kid = 'another'",
        "UPDATE server_secret SET secret = (SELECT private_key FROM signing_key)",
    ] {
        let lab = Lab::with(encrypted_under(Some(OURS))).await;
        change(&lab, damage);
        let before = lab.store.signing_keys(0).await.unwrap();
        let error = key_error(&lab, encrypted_under(Some(OURS))).await;
        assert!(matches!(&error, KeyError::Damaged(_)), "{damage}: {error:?}");
        assert!(error.to_string().ends_with("is damaged in the database"), "{error}");
        assert_eq!(lab.store.signing_keys(0).await.unwrap(), before);
    }
    let lab = Lab::with(encrypted_under(None)).await;
    change(&lab, "UPDATE signing_key SET private_key = x'3003020100'");
    let error = key_error(&lab, encrypted_under(None)).await;
    assert!(matches!(&error, KeyError::Damaged(_)), "{error:?}");
}

#[tokio::test]
async fn a_running_server_keeps_its_keys_when_it_cannot_read_those_of_another() {
    let lab = Lab::with(encrypted_under(None)).await;
    let before = lab.get("/jwks").await.body;
    let mut other = encrypted_under(Some(OURS));
    other.keys.algorithm = TokenAlgorithm::Es256;
    lab.restarted(other).await.unwrap();
    let error = lab.server.maintain_keys().await.unwrap_err();
    assert!(matches!(error, KeyError::SecretMissing(_)), "{error:?}");
    assert_eq!(lab.get("/jwks").await.body, before);
}

#[tokio::test]
async fn two_first_starts_with_one_secret_agree() {
    let lab = Lab::with(encrypted_under(Some(OURS))).await;
    let path = lab.folder.path().join("fresh.sqlite");
    let start = async || {
        let mut settings = encrypted_under(Some(OURS));
        settings.keys.algorithm = TokenAlgorithm::EdDsa;
        let store = Store::open(&path).await.unwrap();
        let server = lab.started_on(store, settings).await.unwrap();
        published(&server).await
    };
    let (first, second) = tokio::join!(start(), start());
    assert_eq!(first, second);
}

#[test]
fn the_file_of_the_secret_must_be_private_and_long_enough() {
    let folder = tempfile::tempdir().unwrap();
    let open = |path: &Path| match KeyEncryptionSecret::from_file(path) {
        Err(KeyError::File(error)) => error,
        other => panic!("{other:?}"),
    };
    for mode in [0o644, 0o640, 0o604, 0o620, 0o602, 0o601] {
        let error = open(&file(&folder, "open", OURS, mode));
        assert!(
            matches!(&error, PrivateFileError::NotPrivate { mode: found, .. } if *found == mode),
            "{mode:o}"
        );
        assert!(error.to_string().ends_with("make it private with `chmod 600`"), "{error}");
    }
    let short = open(&file(&folder, "short", &OURS[1..], 0o600));
    assert!(matches!(&short, PrivateFileError::TooShort { least: 32, .. }), "{short:?}");
    let long = open(&file(&folder, "long", &vec![0; 64 * 1024 + 1], 0o600));
    assert!(matches!(&long, PrivateFileError::TooLong { .. }), "{long:?}");
    let missing = open(&folder.path().join("missing"));
    assert!(matches!(&missing, PrivateFileError::Unreadable { .. }), "{missing:?}");
    assert!(missing.to_string().contains("missing cannot be read"), "{missing}");
    let directory = open(folder.path());
    assert!(matches!(&directory, PrivateFileError::NotAFile { .. }), "{directory:?}");
    for mode in [0o600, 0o400] {
        let secret = KeyEncryptionSecret::from_file(&file(&folder, &format!("{mode}"), OURS, mode)).unwrap();
        assert_eq!(format!("{secret:?}"), "KeyEncryptionSecret(…)");
    }
}
