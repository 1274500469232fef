//! A survey of all cities that takes its time: something to watch, to cancel, and to outlive a token with.

use std::time::Duration;

use rmcp::RoleServer;
use rmcp::model::ProgressNotificationParam;
use rmcp::service::RequestContext;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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
pub(super) struct Cancelled;

/// Goes from city to city, and tells about each if somebody listens.
pub(super) async fn run(
    SurveyCities { seconds_per_city }: SurveyCities,
    context: &RequestContext<RoleServer>,
) -> Result<Survey, Cancelled> {
    let stay = Duration::from_secs(u64::from(seconds_per_city));
    let listener = context.meta.get_progress_token();
    let cities = f64::from(u8::try_from(CITIES.len()).unwrap_or(u8::MAX));
    let mut visited = 0.0;
    for city in &CITIES {
        tokio::select! {
            () = context.ct.cancelled() => return Err(Cancelled),
            () = tokio::time::sleep(stay) => (),
        }
        visited += 1.0;
        if let Some(listener) = &listener {
            let progress = ProgressNotificationParam::new(listener.clone(), visited);
            let progress = progress.with_total(cities).with_message(city.name);
            // Whoever does not listen any more will be noticed at the next city.
            let _ = context.peer.notify_progress(progress).await;
        }
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
