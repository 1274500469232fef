//! A real browser, and the listener on this machine to which it comes back.
//!
//! Spec: RFC 8252 §7.3 (loopback redirection); OAuth 2.1 §8.4.2.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use flow::Flow;
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use protocol::ids::RedirectUri;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;

use walker::person::PersonError;

const CALLBACK_PATH: &str = "/callback";
const DONE_PATH: &str = "/done";
/// How long a person may take.
const PATIENCE: Duration = Duration::from_mins(15);
/// How long a visitor may take to say what it wants.
const HEADER_DEADLINE: Duration = Duration::from_secs(10);
/// Visitors at the same time. Browsers open a few connections more than they use.
const MAX_VISITORS: usize = 32;

/// A listener that waits for the browser to come back, for as long as this value lives.
#[derive(Debug)]
pub struct Browser {
    redirect_uri: RedirectUri,
    waiting: Arc<Mutex<Option<Waiting>>>,
    serving: JoinHandle<()>,
}

/// Who is expected: the flow tells strangers apart.
struct Waiting {
    flow: Flow,
    came_back: oneshot::Sender<String>,
}

impl std::fmt::Debug for Waiting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Waiting(…)")
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Browser {
    /// Listens on a port of this machine; 0 takes a free one.
    ///
    /// # Errors
    /// [`PersonError::NoListener`].
    pub async fn listen(port: u16) -> Result<Self, PersonError> {
        let listener =
            TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(PersonError::NoListener)?;
        let SocketAddr::V4(address) = listener.local_addr().map_err(PersonError::NoListener)? else {
            return Err(PersonError::NoListener(std::io::ErrorKind::Unsupported.into()));
        };
        let redirect_uri = RedirectUri::parse(&format!("http://{address}{CALLBACK_PATH}"))
            .map_err(|reason| PersonError::NoListener(std::io::Error::other(reason)))?;
        let waiting = Arc::new(Mutex::new(None));
        let serving = tokio::spawn(serve(listener, redirect_uri.clone(), Arc::clone(&waiting)));
        Ok(Self { redirect_uri, waiting, serving })
    }

    /// Where the authorization server is to send the browser back to.
    #[must_use]
    pub fn redirect_uri(&self) -> &RedirectUri {
        &self.redirect_uri
    }

    /// Opens the browser, and waits until it comes back with an answer to this flow.
    ///
    /// # Errors
    /// [`PersonError::Late`].
    pub async fn visit(&self, flow: &Flow, url: &str) -> Result<String, PersonError> {
        let (came_back, answer) = oneshot::channel();
        *lock(&self.waiting) = Some(Waiting { flow: flow.clone(), came_back });
        open(url);
        let late = PersonError::Late { minutes: PATIENCE.as_secs() / 60 };
        match tokio::time::timeout(PATIENCE, answer).await {
            Ok(Ok(url)) => Ok(url),
            Ok(Err(_)) | Err(_) => Err(late),
        }
    }
}

fn lock(waiting: &Mutex<Option<Waiting>>) -> std::sync::MutexGuard<'_, Option<Waiting>> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(listener: TcpListener, redirect_uri: RedirectUri, waiting: Arc<Mutex<Option<Waiting>>>) {
    let places = Arc::new(Semaphore::new(MAX_VISITORS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let Ok((stream, _)) = listener.accept().await else {
            // Too many files are open, or the visitor is gone already; the next one may fare better.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let (redirect_uri, waiting) = (redirect_uri.clone(), Arc::clone(&waiting));
        tokio::spawn(async move {
            receive(stream, &redirect_uri, &waiting).await;
            drop(place);
        });
    }
}

async fn receive(stream: TcpStream, redirect_uri: &RedirectUri, waiting: &Mutex<Option<Waiting>>) {
    let answer = service_fn(|request: Request<Incoming>| async move {
        Ok::<_, Infallible>(answer(&request, redirect_uri, waiting))
    });
    let connection = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_DEADLINE)
        .max_buf_size(32 * 1024)
        .serve_connection(TokioIo::new(stream), answer);
    // A visitor that breaks off has nothing to say to anybody.
    let _ = connection.await;
}

/// The callback is taken once, if it answers the flow. The browser moves on to an address without code and state, so that
/// neither stays in its history.
fn answer(
    request: &Request<Incoming>,
    redirect_uri: &RedirectUri,
    waiting: &Mutex<Option<Waiting>>,
) -> Response<Full<Bytes>> {
    let host = request.headers().get("host").and_then(|host| host.to_str().ok());
    if host != Some(redirect_uri.authority()) || request.method() != Method::GET {
        return page(
            StatusCode::FORBIDDEN,
            "This is not for you",
            "Only the browser that was sent away is expected here.",
        );
    }
    match request.uri().path() {
        DONE_PATH => {
            page(StatusCode::OK, "Back in the terminal", "You can close this window. The terminal goes on.")
        }
        CALLBACK_PATH => {
            let query = request.uri().query().unwrap_or_default();
            let url = format!("{redirect_uri}?{query}");
            let mut waiting = lock(waiting);
            match waiting.take_if(|waiting| waiting.flow.is_answered_by(&url)) {
                // Where nobody waits any more, the person has given up in the terminal.
                Some(expected) => match expected.came_back.send(url) {
                    Ok(()) => see_done(),
                    Err(_) => page(StatusCode::GONE, "Too late", "Nobody waits for this any more."),
                },
                None => page(
                    StatusCode::BAD_REQUEST,
                    "Not an answer to this request",
                    "This address does not carry the state that was sent along. It was thrown away; the terminal still waits.",
                ),
            }
        }
        _ => page(StatusCode::NOT_FOUND, "Nothing here", "Only the way back to the terminal leads here."),
    }
}

fn see_done() -> Response<Full<Bytes>> {
    let mut response = page(StatusCode::SEE_OTHER, "Back in the terminal", "");
    response.headers_mut().insert("location", hyper::header::HeaderValue::from_static(DONE_PATH));
    response
}

/// A page of this listener: no script, nothing from elsewhere, no referrer.
fn page(status: StatusCode, title: &str, text: &str) -> Response<Full<Bytes>> {
    let html = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\">\
         <meta name=color-scheme content=\"light dark\"><title>{title}</title><h1>{title}</h1><p>{text}</p></html>"
    );
    let mut response = Response::new(Full::new(Bytes::from(html)));
    *response.status_mut() = status;
    for (name, value) in [
        ("content-type", "text/html; charset=utf-8"),
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ("referrer-policy", "no-referrer"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
    ] {
        response.headers_mut().insert(name, hyper::header::HeaderValue::from_static(value));
    }
    response
}

/// Opens a URL where there is a desktop, without any shell in between. The flow has made sure that it is a web address.
/// Whether it works does not matter: the address stands in the terminal too.
fn open(url: &str) {
    let command = if cfg!(target_os = "macos") {
        Some(("open", &[][..]))
    } else if cfg!(windows) {
        Some(("rundll32", &["url.dll,FileProtocolHandler"][..]))
    } else if ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some()) {
        Some(("xdg-open", &[][..]))
    } else {
        None
    };
    if let Some((program, arguments)) = command {
        let quiet = |command: &mut Command| {
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().is_ok()
        };
        let _opened = quiet(Command::new(program).args(arguments).arg(url));
    }
}
