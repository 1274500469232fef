//! Flags and `LAB_AS_*` variables.

use std::ffi::{OsStr, OsString};
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use backend::authorization_server::{KeyEncryptionSecret, KeySettings, Lifetimes};
use clap::{Args, CommandFactory as _, Parser, Subcommand, value_parser};
use protocol::jwks::TokenAlgorithm;
use server_kit::telemetry::Format;

use crate::config;

/// OAuth 2.1 authorization server for MCP.
///
/// The issuer and every resource must be https; http on loopback exists only in the lab.
///
/// People sign in by their subject and a password, of which the configuration holds an argon2id hash.
#[derive(Debug, Parser)]
#[command(name = "authorization-server", version, flatten_help = true, after_help = config::SHAPE)]
struct Program {
    #[command(subcommand)]
    command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve until Ctrl-C or SIGTERM. Flags without a command mean this one.
    #[command(after_help = config::SHAPE)]
    Serve(ServeFlags),
    /// Make a new signing key, which takes over from the present one without a failed verification.
    RotateKeys(RotateKeysFlags),
    /// The same with a key of your own: a PEM file (PKCS#8) that only its owner can read.
    ImportKey(ImportKeyFlags),
    /// Read a password from standard input, and print its argon2id hash for the configuration file.
    HashPassword,
}

impl Command {
    /// How log lines are written.
    pub(crate) fn log_format(&self) -> Format {
        match self {
            Self::Serve(flags) => flags.log_format,
            Self::RotateKeys(_) | Self::ImportKey(_) | Self::HashPassword => Format::Text,
        }
    }
}

/// How to serve.
#[derive(Debug, Args)]
pub(crate) struct ServeFlags {
    /// The server's name and the origin of its endpoints: scheme, host and port.
    #[arg(long, env = "LAB_AS_ISSUER", value_name = "URL")]
    pub(crate) issuer: String,
    /// The database file. It is made if it is not there; it holds the signing key and is readable by its owner only.
    #[arg(long, env = "LAB_AS_DATABASE", value_name = "FILE")]
    pub(crate) database: PathBuf,
    /// Where to listen; may be given several times.
    #[arg(long, env = "LAB_AS_BIND", value_name = "ADDRESS:PORT", value_delimiter = ',',
          default_values = ["127.0.0.1:9000", "[::1]:9000"])]
    pub(crate) bind: Vec<SocketAddr>,
    /// Say that a proxy ends TLS before this server, and that nobody else reaches its addresses. Needed beyond loopback.
    #[arg(long, env = "LAB_AS_BEHIND_TLS_PROXY", value_parser = clap::builder::FalseyValueParser::new())]
    pub(crate) behind_tls_proxy: bool,
    /// A JSON file that names the resources and the people; its shape stands below. Only its owner and its group may be
    /// able to read it.
    #[arg(long, env = "LAB_AS_CONFIG", value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Address of a proxy whose last `X-Forwarded-For` entry names the client; may be given several times. From anybody
    /// else that header is ignored.
    #[arg(long, env = "LAB_AS_TRUSTED_PROXY", value_name = "ADDRESS", value_delimiter = ',')]
    pub(crate) trusted_proxy: Vec<IpAddr>,
    #[command(flatten)]
    pub(crate) keys: KeyFlags,
    #[command(flatten)]
    pub(crate) lifetimes: LifetimeFlags,
    /// How log lines are written. `RUST_LOG` chooses which: `info` unless set.
    #[arg(long, env = "LAB_AS_LOG_FORMAT", value_name = "FORMAT", default_value = "text")]
    pub(crate) log_format: Format,
    /// Print what is in force as JSON, without secrets, and end.
    #[arg(long)]
    pub(crate) print_config: bool,
}

/// Which keys sign, and how they are kept.
#[derive(Debug, Args)]
pub(crate) struct KeyFlags {
    /// A file with at least 32 random bytes, readable by its owner only: the signing keys are encrypted under it in the
    /// database. `openssl rand -out FILE 32` makes one. Without this file the database is of no use: keep a copy.
    #[arg(long = "key-secret-file", env = "LAB_AS_KEY_SECRET_FILE", value_name = "FILE")]
    pub(crate) secret_file: PathBuf,
    /// What access tokens are signed with: RS256, ES256 or `EdDSA`. When it changes, a key of the new kind takes over.
    #[arg(long = "key-algorithm", env = "LAB_AS_KEY_ALGORITHM", value_name = "ALGORITHM",
          default_value_t = KeySettings::default().algorithm)]
    algorithm: TokenAlgorithm,
    /// After so long a key gets a successor by itself; 0 switches this off.
    #[arg(long = "key-max-age-seconds", env = "LAB_AS_KEY_MAX_AGE_SECONDS", value_name = "SECONDS",
          default_value_t = KeySettings::default().max_age_seconds)]
    max_age_seconds: u64,
    /// For so long a new key is published before it signs.
    #[arg(long = "key-lead-seconds", env = "LAB_AS_KEY_LEAD_SECONDS", value_name = "SECONDS",
          default_value_t = KeySettings::default().lead_seconds)]
    lead_seconds: u64,
}

impl KeyFlags {
    /// Reads the file.
    pub(crate) fn settings(&self) -> Result<KeySettings, String> {
        let secret = KeyEncryptionSecret::from_file(&self.secret_file)
            .map_err(|reason| format!("--key-secret-file: {reason}"))?;
        Ok(KeySettings {
            algorithm: self.algorithm,
            max_age_seconds: self.max_age_seconds,
            lead_seconds: self.lead_seconds,
            encryption: Some(secret),
        })
    }
}

/// How to rotate.
#[derive(Debug, Args)]
pub(crate) struct RotateKeysFlags {
    /// The database file of the server, which may be running.
    #[arg(long, env = "LAB_AS_DATABASE", value_name = "FILE")]
    pub(crate) database: PathBuf,
    #[command(flatten)]
    pub(crate) keys: KeyFlags,
    #[command(flatten)]
    pub(crate) takeover: TakeoverFlags,
}

/// What to import.
#[derive(Debug, Args)]
pub(crate) struct ImportKeyFlags {
    /// The PEM file.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The database file of the server, which may be running.
    #[arg(long, env = "LAB_AS_DATABASE", value_name = "FILE")]
    pub(crate) database: PathBuf,
    #[command(flatten)]
    pub(crate) keys: KeyFlags,
    #[command(flatten)]
    pub(crate) takeover: TakeoverFlags,
}

/// When a new key begins to sign.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct TakeoverFlags {
    /// Sign with it at once, because the present key is no longer trusted. Verifiers that do not ask for unknown keys
    /// refuse tokens until they read the key set anew.
    #[arg(long)]
    pub(crate) now: bool,
}

/// How long things last, in seconds.
#[derive(Debug, Args)]
pub(crate) struct LifetimeFlags {
    /// Lifetime of an access token.
    #[arg(long = "access-token-seconds", env = "LAB_AS_ACCESS_TOKEN_SECONDS", value_name = "SECONDS",
          default_value_t = Lifetimes::default().access_token, value_parser = value_parser!(u64).range(1..=86_400))]
    access_token: u64,
    /// Lifetime of an authorization code.
    #[arg(long = "code-seconds", env = "LAB_AS_CODE_SECONDS", value_name = "SECONDS",
          default_value_t = Lifetimes::default().code, value_parser = value_parser!(u64).range(1..=600))]
    code: u64,
    /// Lifetime of everything that grows from one consent, however often it is refreshed.
    #[arg(long = "family-seconds", env = "LAB_AS_FAMILY_SECONDS", value_name = "SECONDS",
          default_value_t = Lifetimes::default().family, value_parser = value_parser!(u64).range(1..=31_536_000))]
    family: u64,
    /// Lifetime of a refresh token that nobody uses.
    #[arg(long = "refresh-idle-seconds", env = "LAB_AS_REFRESH_IDLE_SECONDS", value_name = "SECONDS",
          default_value_t = Lifetimes::default().refresh_idle,
          value_parser = value_parser!(u64).range(1..=31_536_000))]
    refresh_idle: u64,
    /// For so long a client that lost an answer gets the same next refresh token again; 0 switches this off.
    #[arg(long = "refresh-repair-seconds", env = "LAB_AS_REFRESH_REPAIR_SECONDS", value_name = "SECONDS",
          default_value_t = Lifetimes::default().refresh_repair, value_parser = value_parser!(u64).range(0..=60))]
    refresh_repair: u64,
    /// Lifetime of a sign-in, whatever the person does.
    #[arg(long = "session-seconds", env = "LAB_AS_SESSION_SECONDS", value_name = "SECONDS",
          default_value_t = Lifetimes::default().session, value_parser = value_parser!(u64).range(1..=2_592_000))]
    session: u64,
    /// Lifetime of a sign-in whose browser does not come back.
    #[arg(long = "session-idle-seconds", env = "LAB_AS_SESSION_IDLE_SECONDS", value_name = "SECONDS",
          default_value_t = Lifetimes::default().session_idle,
          value_parser = value_parser!(u64).range(1..=2_592_000))]
    session_idle: u64,
    /// For so long a person need not be asked again for the same; 0 asks every time.
    #[arg(long = "remembered-consent-seconds", env = "LAB_AS_REMEMBERED_CONSENT_SECONDS", value_name = "SECONDS",
          default_value_t = Lifetimes::default().remembered_consent,
          value_parser = value_parser!(u64).range(0..=31_536_000))]
    remembered_consent: u64,
}

impl From<&LifetimeFlags> for Lifetimes {
    fn from(flags: &LifetimeFlags) -> Self {
        Self {
            access_token: flags.access_token,
            code: flags.code,
            family: flags.family,
            refresh_idle: flags.refresh_idle,
            refresh_repair: flags.refresh_repair,
            session: flags.session,
            session_idle: flags.session_idle,
            remembered_consent: flags.remembered_consent,
        }
    }
}

/// What the command line asks for. A mistake in it ends the process with a word about it.
pub(crate) fn parse() -> Command {
    Program::parse_from(with_command(std::env::args_os().collect())).command
}

/// Flags without a command mean `serve`.
fn with_command(mut arguments: Vec<OsString>) -> Vec<OsString> {
    let about_the_program = ["-h", "--help", "-V", "--version"];
    let names_one = arguments
        .get(1)
        .and_then(|first| first.to_str())
        .is_some_and(|first| !first.starts_with('-') || about_the_program.contains(&first));
    if !names_one && !arguments.is_empty() {
        arguments.insert(1, "serve".into());
    }
    arguments
}

/// A variable that nothing reads is a setting that somebody believes is in force. `LAB_AS_PORT` is the lab's.
pub(crate) fn refuse_unknown_variables(names: impl Iterator<Item = String>) -> Result<(), String> {
    let program = Program::command();
    let known: Vec<&OsStr> = program
        .get_subcommands()
        .flat_map(clap::Command::get_arguments)
        .filter_map(clap::Arg::get_env)
        .chain([OsStr::new("LAB_AS_PORT")])
        .collect();
    let stray =
        names.into_iter().find(|name| name.starts_with("LAB_AS_") && !known.contains(&OsStr::new(name)));
    stray.map_or(Ok(()), |name| {
        Err(format!("the environment variable {name} is unknown; --help lists the ones read"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Command, clap::Error> {
        let arguments = ["authorization-server"].iter().chain(arguments).map(OsString::from).collect();
        Program::try_parse_from(with_command(arguments)).map(|program| program.command)
    }

    const ENOUGH: [&str; 8] = [
        "--issuer",
        "https://as.example",
        "--database",
        "as.sqlite",
        "--config",
        "as.json",
        "--key-secret-file",
        "as.key",
    ];

    #[test]
    fn flags_without_a_command_serve() {
        for arguments in [&ENOUGH[..], &[&["serve"], &ENOUGH[..]].concat()] {
            let Command::Serve(flags) = parsed(arguments).unwrap() else { panic!("{arguments:?}") };
            assert_eq!(flags.issuer, "https://as.example");
        }
        assert_eq!(parsed(&["--help"]).unwrap_err().kind(), clap::error::ErrorKind::DisplayHelp);
        assert_eq!(parsed(&["frobnicate"]).unwrap_err().kind(), clap::error::ErrorKind::InvalidSubcommand);
    }

    #[test]
    fn the_defaults_are_those_of_the_library() {
        let Command::Serve(flags) = parsed(&ENOUGH).unwrap() else { panic!() };
        assert_eq!(format!("{:?}", Lifetimes::from(&flags.lifetimes)), format!("{:?}", Lifetimes::default()));
    }

    #[test]
    fn the_command_line_is_consistent() {
        Program::command().debug_assert();
    }
}
