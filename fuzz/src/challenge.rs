//! The challenge: read from hostile headers, written from hostile parts.

use protocol::www_authenticate::BearerChallenge;

/// Takes the input as a header, and its lines as the parameters of a challenge to write.
///
/// # Panics
/// When a promise is broken.
pub fn run(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    if let Ok(challenge) = BearerChallenge::parse(&text) {
        survives_writing(&challenge);
    }
    let mut lines = text.lines().map(str::to_owned);
    survives_writing(&BearerChallenge {
        resource_metadata: lines.next(),
        scope: lines.next().and_then(|scope| scope.parse().ok()),
        error: lines.next(),
        error_description: lines.next(),
    });
}

/// What is written is one legal header, and reads as what was meant, less what no header may hold.
fn survives_writing(challenge: &BearerChallenge) {
    let header = challenge.to_header();
    assert!(header.bytes().all(|b| matches!(b, b' '..=b'~')), "{header:?} is no value of a header");
    let visible = |text: &Option<String>| {
        text.as_ref().map(|text| text.chars().filter(|c| matches!(c, ' '..='~')).collect())
    };
    let meant = BearerChallenge {
        resource_metadata: visible(&challenge.resource_metadata),
        scope: challenge.scope.clone(),
        error: visible(&challenge.error),
        error_description: visible(&challenge.error_description),
    };
    assert_eq!(BearerChallenge::parse(&header), Ok(meant), "{header:?}");
}
