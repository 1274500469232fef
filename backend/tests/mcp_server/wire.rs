//! Requests that are no good HTTP, or that two readers could take for different ones, over a real socket.

use std::time::Duration;

use server_kit::listen::{Sockets, serve_until};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::{Server, call};
use serde_json::json;

/// Sends bytes to the server and reads until it closes the connection.
async fn exchange(port: u16, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    // A server that refuses at once may have closed before everything is written.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut answer));
    let _ = read.await.expect("the server closes the connection");
    String::from_utf8(answer).unwrap()
}

async fn listening(server: &Server) -> u16 {
    let sockets = Sockets::bind("test", "--bind", &["127.0.0.1:0".parse().unwrap()]).await.unwrap();
    let port = sockets.port();
    tokio::spawn(serve_until(vec![sockets.answer_with(server.router.clone())], std::future::pending()));
    port
}

/// Lengths in two ways, RFC 9112 §6.1: the pieces count, and nothing that follows them is read. A line may end without a
/// carriage return, which RFC 9112 §2.2 allows; there is one way to read it.
///
/// Req: G19
#[tokio::test]
async fn nothing_can_be_smuggled_in_behind_a_request() {
    let server = Server::start().await;
    let port = listening(&server).await;
    let head = "POST /mcp HTTP/1.1\r\nHost: localhost:8001\r\nContent-Type: application/json\r\n";
    let smuggled = "GET /healthz HTTP/1.1\r\nHost: localhost:8001\r\nConnection: close\r\n\r\n";
    for lengths in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Transfer-Encoding: chunked\r\n",
    ] {
        let answer = exchange(port, format!("{head}{lengths}\r\n0\r\n\r\n{smuggled}").as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 401 "), "{lengths}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{lengths}: {answer}");
    }
    for (broken, status) in [
        (format!("{head}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"), "400"),
        (format!("{head}Content-Length: +5\r\n\r\nhello"), "400"),
        (format!("{head}Content-Length: 5, 5\r\n\r\nhello"), "400"),
        (format!("{head}Transfer-Encoding: gzip\r\n\r\nhello"), "400"),
        (format!("{head}X-Folded: a\r\n b\r\n\r\n"), "400"),
        (format!("{head}X Y: a\r\n\r\n"), "400"),
        (format!("{head}{}\r\n", "X-Many: 1\r\n".repeat(1000)), "431"),
    ] {
        let answer = exchange(port, format!("{broken}{smuggled}").as_bytes()).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{broken:.120}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{broken:.120}: {answer}");
    }
}

/// Req: G03
#[tokio::test]
async fn a_body_that_is_announced_too_long_is_refused_unread() {
    let server = Server::start().await;
    let port = listening(&server).await;
    let token = server.token("mcp:connect");
    let message = call("whoami", &json!({})).to_string();
    let head = format!(
        "POST /mcp HTTP/1.1\r\nHost: localhost:8001\r\nContent-Type: application/json\r\nAuthorization: Bearer {token}\r\n\
         Content-Length: 1000000000\r\n\r\n{message}"
    );
    let answer = exchange(port, head.as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}
