//! The two files that the pages need besides themselves.

use axum::response::IntoResponse;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

pub(super) const STYLESHEET_PATH: &str = "/assets/authorization-server.css";
pub(super) const ICON_PATH: &str = "/assets/authorization-server.svg";

pub(super) async fn stylesheet() -> impl IntoResponse {
    (
        [(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, "public, max-age=300")],
        include_str!("../../../static/authorization-server.css"),
    )
}

pub(super) async fn icon() -> impl IntoResponse {
    (
        [(CONTENT_TYPE, "image/svg+xml"), (CACHE_CONTROL, "public, max-age=86400")],
        include_str!("../../../static/authorization-server.svg"),
    )
}
