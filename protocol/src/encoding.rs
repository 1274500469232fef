//! base64url without padding, the binary encoding of OAuth and JOSE (RFC 7515 §2); and base64 proper, for headers.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// Encodes bytes as base64url without padding.
#[must_use]
pub fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The same, appended to a text that is being put together.
pub fn push_base64url(text: &mut String, bytes: &[u8]) {
    URL_SAFE_NO_PAD.encode_string(bytes, text);
}

/// Decodes base64url without padding; `None` for anything else, padding included.
#[must_use]
pub fn base64url_decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// Encodes bytes as base64 with padding.
#[must_use]
pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}
