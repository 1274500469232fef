//! The table behind `get_weather`: long-term annual means (climate normals 1991–2020), in whole degrees Celsius.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Arguments of `get_weather`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GetWeather {
    /// Name of a city, for instance Paris.
    #[schemars(length(min = 1, max = 100))]
    pub(super) city: String,
}

/// What `get_weather` answers.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Weather {
    /// The city.
    city: &'static str,
    /// Its country.
    country: &'static str,
    /// How warm it is on average over the year, in degrees Celsius.
    annual_mean_celsius: i8,
    /// The years that the mean is of.
    normal: &'static str,
}

/// A city and its mean temperature over the year.
pub(super) struct City {
    pub(super) name: &'static str,
    pub(super) country: &'static str,
    pub(super) annual_mean_celsius: i8,
}

const fn city(name: &'static str, country: &'static str, annual_mean_celsius: i8) -> City {
    City { name, country, annual_mean_celsius }
}

pub(super) const CITIES: [City; 12] = [
    city("Berlin", "Germany", 10),
    city("Cairo", "Egypt", 22),
    city("London", "United Kingdom", 12),
    city("Madrid", "Spain", 15),
    city("New York", "United States", 13),
    city("Oslo", "Norway", 7),
    city("Paris", "France", 13),
    city("Reykjavik", "Iceland", 5),
    city("Rome", "Italy", 16),
    city("Singapore", "Singapore", 28),
    city("Sydney", "Australia", 19),
    city("Tokyo", "Japan", 16),
];

/// Finds a city by its name, in any case.
pub(super) fn find(name: &str) -> Option<&'static City> {
    CITIES.iter().find(|city| city.name.eq_ignore_ascii_case(name.trim()))
}

/// All names, for the answer to an unknown one.
pub(super) fn names() -> String {
    CITIES.iter().map(|city| city.name).collect::<Vec<_>>().join(", ")
}

impl City {
    /// What is known about it.
    pub(super) fn weather(&self) -> Weather {
        Weather {
            city: self.name,
            country: self.country,
            annual_mean_celsius: self.annual_mean_celsius,
            normal: "1991-2020",
        }
    }
}

impl Weather {
    /// For people.
    pub(super) fn to_text(&self) -> String {
        format!("{}, {}: {} °C, the mean of 1991–2020.", self.city, self.country, self.annual_mean_celsius)
    }
}
