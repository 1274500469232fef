//! Answers of an MCP server that a test makes up in place of the world's.

use flow::http::{Request, Response};
use serde_json::{Value, json};

use crate::world::{World, json_response, method_of};

pub(crate) type Edit = fn(&Request, Response) -> Response;

pub(crate) fn body(request: &Request) -> Value {
    serde_json::from_str(request.body.as_deref().unwrap()).unwrap()
}

/// An answer to this request with this result.
pub(crate) fn result(request: &Request, result: &Value) -> Response {
    json_response(200, &json!({ "jsonrpc": "2.0", "id": body(request)["id"], "result": result }))
}

pub(crate) fn error(request: &Request, status: u16, code: i64, data: &Value) -> Response {
    let error = json!({ "code": code, "message": "no", "data": data });
    json_response(status, &json!({ "jsonrpc": "2.0", "id": body(request)["id"], "error": error }))
}

/// Answers requests of this method in this way, once there is a token.
pub(crate) fn edited(method: &'static str, edit: impl Fn(&Request, Response) -> Response + 'static) -> World {
    World {
        edit: Box::new(move |request, response| {
            let named = request.url.ends_with("8001/mcp") && method_of(request) == method;
            if named && response.status != 401 { edit(request, response) } else { response }
        }),
        ..World::default()
    }
}
