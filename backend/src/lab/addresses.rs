//! Where things are.

/// The addresses of the lab.
#[derive(Clone, Debug)]
pub(super) struct Addresses {
    /// Origin of the page.
    pub(super) page: String,
    /// Endpoint of the MCP server.
    pub(super) mcp_server: String,
    /// Issuer of the authorization server.
    pub(super) authorization_server: String,
    /// Origin of the rogue servers.
    pub(super) rogue: String,
}

impl Addresses {
    /// Under which origins the page can be opened: a browser takes them for three.
    pub(super) fn page_origins(&self) -> [String; 3] {
        let port = self.page.rsplit(':').next().unwrap_or_default();
        ["localhost", "127.0.0.1", "[::1]"].map(|host| format!("http://{host}:{port}"))
    }

    /// Whether a `Host` header names the page's server.
    pub(super) fn is_page_host(&self, host: &str) -> bool {
        self.page_origins().iter().any(|origin| origin.strip_prefix("http://") == Some(host))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_the_names_of_this_machine_and_no_other() {
        let addresses = Addresses {
            page: "http://localhost:3000".to_owned(),
            mcp_server: String::new(),
            authorization_server: String::new(),
            rogue: String::new(),
        };
        for host in ["localhost:3000", "127.0.0.1:3000", "[::1]:3000"] {
            assert!(addresses.is_page_host(host), "{host}");
        }
        for host in ["localhost", "localhost:9000", "evil.example:3000", "http://localhost:3000", ""] {
            assert!(!addresses.is_page_host(host), "{host}");
        }
    }
}
