//! Reading JSON into types, in one way: first as a value, then as what it is to be. Each type that is read has code for
//! each kind of reader; with one kind the page is smaller.

use serde::de::DeserializeOwned;
use serde_json::Value;

/// Reads one JSON text.
///
/// # Errors
/// The parser's reason, with line and column; or what the type lacks.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, serde_json::Error> {
    let value: Value = serde_json::from_str(text)?;
    serde_json::from_value(value)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn a_text_is_read_as_its_type_or_the_reason_is_told() {
        assert_eq!(read::<Vec<u8>>("[1, 2]").unwrap(), [1, 2]);
        assert!(read::<Vec<u8>>("[1, 2").unwrap_err().is_eof());
        assert!(read::<Vec<u8>>("[300]").unwrap_err().to_string().contains("300"));
    }
}
