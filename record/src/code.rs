//! A request as code: exactly this one, to be pasted into a terminal or a program.

use flow::http::{Method, Request};

/// For a POSIX shell with curl.
#[must_use]
pub fn curl(request: &Request) -> String {
    let mut code = format!("curl --include --request {}", request.method.as_str());
    // What looks like an option or a pattern is none.
    if request.url.contains(['[', ']', '{', '}']) {
        code.push_str(" --globoff");
    }
    code.push_str(" --url ");
    code.push_str(&shell(&request.url));
    for (name, value) in sendable(request) {
        // Without a value, curl would leave the header out.
        let header = if value.is_empty() { format!("{name};") } else { format!("{name}: {value}") };
        code.push_str(" \\\n  --header ");
        code.push_str(&shell(&header));
    }
    if let Some(body) = &request.body {
        if !sendable(request).any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
            // curl would say that it is a form.
            code.push_str(" \\\n  --header 'content-type:'");
        }
        code.push_str(" \\\n  --data-raw ");
        code.push_str(&shell(body));
    }
    code
}

/// For a page or Node, with fetch.
#[must_use]
pub fn javascript(request: &Request) -> String {
    let mut code = format!("const response = await fetch({}, {{\n", js(&request.url));
    code.push_str(&format_line("method", &js(request.method.as_str())));
    if !request.headers.is_empty() {
        code.push_str("  headers: [\n");
        for (name, value) in sendable(request) {
            code.extend(["    [", &js(name), ", ", &js(value), "],\n"]);
        }
        code.push_str("  ],\n");
    }
    if let Some(body) = &request.body {
        code.push_str(&format_line("body", &js(body)));
    }
    code.push_str("});\nconsole.log(response.status, await response.text());");
    code
}

fn format_line(name: &str, value: &str) -> String {
    ["  ", name, ": ", value, ",\n"].concat()
}

/// For a Rust program, with reqwest.
#[must_use]
pub fn rust(request: &Request) -> String {
    let method = match request.method {
        Method::Get => "get",
        Method::Post => "post",
        Method::Delete => "delete",
    };
    let mut code = String::from("let response = reqwest::Client::new()\n");
    code.extend(["    .", method, "(", &rs(&request.url), ")\n"]);
    for (name, value) in sendable(request) {
        code.extend(["    .header(", &rs(name), ", ", &rs(value), ")\n"]);
    }
    if let Some(body) = &request.body {
        code.extend(["    .body(", &rs(body), ")\n"]);
    }
    code.push_str(
        "    .send()\n    .await?;\nprintln!(\"{}\\n{}\", response.status(), response.text().await?);",
    );
    code
}

/// The headers that can be sent: a name that is no token is none, and curl would take one that begins with `@` for a file.
pub(crate) fn sendable(request: &Request) -> impl Iterator<Item = (&str, &str)> {
    let is_token = |name: &str| {
        let legal = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        !name.is_empty() && name.bytes().all(legal)
    };
    let headers = request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    headers.filter(move |(name, _)| is_token(name))
}

/// One word for a POSIX shell, whatever is in it.
pub(crate) fn shell(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A string of JavaScript; in single quotes where that is easier to read.
fn js(text: &str) -> String {
    let quote = if text.contains('"') && !text.contains('\'') { '\'' } else { '"' };
    literal(text, quote, |code| match code {
        0x1_0000.. => format!("\\u{{{code:x}}}"),
        _ => format!("\\u{code:04x}"),
    })
}

/// A string of Rust; a raw one where that is easier to read.
fn rs(text: &str) -> String {
    let hashes = (1..4).map(|count| "#".repeat(count)).find(|hashes| !text.contains(&format!("\"{hashes}")));
    match hashes {
        Some(hashes) if text.contains(['"', '\\']) && !text.contains(needs_escape) => {
            format!("r{hashes}\"{text}\"{hashes}")
        }
        _ => literal(text, '"', |code| format!("\\u{{{code:x}}}")),
    }
}

/// A string literal in which nothing is meant that is not seen.
fn literal(text: &str, quote: char, escape: impl Fn(u32) -> String) -> String {
    let mut code = String::from(quote);
    for c in text.chars() {
        match c {
            '\n' => code.push_str("\\n"),
            '\r' => code.push_str("\\r"),
            '\t' => code.push_str("\\t"),
            '\\' => code.push_str("\\\\"),
            c if c == quote => code.extend(['\\', c]),
            c if needs_escape(c) => code.push_str(&escape(c.into())),
            c => code.push(c),
        }
    }
    code.push(quote);
    code
}

/// Controls, separators of lines, and what turns the direction of writing around.
fn needs_escape(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn call() -> Request {
        Request {
            method: Method::Post,
            url: "http://localhost:8001/mcp".into(),
            headers: vec![
                ("content-type".into(), "application/json".into()),
                ("authorization".into(), "Bearer •••••".into()),
            ],
            body: Some(r#"{"method":"tools/call"}"#.into()),
        }
    }

    fn nasty() -> Request {
        Request {
            method: Method::Delete,
            url: "http://[::1]/a'b?x={1}".into(),
            headers: vec![
                ("x-empty".into(), String::new()),
                ("@/etc/passwd".into(), "a file".into()),
                ("__proto__".into(), "$(id) `id` \\ \"".into()),
            ],
            body: Some("it's \"#\\\n\u{0}\u{202e}</script>${x}%s😀\u{feff}".into()),
        }
    }

    #[test]
    fn curl_sends_this_very_request() {
        assert_eq!(
            curl(&call()),
            r#"curl --include --request POST --url 'http://localhost:8001/mcp' \
  --header 'content-type: application/json' \
  --header 'authorization: Bearer •••••' \
  --data-raw '{"method":"tools/call"}'"#
        );
        assert_eq!(
            curl(&nasty()),
            "curl --include --request DELETE --globoff --url 'http://[::1]/a'\\''b?x={1}' \\\n  \
             --header 'x-empty;' \\\n  \
             --header '__proto__: $(id) `id` \\ \"' \\\n  \
             --header 'content-type:' \\\n  \
             --data-raw 'it'\\''s \"#\\\n\u{0}\u{202e}</script>${x}%s😀\u{feff}'"
        );
    }

    #[test]
    fn javascript_sends_this_very_request() {
        assert_eq!(
            javascript(&call()),
            r#"const response = await fetch("http://localhost:8001/mcp", {
  method: "POST",
  headers: [
    ["content-type", "application/json"],
    ["authorization", "Bearer •••••"],
  ],
  body: '{"method":"tools/call"}',
});
console.log(response.status, await response.text());"#
        );
        assert_eq!(
            javascript(&nasty()),
            r##"const response = await fetch("http://[::1]/a'b?x={1}", {
  method: "DELETE",
  headers: [
    ["x-empty", ""],
    ["__proto__", '$(id) `id` \\ "'],
  ],
  body: "it's \"#\\\n\u0000\u202e</script>${x}%s😀\ufeff",
});
console.log(response.status, await response.text());"##
        );
    }

    #[test]
    fn rust_sends_this_very_request() {
        assert_eq!(
            rust(&call()),
            r##"let response = reqwest::Client::new()
    .post("http://localhost:8001/mcp")
    .header("content-type", "application/json")
    .header("authorization", "Bearer •••••")
    .body(r#"{"method":"tools/call"}"#)
    .send()
    .await?;
println!("{}\n{}", response.status(), response.text().await?);"##
        );
        assert_eq!(
            rust(&nasty()),
            r##"let response = reqwest::Client::new()
    .delete("http://[::1]/a'b?x={1}")
    .header("x-empty", "")
    .header("__proto__", r#"$(id) `id` \ ""#)
    .body("it's \"#\\\n\u{0}\u{202e}</script>${x}%s😀\u{feff}")
    .send()
    .await?;
println!("{}\n{}", response.status(), response.text().await?);"##
        );
        assert_eq!(rs("\"# \"## \\"), "r###\"\"# \"## \\\"###");
        assert_eq!(rs("\"#\"##\"###"), r####""\"#\"##\"###""####);
    }
}
