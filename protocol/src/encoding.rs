//! base64url without padding, the binary encoding of OAuth and JOSE (RFC 7515 §2); and base64 proper, for headers. Written
//! out, because the page needs no more than this of it.

const URL_SAFE: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const STANDARD: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Encodes bytes as base64url without padding.
#[must_use]
pub fn base64url(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    push_base64url(&mut text, bytes);
    text
}

/// The same, appended to a text that is being put together.
pub fn push_base64url(text: &mut String, bytes: &[u8]) {
    push(text, bytes, URL_SAFE);
}

/// Decodes base64url without padding; `None` for anything else, padding included. Each text has one spelling: what is left
/// over of the last letter is zero.
#[must_use]
pub fn base64url_decode(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3 + 2);
    for letters in text.as_bytes().chunks(4) {
        let mut bits = 0;
        for letter in letters {
            bits = bits << 6 | value_of(*letter)?;
        }
        let [_, decoded @ ..] = (bits << (6 * (4 - letters.len()))).to_be_bytes();
        let (whole, left_over) = decoded.split_at(letters.len() * 6 / 8);
        if whole.is_empty() || left_over.iter().any(|byte| *byte != 0) {
            return None;
        }
        bytes.extend_from_slice(whole);
    }
    Some(bytes)
}

/// Encodes bytes as base64 with padding.
#[must_use]
pub(crate) fn base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    push(&mut text, bytes, STANDARD);
    while !text.len().is_multiple_of(4) {
        text.push('=');
    }
    text
}

/// Three bytes are four letters; of one or two bytes come two or three.
fn push(text: &mut String, bytes: &[u8], alphabet: &[u8; 64]) {
    for group in bytes.chunks(3) {
        let bits =
            group.iter().fold(0, |bits, byte| bits << 8 | usize::from(*byte)) << (8 * (3 - group.len()));
        let letters = (0..=group.len()).map(|place| bits >> (18 - 6 * place) & 63);
        text.extend(letters.map(|value| char::from(alphabet[value])));
    }
}

fn value_of(letter: u8) -> Option<u32> {
    let value = match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'-' => 62,
        b'_' => 63,
        _ => return None,
    };
    Some(value.into())
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn the_examples_of_rfc_4648() {
        for (plain, padded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(plain.as_bytes()), padded);
            assert_eq!(base64url(plain.as_bytes()), padded.trim_end_matches('='));
        }
        assert_eq!((base64(&[0xfb, 0xff]), base64url(&[0xfb, 0xff])), ("+/8=".into(), "-_8".into()));
    }

    #[test]
    fn every_byte_at_every_place_is_read_again() {
        for byte in 0..=u8::MAX {
            for length in 1..8 {
                for place in 0..length {
                    let mut bytes = vec![!byte; length];
                    bytes[place] = byte;
                    assert_eq!(base64url_decode(&base64url(&bytes)), Some(bytes));
                }
            }
        }
    }

    #[test]
    fn there_is_one_spelling_and_nothing_else() {
        assert_eq!(base64url_decode("Zg").as_deref(), Some(&b"f"[..]));
        for text in ["Zh", "Zm9", "Z", "Zm9vY", "Zg==", "Zm 9v", "Zm9v\n", "+/8", "Zmé"] {
            assert_eq!(base64url_decode(text), None, "{text}");
        }
    }
}
