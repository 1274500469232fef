//! `attack`: which ones, and where.

use std::path::PathBuf;

use clap::Args;
use protocol::revision::Revision;

use super::ClientArgs;

/// The lab's page, as `just demo` starts it.
pub const LAB_PAGE: &str = "http://localhost:3000";

/// `attack`.
#[derive(Debug, Args)]
pub struct AttackArgs {
    /// The id of an attack, which is then performed and explained; or `list`, which shows all
    #[arg(value_name = "list|ID", required_unless_present = "all", conflicts_with = "all")]
    pub attack: Option<String>,
    /// Perform all
    #[arg(long)]
    pub all: bool,
    /// In this revision of the specification alone: 2025-11-25 or 2026-07-28
    #[arg(long, value_name = "REVISION", value_parser = revision)]
    pub revision: Option<Revision>,
    /// The page of the lab, which says where its servers are
    #[arg(long, value_name = "URL", default_value = LAB_PAGE, conflicts_with = "server")]
    pub lab: String,
    /// Print one JSON array: an object for each attack and revision
    #[arg(long)]
    pub json: bool,
    /// Write the results to this file too, as JUnit XML, which CI systems read
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Attack this MCP server and its authorization server instead of a lab
    ///
    /// They have to be yours. On this machine that goes without saying; of any other you are asked, or say so by --it-is-mine.
    /// No tool is called there: what the lab would do with a call is done with the list of tools.
    #[arg(long, value_name = "URL", help_heading = OWN)]
    pub server: Option<String>,
    /// This host is yours to attack, although it is not this machine; once for each host
    #[arg(long = "it-is-mine", value_name = "HOST", requires = "server", help_heading = OWN)]
    pub mine: Vec<String>,
    /// As whom.
    #[command(flatten, next_help_heading = OWN)]
    pub client: ClientArgs,
}

const OWN: &str = "At a server of your own";

fn revision(date: &str) -> Result<Revision, String> {
    let dates = || Revision::ALL.map(Revision::as_str).join(" or ");
    Revision::parse(date).ok_or_else(|| format!("it is {}", dates()))
}
