//! A survey of all cities that takes its time: something to watch, to cancel, and to outlive a token with.

use std::time::Duration;

use rmcp::RoleServer;
use rmcp::model::ProgressNotificationParam;
use rmcp::service::RequestContext;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use super::weather::{CITIES, City};

/// Arguments of `survey_cities`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SurveyCities {
    /// How long to stay in each of the twelve cities, in seconds: 0 to 10.
    #[serde(default = "one_second")]
    #[schemars(range(min = 0, max = 10))]
    pub(super) seconds_per_city: u8,
}

fn one_second() -> u8 {
    1
}

/// What was found.
#[derive(Debug, PartialEq, Serialize, JsonSchema)]
pub(super) struct Survey {
    /// How many cities were visited.
    cities: usize,
    /// The one with the lowest mean.
    coldest: String,
    /// The one with the highest mean.
    warmest: String,
    /// The mean over all of them, in degrees Celsius.
    mean_celsius: f64,
}

/// The survey was given up on the way.
#[derive(Debug, PartialEq)]
pub(super) struct Cancelled {
    /// How many cities had been visited.
    visited: u8,
}

/// Goes from city to city, and tells about each if somebody listens. Ends at once when nobody wants it any more, whether
/// it is staying in a city or telling about one.
pub(super) async fn run(
    SurveyCities { seconds_per_city }: SurveyCities,
    context: &RequestContext<RoleServer>,
) -> Result<Survey, Cancelled> {
    let stay = Duration::from_secs(u64::from(seconds_per_city));
    let listener = context.meta.get_progress_token();
    let cities = f64::from(u8::try_from(CITIES.len()).unwrap_or(u8::MAX));
    let mut visited = 0;
    let journey = async {
        for city in &CITIES {
            sleep(stay).await;
            visited += 1;
            if let Some(listener) = &listener {
                let progress = ProgressNotificationParam::new(listener.clone(), f64::from(visited));
                let progress = progress.with_total(cities).with_message(city.name);
                // Whoever does not listen any more cancels; there is nobody to tell it to.
                let _ = context.peer.notify_progress(progress).await;
            }
        }
    };
    if context.ct.run_until_cancelled(journey).await.is_none() {
        // Whoever has hung up cannot see that it worked.
        tracing::info!(visited, "survey cancelled");
        return Err(Cancelled { visited });
    }
    let by_mean = |city: &&City| city.annual_mean_celsius;
    let name = |city: Option<&City>| city.map_or_else(String::new, |city| city.name.to_owned());
    Ok(Survey {
        cities: CITIES.len(),
        coldest: name(CITIES.iter().min_by_key(by_mean)),
        warmest: name(CITIES.iter().max_by_key(by_mean)),
        mean_celsius: CITIES.iter().map(|city| f64::from(city.annual_mean_celsius)).sum::<f64>() / cities,
    })
}

impl Survey {
    /// For people.
    pub(super) fn to_text(&self) -> String {
        format!(
            "{} cities: {} is the coldest, {} the warmest, {:.1} °C the mean of all.",
            self.cities, self.coldest, self.warmest, self.mean_celsius
        )
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::body::Body;
    use axum::extract::Request;
    use axum::response::Response;
    use http::StatusCode;
    use http::header::{ACCEPT, CONTENT_TYPE, HOST};
    use http_body_util::BodyExt as _;
    use rmcp::model::{CallToolRequestParams, CallToolResponse, CallToolResult};
    use rmcp::transport::streamable_http_server::session::local::LocalSessionManager;
    use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
    use rmcp::{ErrorData, ServerHandler};
    use serde_json::{Value, json};
    use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
    use tokio::time::Instant;
    use tower::ServiceExt as _;

    use super::*;

    type Outcome = Result<Survey, Cancelled>;

    /// A service that makes surveys, and tells the test how each has ended.
    #[derive(Clone)]
    struct Surveyor(UnboundedSender<Outcome>);

    impl ServerHandler for Surveyor {
        async fn call_tool(
            &self,
            request: CallToolRequestParams,
            context: RequestContext<RoleServer>,
        ) -> Result<CallToolResponse, ErrorData> {
            let arguments = Value::Object(request.arguments.unwrap_or_default());
            let outcome = run(serde_json::from_value(arguments).unwrap(), &context).await;
            self.0.send(outcome).unwrap();
            Ok(CallToolResult::success(Vec::new()).into())
        }
    }

    /// Calls the survey as 2026-07-28 has it.
    async fn survey(
        arguments: Value,
        progress_token: Option<&str>,
    ) -> (Response, UnboundedReceiver<Outcome>) {
        let (ends, ended) = unbounded_channel();
        let mut meta = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        });
        if let Some(token) = progress_token {
            meta["progressToken"] = json!(token);
        }
        let message = json!({
            "jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": { "name": "survey_cities", "arguments": arguments, "_meta": meta },
        });
        let request = Request::post("/")
            .header(HOST, "localhost")
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json, text/event-stream")
            .header("mcp-protocol-version", "2026-07-28")
            .header("mcp-method", "tools/call")
            .header("mcp-name", "survey_cities")
            .body(Body::from(message.to_string()))
            .unwrap();
        // Its own clock for signs of life is the real one, which a test's time runs away from.
        let config = StreamableHttpServerConfig::default().with_json_response(true).with_sse_keep_alive(None);
        let service = StreamableHttpService::new(
            move || Ok(Surveyor(ends.clone())),
            Arc::<LocalSessionManager>::default(),
            config,
        );
        let response = service.oneshot(request).await.unwrap().map(Body::new);
        assert_eq!(response.status(), StatusCode::OK);
        (response, ended)
    }

    async fn frame(response: &mut Response) -> String {
        let frame = response.body_mut().frame().await.unwrap().unwrap();
        String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap()
    }

    /// It would have taken two minutes. Req: RS-58, G17
    #[tokio::test(start_paused = true)]
    async fn it_ends_where_it_is_when_its_listener_hangs_up() {
        let (mut response, mut ended) = survey(json!({ "seconds_per_city": 10 }), Some("p")).await;
        while !frame(&mut response).await.contains("Cairo") {}
        let hung_up = Instant::now();
        drop(response);
        assert_eq!(ended.recv().await, Some(Err(Cancelled { visited: 2 })));
        assert_eq!(hung_up.elapsed(), Duration::ZERO, "not even this city's time was waited for");
    }

    #[tokio::test(start_paused = true)]
    async fn it_stays_in_each_city_as_long_as_it_was_told() {
        for (arguments, seconds) in [(json!({ "seconds_per_city": 10 }), 120), (json!({}), 12)] {
            let begun = Instant::now();
            let (_response, mut ended) = survey(arguments, None).await;
            assert_eq!(ended.recv().await.unwrap().unwrap().cities, 12);
            assert_eq!(begun.elapsed().as_secs(), seconds);
        }
    }
}
