//! `application/x-www-form-urlencoded`, in bodies and queries: reading refuses what OAuth refuses.

use std::collections::BTreeSet;

use url::form_urlencoded;

/// The parameters of a request or response: each name at most once, empty values dropped.
///
/// Spec: OAuth 2.1 §3.1, §3.2 (no parameter occurs twice; a parameter without a value counts as omitted).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters {
    pairs: Vec<(String, String)>,
    repeated: Vec<String>,
}

impl Parameters {
    /// Reads a query or body. Repetition is remembered, not resolved: asking for a repeated parameter is an error,
    /// repeated unknown ones are ignored with all unknown parameters.
    #[must_use]
    pub fn parse(encoded: &str) -> Self {
        let mut parameters = Self::default();
        let mut seen = BTreeSet::new();
        for (name, value) in form_urlencoded::parse(encoded.as_bytes()) {
            if seen.insert(name.clone()) {
                parameters.pairs.push((name.into_owned(), value.into_owned()));
            } else {
                parameters.repeated.push(name.into_owned());
            }
        }
        parameters
    }

    /// The value of a parameter that may be absent.
    ///
    /// # Errors
    /// [`Repeated`] if it occurs more than once.
    pub fn get(&self, name: &'static str) -> Result<Option<&str>, Repeated> {
        if self.repeated.iter().any(|repeated| repeated == name) {
            return Err(Repeated(name));
        }
        Ok(self
            .pairs
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty()))
    }

    /// All names and values in their order, the first of each name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// A parameter that may stand once stands twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the parameter {0} occurs more than once")]
pub struct Repeated(pub &'static str);

/// Writes parameters, each name and value percent-encoded.
#[must_use]
pub fn encode<'a>(parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish()
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    /// Req: ALL-09, AS-88
    #[test]
    fn a_repeated_parameter_is_never_resolved() {
        let parameters = Parameters::parse("scope=a&scope=a&state=x&utm=1&utm=2");
        assert_eq!(parameters.get("scope"), Err(Repeated("scope")));
        assert_eq!(parameters.get("state"), Ok(Some("x")));
    }

    /// Req: ALL-09
    #[test]
    fn an_empty_value_counts_as_absent() {
        let parameters = Parameters::parse("state=&scope");
        assert_eq!(parameters.get("state"), Ok(None));
        assert_eq!(parameters.get("scope"), Ok(None));
    }

    /// Minutes, if each name were compared with all before it: the query of a callback is as long as its sender likes.
    #[test]
    fn many_parameters_are_read_in_no_time() {
        let many: Vec<_> = (0..100_000).map(|i| format!("p{i}=x")).collect();
        let parameters = Parameters::parse(&format!("{}&state=s", many.join("&")));
        assert_eq!(parameters.get("state"), Ok(Some("s")));
    }

    #[test]
    fn writing_and_reading_are_inverse() {
        let encoded = encode([("a", "1 & 2"), ("state", "ü/+%")]);
        let parameters = Parameters::parse(&encoded);
        assert_eq!(parameters.get("a"), Ok(Some("1 & 2")));
        assert_eq!(parameters.get("state"), Ok(Some("ü/+%")));
    }
}
