//! Keys that the operator brings along.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
};
use backend::authorization_server::{
    KeyError, KeyFileFault, KeySettings, PublishedKey, Takeover, import_key,
};
use backend::store::KeptSecret;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use protocol::access_token::open_unverified;
use protocol::jwks::TokenAlgorithm;
use server_kit::private_file::PrivateFileError;

use crate::support::{Lab, settings, test_key};

/// RSA with 1024 bits: nobody's key.
const WEAK: &str = "-----BEGIN PRIVATE KEY-----
MIICdwIBADANBgkqhkiG9w0BAQEFAASCAmEwggJdAgEAAoGBALEDLL2dueFr64kF
dOV8gfiTsX4SWqPiVbWbB202luR81UJp+1gvb1Vuh4NFwG+3LEVz85vIyzXyOdJy
AE0E0wrez0Cms8iIvTejIivLo2ugQF2OO/aPtljInr1BFYkrVpZ6eFlbBycK24yZ
DbSayex6fHpFBVxdZV92wLwh3lLnAgMBAAECgYB4bAl/AhOX6Nx2/jBVgwvEuW2R
sBjbzzmx78LwqKekz8whf4pPpw2d2DD2vHg7SCklIsoDHGoqzBxML+RGgVa0tzRl
3wjKen3wcyiMyIDkvCkeFySc0wzhBTGTDNyElxmeEccGVlOJ5OlZZHxBZhNPlTtm
5zBQQSerLr03I9SkKQJBAONh6YzvwoCYUsbXp5eWKGlBe2R04RNWfmL8wGHwMFJi
bx5qK/X/I2rydK4zNJhvqV12E1uJCHRvRtclk35RyPsCQQDHSmCy0nqD0ivutf4X
QKmC25HWzdSt+tqNNq7PD0pBABzvlfFIA0OvDOReO2rQbFbliquXspdkJDfs9rCs
n1IFAkEAk6Rt+99qkglWJlq9LYaIst+b+XyS8PWGl0u6t104YyYbNMqHxPFn0/ee
n8YL7rcCZ/dVVmhCHyhp/SUfAjSkpQJAYwFSVMQ31TEeXjLPjmGzVK0cIKiU1fHf
jXPzGC6yZuRVe7jz6yCkCVzQPvgpsm2AJfzkDjLM/xT3K6PKVZe4uQJBAJM4yO58
RqatzQtDDGGcAzGnHnhK3VGIHQLuGf/jKfrYPiZVFDLp366yQKK6uWRLLlSN1YJ0
1iTa/LM3Lt8gmV4=
-----END PRIVATE KEY-----
";

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

fn p256() -> Vec<u8> {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
    pair.to_pkcs8v1().unwrap().as_ref().to_vec()
}

/// Imports a file with this content and mode into the store of a lab.
async fn import(
    lab: &Lab,
    algorithm: TokenAlgorithm,
    content: &str,
    mode: u32,
) -> Result<PublishedKey, KeyError> {
    let path = lab.folder.path().join("key.pem");
    fs::write(&path, content).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
    let settings = KeySettings { algorithm, ..KeySettings::default() };
    import_key(&lab.store, &settings, &path, Takeover::AtOnce, lab.now()).await
}

#[tokio::test]
async fn a_key_of_each_kind_signs_after_its_import() {
    let KeptSecret::Plain(rsa) = test_key().await.private_key else { panic!("it is not encrypted") };
    let ed25519 = Ed25519KeyPair::generate().unwrap();
    for (algorithm, pkcs8) in [
        (TokenAlgorithm::Rs256, rsa),
        (TokenAlgorithm::Es256, p256()),
        (TokenAlgorithm::EdDsa, ed25519.to_pkcs8v1().unwrap().as_ref().to_vec()),
        (TokenAlgorithm::EdDsa, ed25519.to_pkcs8().unwrap().as_ref().to_vec()),
    ] {
        let mut settings = settings();
        settings.keys.algorithm = match algorithm {
            TokenAlgorithm::Rs256 => TokenAlgorithm::Es256,
            _ => algorithm,
        };
        let lab = Lab::with(settings).await;
        let imported = import(&lab, algorithm, &pem("PRIVATE KEY", &pkcs8), 0o400).await.unwrap();
        assert_eq!(imported.algorithm, algorithm);
        lab.server.maintain_keys().await.unwrap();
        let code = lab.code().await;
        let body = lab.token(&lab.exchange(&code)).await.json();
        let jwt = open_unverified(body["access_token"].as_str().unwrap()).unwrap();
        assert_eq!(jwt.header["kid"], imported.kid);
        let again = import(&lab, algorithm, &pem("PRIVATE KEY", &pkcs8), 0o400).await;
        assert!(matches!(again, Err(KeyError::AlreadyThere(kid)) if kid == imported.kid));
    }
}

/// Req: K04
#[tokio::test]
async fn a_file_without_a_usable_key_is_refused_in_one_sentence() {
    let lab = Lab::start().await;
    let before = lab.store.signing_keys(0).await.unwrap();
    let p256 = pem("PRIVATE KEY", &p256());
    let p384 = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap();
    let p384 = pem("PRIVATE KEY", p384.to_pkcs8v1().unwrap().as_ref());
    let lines: Vec<_> = p256.lines().collect();
    let without_end = lines[..lines.len() - 1].join("\n");
    let half = [lines[0], lines[1], lines[lines.len() - 1]].join("\n");
    let no_base64 = p256.replacen('A', "*", 1);
    for (content, fault) in [
        (WEAK, KeyFileFault::WeakRsa),
        (&p384, KeyFileFault::OtherKind),
        (&without_end, KeyFileFault::BrokenPem),
        (&no_base64, KeyFileFault::BrokenPem),
        (&half, KeyFileFault::BrokenKey),
        (&pem("PRIVATE KEY", &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]), KeyFileFault::BrokenKey),
        (&pem("PRIVATE KEY", b""), KeyFileFault::BrokenKey),
        ("", KeyFileFault::NoKey),
        (&p256.replace("PRIVATE", "ENCRYPTED PRIVATE"), KeyFileFault::NoKey),
        (&p256.replace("PRIVATE", "EC PRIVATE"), KeyFileFault::NotPkcs8),
        (&p256.replace("PRIVATE KEY", "PUBLIC KEY"), KeyFileFault::NotPkcs8),
    ] {
        let refused = import(&lab, TokenAlgorithm::Es256, content, 0o600).await;
        let Err(KeyError::KeyFile { path, fault: found }) = &refused else { panic!("{refused:?}") };
        assert_eq!(*found, fault, "{content}");
        let sentence = refused.as_ref().unwrap_err().to_string();
        assert!(sentence.starts_with(path) && !sentence.contains('\n') && !sentence.contains(lines[1]));
    }
    for mode in [0o644, 0o640, 0o660, 0o604] {
        let refused = import(&lab, TokenAlgorithm::Es256, &p256, mode).await;
        assert!(matches!(refused, Err(KeyError::File(PrivateFileError::NotPrivate { .. }))), "{refused:?}");
    }
    let settings = KeySettings::default();
    let path = lab.folder.path().join("missing.pem");
    let missing = import_key(&lab.store, &settings, &path, Takeover::AtOnce, lab.now()).await;
    assert!(matches!(missing, Err(KeyError::File(PrivateFileError::Unreadable { .. }))), "{missing:?}");
    assert_eq!(lab.store.signing_keys(0).await.unwrap(), before);
}

/// The next start would replace it at once.
#[tokio::test]
async fn a_key_for_another_algorithm_than_the_configured_one_is_refused() {
    let lab = Lab::start().await;
    let refused = import(&lab, TokenAlgorithm::Rs256, &pem("PRIVATE KEY", &p256()), 0o600).await;
    assert_eq!(
        refused.unwrap_err().to_string(),
        "the key is for ES256, but the server is set to sign with RS256: change that setting first"
    );
    assert_eq!(lab.store.signing_keys(0).await.unwrap().len(), 1);
}
