//! Metadata documents that a learner writes, and the mistakes of the host that serves them.
//!
//! `PUT /lab/documents/{name}.json` takes any bytes, for the page alone; `GET /clients/{name}.json` hands them to whoever
//! asks, above all to the authorization server. The query says how the host answers:
//!
//! | parameter | instead of |
//! |---|---|
//! | `status=404` | 200, or 302 with `redirect_to` |
//! | `content_type=text/html` | `application/json` |
//! | `redirect_to=http://…` | no `Location` |
//! | `delay_ms=6000` | an answer at once |
//!
//! The answer to the `PUT` is `{"client_id":"http://localhost:3000/clients/{name}.json"}`, or `{"error":…}`.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, QueryRejection};
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use axum::{Json, Router};
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use http::{HeaderValue, StatusCode};
use serde::Deserialize;
use serde_json::json;

use super::controls::refusal;

/// So many documents are kept; the oldest makes room.
const MAX_DOCUMENTS: usize = 64;
/// Longer than what the authorization server reads, so that this can be tried too.
const MAX_BYTES: usize = 16 * 1024;
/// Longer than the authorization server waits.
const MAX_DELAY: Duration = Duration::from_secs(8);

/// The documents of all learners, the newest last.
#[derive(Default)]
pub(super) struct Documents(Mutex<VecDeque<(String, Document)>>);

/// A document, and how it is answered.
#[derive(Clone, Debug)]
struct Document {
    body: Bytes,
    status: StatusCode,
    content_type: HeaderValue,
    location: Option<HeaderValue>,
    delay: Duration,
}

/// Where they are written. `origin` is the page's.
pub(super) fn writing(documents: Arc<Documents>, origin: &str) -> Router {
    Router::new()
        .route("/lab/documents/{file}", put(write))
        .layer(DefaultBodyLimit::max(MAX_BYTES))
        .with_state((documents, origin.into()))
}

/// Where they are read.
pub(super) fn reading(documents: Arc<Documents>) -> Router {
    Router::new().route("/clients/{file}", get(read)).with_state(documents)
}

/// Why a document is not taken.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("The name has 1 to 32 of the characters a-z, 0-9 and -, and ends in .json.")]
    Name,
    #[error("The document is longer than 16 kilobytes.")]
    TooLong,
    #[error("status is 200 to 599.")]
    Status,
    #[error("content_type is no media type that a document could have.")]
    ContentType,
    #[error("redirect_to cannot stand in a header.")]
    Location,
    #[error("delay_ms is at most 8000.")]
    Delay,
    #[error("The query has status, content_type, redirect_to, delay_ms, each at most once.")]
    Query,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manners {
    status: Option<u16>,
    content_type: Option<String>,
    redirect_to: Option<String>,
    delay_ms: Option<u64>,
}

impl Manners {
    fn document(self, body: Bytes) -> Result<Document, Fault> {
        let usual = if self.redirect_to.is_some() { StatusCode::FOUND } else { StatusCode::OK };
        let status = self.status.map_or(Ok(usual), StatusCode::from_u16).map_err(|_| Fault::Status)?;
        if !(200..600).contains(&status.as_u16()) {
            return Err(Fault::Status);
        }
        let content_type = self.content_type.as_deref().unwrap_or("application/json");
        // The page would run a script of its own origin.
        if content_type.to_ascii_lowercase().contains("script") {
            return Err(Fault::ContentType);
        }
        let delay = Duration::from_millis(self.delay_ms.unwrap_or_default());
        if delay > MAX_DELAY {
            return Err(Fault::Delay);
        }
        Ok(Document {
            body,
            status,
            content_type: content_type.parse().map_err(|_| Fault::ContentType)?,
            location: self.redirect_to.map(|to| to.parse()).transpose().map_err(|_| Fault::Location)?,
            delay,
        })
    }
}

async fn write(
    State((documents, origin)): State<(Arc<Documents>, Arc<str>)>,
    Path(file): Path<String>,
    manners: Result<Query<Manners>, QueryRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    match documents.write(&file, manners, body) {
        Ok(()) => Json(json!({ "client_id": format!("{origin}/clients/{file}") })).into_response(),
        Err(fault @ Fault::TooLong) => refusal(StatusCode::PAYLOAD_TOO_LARGE, fault.to_string()),
        Err(fault) => refusal(StatusCode::BAD_REQUEST, fault.to_string()),
    }
}

async fn read(State(documents): State<Arc<Documents>>, Path(file): Path<String>) -> Response {
    let Some(document) = documents.find(&file) else {
        let says = "There is no such document. It may have made room for newer ones.";
        return ([(CACHE_CONTROL, "no-store")], refusal(StatusCode::NOT_FOUND, says)).into_response();
    };
    tokio::time::sleep(document.delay).await;
    let mut response = (document.status, document.body).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, document.content_type);
    // What was changed counts from the next authorization request on.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    if let Some(location) = document.location {
        headers.insert(LOCATION, location);
    }
    response
}

impl Documents {
    fn write(
        &self,
        file: &str,
        manners: Result<Query<Manners>, QueryRejection>,
        body: Result<Bytes, BytesRejection>,
    ) -> Result<(), Fault> {
        check_name(file)?;
        let Query(manners) = manners.map_err(|_| Fault::Query)?;
        self.keep(file, manners.document(body.map_err(|_| Fault::TooLong)?)?);
        Ok(())
    }

    fn keep(&self, file: &str, document: Document) {
        let mut documents = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        documents.retain(|(name, _)| name != file);
        if documents.len() == MAX_DOCUMENTS {
            documents.pop_front();
        }
        documents.push_back((file.to_owned(), document));
    }

    fn find(&self, file: &str) -> Option<Document> {
        let documents = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        documents.iter().find(|(name, _)| name == file).map(|(_, document)| document.clone())
    }
}

fn check_name(file: &str) -> Result<(), Fault> {
    let is_name = |name: &str| {
        (1..=32).contains(&name.len())
            && name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
    };
    file.strip_suffix(".json").filter(|name| is_name(name)).map(|_| ()).ok_or(Fault::Name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(manners: Manners) -> Result<Document, Fault> {
        manners.document(Bytes::from_static(b"{}"))
    }

    #[test]
    fn there_are_so_many_and_the_oldest_makes_room() {
        let documents = Documents::default();
        for n in 0..MAX_DOCUMENTS {
            documents.keep(&format!("{n}.json"), document(Manners::default()).unwrap());
        }
        let again = Manners { status: Some(404), ..Manners::default() };
        documents.keep("0.json", document(again).unwrap());
        documents.keep("new.json", document(Manners::default()).unwrap());
        assert_eq!(documents.find("0.json").unwrap().status, StatusCode::NOT_FOUND, "written anew");
        assert!(documents.find("1.json").is_none() && documents.find("2.json").is_some());
        assert_eq!(documents.0.lock().unwrap().len(), MAX_DOCUMENTS);
    }

    #[test]
    fn names_are_plain() {
        for name in ["a.json", "my-client-2.json", &format!("{}.json", "x".repeat(32))] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in ["", ".json", "A.json", "a", "a.b.json", "ä.json", &format!("{}.json", "x".repeat(33))] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn a_host_can_make_mistakes_within_limits() {
        let manners = |change: fn(&mut Manners)| {
            let mut manners = Manners::default();
            change(&mut manners);
            document(manners)
        };
        let moved = manners(|manners| manners.redirect_to = Some("http://localhost:1/".into())).unwrap();
        assert_eq!(
            (moved.status, moved.location.unwrap().as_bytes()),
            (StatusCode::FOUND, &b"http://localhost:1/"[..])
        );
        let html = manners(|manners| manners.content_type = Some("text/html".into())).unwrap();
        assert_eq!((html.status, html.content_type.as_bytes()), (StatusCode::OK, &b"text/html"[..]));
        assert!(matches!(manners(|manners| manners.status = Some(101)), Err(Fault::Status)));
        assert!(matches!(manners(|manners| manners.status = Some(1000)), Err(Fault::Status)));
        assert!(matches!(manners(|manners| manners.delay_ms = Some(8001)), Err(Fault::Delay)));
        let script = manners(|manners| manners.content_type = Some("Text/JavaScript".into()));
        assert!(matches!(script, Err(Fault::ContentType)));
        let two_headers = manners(|manners| manners.redirect_to = Some("x\r\nset-cookie: y".into()));
        assert!(matches!(two_headers, Err(Fault::Location)));
    }
}
