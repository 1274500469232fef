//! fetch for a flow: what it asks for, no more. No cookies, no redirects, no cache, a deadline, a bounded answer.

use flow::Outgoing;
use flow::http::{MAX_ANSWER_BYTES, Method, Request, Response};
use gloo_net::http::RequestBuilder;
use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::JsCast as _;
use wasm_bindgen_futures::JsFuture;
use web_sys::{
    AbortSignal, ReadableStream, ReadableStreamDefaultReader, RequestCache, RequestCredentials,
    RequestRedirect,
};

const DEADLINE_MS: u32 = 20_000;

/// Sends what a flow wants to be sent, when it wants it. The error is for people: why there is no answer, and what to try.
pub(crate) async fn send(Outgoing { request, wait_ms, .. }: &Outgoing) -> Result<Response, String> {
    if *wait_ms > 0 {
        wait(*wait_ms).await;
    }
    let started = now();
    let answer = fetch(request).await.map_err(|error| explain(request, &error))?;
    let headers: Vec<_> =
        answer.headers().entries().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
    let status = answer.status();
    let body = match answer.body() {
        Some(stream) => {
            let is_stream = content_type(&headers).starts_with("text/event-stream");
            read_answer(stream, is_stream, |so_far| is_there(request, &headers, so_far)).await?
        }
        None => String::new(),
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a duration below the deadline"
    )]
    let elapsed_ms = (now() - started).max(0.0) as u32;
    Ok(Response { status, headers, body, elapsed_ms })
}

async fn fetch(request: &Request) -> Result<gloo_net::http::Response, gloo_net::Error> {
    let method = match request.method {
        Method::Get => gloo_net::http::Method::GET,
        Method::Post => gloo_net::http::Method::POST,
        Method::Delete => gloo_net::http::Method::DELETE,
    };
    let mut builder = RequestBuilder::new(&request.url)
        .method(method)
        .credentials(RequestCredentials::Omit)
        .redirect(RequestRedirect::Error)
        .cache(RequestCache::NoStore)
        .abort_signal(Some(&AbortSignal::timeout_with_u32(DEADLINE_MS)));
    for (name, value) in &request.headers {
        builder = builder.header(name, value);
    }
    match &request.body {
        Some(body) => builder.body(body.as_str())?.send().await,
        None => builder.send().await,
    }
}

/// Whether the answer is there already, although its stream may go on.
fn is_there(request: &Request, headers: &[(String, String)], so_far: &[u8]) -> bool {
    std::str::from_utf8(so_far).is_ok_and(|so_far| request.is_answered_by(content_type(headers), so_far))
}

fn content_type(headers: &[(String, String)]) -> &str {
    headers.iter().find(|(name, _)| name == "content-type").map_or("", |(_, value)| value.as_str())
}

/// Reads a body piece by piece, up to the flow's limit, or until it is enough.
async fn read_answer(
    stream: ReadableStream,
    is_stream: bool,
    enough: impl Fn(&[u8]) -> bool,
) -> Result<String, String> {
    let broken = |_| "the answer broke off".to_owned();
    let reader: ReadableStreamDefaultReader = stream.get_reader().unchecked_into();
    let mut body = Vec::new();
    loop {
        let piece = match JsFuture::from(reader.read()).await {
            Ok(piece) => piece,
            // What has come of a stream counts: it can be taken up where it broke off.
            Err(_) if is_stream && !body.is_empty() => break,
            Err(error) => return Err(broken(error)),
        };
        let value = Reflect::get(&piece, &"value".into()).map_err(broken)?;
        if value.is_undefined() {
            break;
        }
        body.extend(Uint8Array::from(value).to_vec());
        if body.len() > MAX_ANSWER_BYTES {
            // The rest is of no interest, and neither is whether the browser minds.
            drop(reader.cancel());
            return Err(format!("the answer is longer than {MAX_ANSWER_BYTES} bytes"));
        }
        if enough(&body) {
            drop(reader.cancel());
            break;
        }
    }
    String::from_utf8(body).map_err(|_| "the answer is not UTF-8 text".to_owned())
}

/// Browsers do not tell a page why a request failed; these are the reasons there are.
fn explain(request: &Request, error: &gloo_net::Error) -> String {
    let text = error.to_string();
    if text.contains("Timeout") || text.contains("timed out") {
        return format!("no answer within {} seconds", DEADLINE_MS / 1000);
    }
    [
        &request.url,
        ": no answer that this page may read. A browser does not say why: nobody listens there, or the answer was a \
         redirect, or the server does not let this page read it (CORS), or the page’s own policy keeps it from asking there.",
    ]
    .concat()
}

/// Waits. A page without timers does not wait.
async fn wait(ms: u32) {
    let mut timer = |done: js_sys::Function, _| {
        let ms = i32::try_from(ms).unwrap_or(i32::MAX);
        let set = web_sys::window()
            .map(|window| window.set_timeout_with_callback_and_timeout_and_arguments_0(&done, ms));
        if !matches!(set, Some(Ok(_))) {
            let _called = done.call0(&wasm_bindgen::JsValue::NULL);
        }
    };
    let _waited = JsFuture::from(js_sys::Promise::new(&mut timer)).await;
}

/// A clock for durations, in milliseconds.
pub(crate) fn now() -> f64 {
    web_sys::window().and_then(|window| window.performance()).map_or(0.0, |performance| performance.now())
}
