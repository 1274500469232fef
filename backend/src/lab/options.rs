//! What the lab is told by flags and environment.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

use clap::{CommandFactory as _, Parser};

/// MCP Auth Lab: a real authorization server, a real MCP server, and a page that walks between them.
///
/// It listens on loopback only, has demo people without passwords, and speaks plain http: it is for learning.
#[derive(Clone, Debug, Parser)]
#[command(name = "lab", version)]
pub struct Options {
    /// Port of the page and of the client's metadata document.
    #[arg(long, env = "LAB_PAGE_PORT", value_name = "PORT", default_value_t = 3000)]
    pub page_port: u16,
    /// Port of the MCP server.
    #[arg(long, env = "LAB_MCP_PORT", value_name = "PORT", default_value_t = 8001)]
    pub mcp_port: u16,
    /// Port of the authorization server.
    #[arg(long, env = "LAB_AS_PORT", value_name = "PORT", default_value_t = 9000)]
    pub as_port: u16,
    /// Port of the rogue servers, which attacks are tried with.
    #[arg(long, env = "LAB_ROGUE_PORT", value_name = "PORT", default_value_t = 4666)]
    pub rogue_port: u16,
    /// Addresses to listen on; loopback only. Both families unless given.
    #[arg(long, env = "LAB_BIND", value_name = "ADDRESS", value_delimiter = ',')]
    pub bind: Vec<IpAddr>,
    /// Do not open the page in a browser.
    #[arg(long, env = "LAB_NO_OPEN", value_parser = clap::builder::FalseyValueParser::new())]
    pub no_open: bool,
    /// Folder of the built page.
    #[arg(long, env = "LAB_PAGE_DIR", value_name = "FOLDER", default_value = "dist")]
    pub page_dir: PathBuf,
    /// Database of the authorization server. Without it, a temporary one that ends with the lab.
    #[arg(long, env = "LAB_DATABASE", value_name = "FILE")]
    pub database: Option<PathBuf>,
    /// Print what is in force, and end.
    #[arg(long)]
    pub print_config: bool,
}

/// Why the lab does not start with these options.
#[derive(Debug, thiserror::Error)]
pub enum OptionsError {
    /// An address that others could reach.
    #[error(
        "--bind {0}: the lab listens on loopback only, because its demo people have no passwords and it speaks plain \
         http. Use 127.0.0.1 or ::1."
    )]
    NotLoopback(IpAddr),
    /// Two servers on one port.
    #[error(
        "two servers cannot share port {0}: give each its own with --page-port, --mcp-port, --as-port, --rogue-port"
    )]
    SamePort(u16),
    /// A variable that nobody reads, probably a typing mistake.
    #[error("the environment variable {0} is unknown to the lab; `--help` lists the ones it reads")]
    UnknownVariable(String),
}

impl Options {
    /// Checks what flags alone cannot express. `variables` are the names of the environment's variables.
    ///
    /// # Errors
    /// [`OptionsError`].
    pub fn check(&self, variables: impl Iterator<Item = String>) -> Result<(), OptionsError> {
        if let Some(address) = self.bind.iter().find(|address| !address.is_loopback()) {
            return Err(OptionsError::NotLoopback(*address));
        }
        let ports = [self.page_port, self.mcp_port, self.as_port, self.rogue_port];
        for (i, port) in ports.iter().enumerate() {
            if *port != 0 && ports[i + 1..].contains(port) {
                return Err(OptionsError::SamePort(*port));
            }
        }
        let command = Self::command();
        let known: Vec<_> = command.get_arguments().filter_map(clap::Arg::get_env).collect();
        let is_stray = |name: &String| {
            // The two servers by themselves have variables of their own.
            let elsewhere = name.starts_with("LAB_AS_") || name.starts_with("LAB_MCP_");
            name.starts_with("LAB_") && !elsewhere && !known.iter().any(|known| *known == name.as_str())
        };
        variables.into_iter().find(is_stray).map_or(Ok(()), |name| Err(OptionsError::UnknownVariable(name)))
    }

    /// The addresses to listen on.
    #[must_use]
    pub fn addresses(&self) -> Vec<IpAddr> {
        if self.bind.is_empty() {
            vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]
        } else {
            self.bind.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(arguments: &[&str]) -> Options {
        Options::parse_from([&["lab"], arguments].concat())
    }

    /// Req: RS-31
    #[test]
    fn the_lab_is_for_this_machine_only() {
        for address in ["0.0.0.0", "192.168.1.2", "::"] {
            let result = options(&["--bind", address]).check(std::iter::empty());
            assert!(matches!(result, Err(OptionsError::NotLoopback(_))), "{address}");
        }
        assert!(options(&["--bind", "127.0.0.1,::1"]).check(std::iter::empty()).is_ok());
    }

    #[test]
    fn mistakes_are_named() {
        let same = options(&["--page-port", "9000"]).check(std::iter::empty());
        assert!(matches!(same, Err(OptionsError::SamePort(9000))));
        let stray = options(&[]).check(["PATH".to_owned(), "LAB_PAGEPORT".to_owned()].into_iter());
        assert!(matches!(stray, Err(OptionsError::UnknownVariable(name)) if name == "LAB_PAGEPORT"));
        assert!(
            options(&[]).check(["LAB_PAGE_PORT".to_owned(), "LAB_AS_ISSUER".to_owned()].into_iter()).is_ok()
        );
    }
}
