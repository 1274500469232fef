//! A client's web server: the document about the client, or whatever else a test has it answer.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Answers of a client's web server, counted.
pub(crate) struct ClientHost {
    pub(crate) origin: String,
    pub(crate) hits: Arc<AtomicUsize>,
    answer: Arc<Mutex<Answer>>,
}

type Answer = Box<dyn Fn() -> Response + Send>;

impl ClientHost {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://127.0.0.1:{}", listener.local_addr().unwrap().port());
        let hits = Arc::new(AtomicUsize::new(0));
        let answer: Arc<Mutex<Answer>> =
            Arc::new(Mutex::new(Box::new(|| StatusCode::NOT_FOUND.into_response())));
        let (counted, given) = (Arc::clone(&hits), Arc::clone(&answer));
        let router = Router::new().fallback(async move || {
            counted.fetch_add(1, Ordering::SeqCst);
            let response = given.lock().unwrap()();
            if response.headers().contains_key("x-never-ends") {
                std::future::pending::<()>().await;
            }
            response
        });
        tokio::spawn(async move { axum::serve(listener, router).await });
        let host = Self { origin, hits, answer };
        host.serve_document(&host.document());
        host
    }

    pub(crate) fn client_id(&self) -> String {
        format!("{}/client.json", self.origin)
    }

    pub(crate) fn redirect_uri(&self) -> String {
        format!("{}/callback", self.origin)
    }

    pub(crate) fn document(&self) -> Value {
        json!({
            "client_id": self.client_id(),
            "client_name": "Test client",
            "redirect_uris": [self.redirect_uri()],
            "token_endpoint_auth_method": "none",
        })
    }

    pub(crate) fn serve_document(&self, document: &Value) {
        let body = document.to_string();
        self.answer(move || ([(CONTENT_TYPE, "application/json")], body.clone()).into_response());
    }

    pub(crate) fn answer(&self, answer: impl Fn() -> Response + Send + 'static) {
        *self.answer.lock().unwrap() = Box::new(answer);
    }

    pub(crate) fn hits(&self) -> usize {
        self.hits.load(Ordering::SeqCst)
    }
}
