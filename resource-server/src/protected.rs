//! Everything that stands before a service, in its order.
//!
//! One after the other in one place, and no chain of middleware: what one step finds out is an argument of a later one, so
//! none of those can come too early, and a request is moved and boxed once instead of at each step.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::header::AUTHORIZATION;
use tower::ServiceExt as _;

use crate::call::Lifetime;
use crate::denial::Denial;
use crate::server::Server;
use crate::{bearer, guard, scope_gate, sessions};

/// The steps that a request takes to a service.
async fn answer<S: Service>(
    server: &Arc<Server>,
    mut request: Request,
    service: S,
) -> Result<Response, Denial> {
    guard::check(server, &request)?;
    let (presented, token) = bearer::authenticate(server, request.headers()).await?;
    // From here on nobody sees the token itself, so none can pass it on.
    request.headers_mut().remove(AUTHORIZATION);
    request.extensions_mut().insert(Arc::clone(&token));
    let turn = server.calls.begin(token.caller())?;
    let mut lifetime = Lifetime::of(server, &token, presented);
    let answering = async {
        let (judged, request) = scope_gate::judge_request(&server.scopes, &token, &turn, request).await?;
        sessions::answer(server, token.caller(), judged, request, service).await
    };
    let response = lifetime.bound(answering).await??;
    Ok(lifetime.carry(response, turn))
}

/// A service that answers requests which may pass.
pub(crate) trait Service: Send {
    fn answer(self, request: Request) -> impl Future<Output = Response> + Send;
}

impl<S> Service for S
where
    S: tower::Service<Request, Error = Infallible> + Send,
    S::Response: IntoResponse,
    S::Future: Send,
{
    async fn answer(self, request: Request) -> Response {
        match self.oneshot(request).await {
            Ok(response) => response.into_response(),
            Err(never) => match never {},
        }
    }
}

/// A service with all that stands before it.
#[derive(Clone)]
pub(crate) struct Protected<S> {
    server: Arc<Server>,
    service: S,
}

impl<S> Protected<S> {
    pub(crate) fn new(server: Arc<Server>, service: S) -> Self {
        Self { server, service }
    }
}

impl<S: Service + Clone + 'static> tower::Service<Request> for Protected<S> {
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // Each request asks a clone of the service, when its turn has come.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let (server, service) = (Arc::clone(&self.server), self.service.clone());
        Box::pin(async move {
            let answered = answer(&server, request, service).await;
            Ok(answered.unwrap_or_else(|denial| server.refuse(denial)))
        })
    }
}
