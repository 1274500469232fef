//! What the authorization server's answers have to be: pages, redirects, refusals.

use http::StatusCode;
use http::header::LOCATION;

use super::{Answered, ISSUER};

impl Answered {
    /// The redirect to a client.
    #[track_caller]
    pub(crate) fn redirected(&self) -> Redirected {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{self:?}");
        let location = self.header(LOCATION.as_str()).to_owned();
        let (target, query) = location.split_once('?').unwrap();
        Redirected { target: target.to_owned(), query: query.to_owned() }
    }

    /// A page with this status that leads nowhere.
    #[track_caller]
    pub(crate) fn is_page(&self, status: StatusCode, says: &str) {
        assert_eq!(self.status, status, "{self:?}");
        assert!(!self.headers.contains_key(LOCATION), "{self:?}");
        assert!(self.header("content-type").starts_with("text/html"), "{self:?}");
        assert!(self.body.contains(says), "{says:?} is not in {}", self.body);
    }

    /// A refusal by the token endpoint.
    #[track_caller]
    pub(crate) fn is_denied(&self, status: StatusCode, error: &str) {
        assert_eq!((self.status, self.json()["error"].as_str()), (status, Some(error)), "{self:?}");
        assert_eq!(self.header("cache-control"), "no-store");
        assert_eq!(self.header("content-type"), "application/json");
        assert!(self.json()["error_uri"].as_str().unwrap().starts_with("https://"));
    }
}

pub(crate) struct Redirected {
    pub(crate) target: String,
    pub(crate) query: String,
}

impl Redirected {
    pub(crate) fn parameter(&self, name: &str) -> Option<String> {
        let mut values = url::form_urlencoded::parse(self.query.as_bytes())
            .filter(|(found, _)| found == name)
            .map(|(_, value)| value.into_owned());
        let value = values.next();
        assert_eq!(values.next(), None, "{name} stands twice");
        value
    }

    /// A refusal with everything that belongs to it.
    #[track_caller]
    pub(crate) fn is_refused(&self, error: &str) {
        assert_eq!(self.parameter("error").as_deref(), Some(error), "{}", self.query);
        assert_eq!(self.parameter("iss").as_deref(), Some(ISSUER));
        assert_eq!(self.parameter("code"), None);
        assert!(self.parameter("error_description").is_some());
    }
}
