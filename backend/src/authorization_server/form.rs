//! Reading a form body: bounded in bytes, fields and time, and never guessed.

use axum::body::Body;
use http::HeaderMap;

use super::body::{self, BodyError, media_type};

/// No form here needs more.
pub(super) const MAX_BYTES: usize = 16 * 1024;
/// Comparing names with each other costs the square of their number.
pub(super) const MAX_FIELDS: usize = 200;

/// Why a body is no form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FormError {
    WrongContentType,
    TooLong,
    Incomplete,
    NotText,
    TooManyFields,
}

/// The body of a form post as text, still encoded.
pub(super) async fn read(headers: &HeaderMap, body: Body) -> Result<String, FormError> {
    if media_type(headers).is_none_or(|name| name != "application/x-www-form-urlencoded") {
        return Err(FormError::WrongContentType);
    }
    let bytes = body::read(headers, body, MAX_BYTES).await?;
    if !decodes_to_text(&bytes) {
        return Err(FormError::NotText);
    }
    let text = String::from_utf8(bytes.into()).map_err(|_| FormError::NotText)?;
    if text.matches('&').count() >= MAX_FIELDS {
        return Err(FormError::TooManyFields);
    }
    Ok(text)
}

impl From<BodyError> for FormError {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLong => Self::TooLong,
            BodyError::Incomplete => Self::Incomplete,
        }
    }
}

/// Whether percent-decoding gives UTF-8. Readers replace what does not, and then it is not what was sent.
pub(super) fn decodes_to_text(encoded: &[u8]) -> bool {
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let [first, after @ ..] = rest {
        if *first == b'%'
            && let [high, low, after @ ..] = after
            && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        {
            decoded.push(high * 16 + low);
            rest = after;
        } else {
            decoded.push(*first);
            rest = after;
        }
    }
    std::str::from_utf8(&decoded).is_ok()
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| value.try_into().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_is_not_utf8_is_recognized_before_it_is_replaced() {
        assert!(decodes_to_text(b"state=%C3%BC&x=%"));
        assert!(decodes_to_text("state=\u{fc}".as_bytes()));
        assert!(!decodes_to_text(b"state=%FF"));
        assert!(!decodes_to_text(b"state=%C3"));
        assert!(!decodes_to_text(b"state=\xff"));
    }
}
