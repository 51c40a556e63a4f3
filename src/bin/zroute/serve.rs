//! `zroute serve`: a supervisor of PHP workers.

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, ValueEnum};
use zroute::discovery::Url;
use zroute::server;
use zroute::supervisor::{self, Ended, Format, Level, Register, Settings};
use zroute::transport::Curve;
use zroute::transport::keys::AllowedKeys;

use crate::connection::credentials;
use crate::failure::{Exit, Failure};
use crate::{key_file, span};

/// Serve PHP functions with several worker processes
#[derive(Args)]
#[command(after_help = "\
Examples:
  zroute serve routes.php --bind tcp://127.0.0.1:5555 --workers 4
  zroute serve routes.php --bind ipc:///run/app.sock --exec-timeout 30s --max-calls 10000
  zroute serve routes.php --bind tcp://127.0.0.1:5555 --watch
  zroute serve routes.php --bind 'tcp://127.0.0.1:*' --register 'consul:///time?tag=rpc&version=1.0'

routes.php returns an array of functions by name.

Signals: SIGTERM and SIGINT finish what was taken, within --grace; a second one ends at once.
SIGHUP loads the program anew, without losing a call.
Exit codes: 0 ended as asked, 1 calls were cut off or no worker came up, 64 wrong usage.")]
pub struct Arguments {
    /// PHP file that returns the functions
    routes: PathBuf,
    /// Endpoint for callers: tcp://127.0.0.1:5555, ipc:///run/app.sock; may be repeated
    #[arg(long, required = true, value_name = "ENDPOINT")]
    bind: Vec<String>,
    /// What the server calls itself to zerorpc's tools
    #[arg(long, default_value = "zroute", value_name = "NAME")]
    name: String,
    /// Processes that run PHP [default: as many as there are CPUs]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=1024))]
    workers: Option<u32>,

    /// Kill a worker whose call runs longer, and tell its caller; such as 30s
    #[arg(long, value_parser = span::parse_some, value_name = "SPAN", help_heading = "Workers")]
    exec_timeout: Option<Duration>,
    /// Count as stuck when no worker has answered for so long, or a call has waited for so long
    /// [default: --exec-timeout, or 30s]
    #[arg(long, value_parser = span::parse_some, value_name = "SPAN", help_heading = "Workers")]
    stuck_after: Option<Duration>,
    /// Replace a worker after so many calls
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..), value_name = "CALLS", help_heading = "Workers")]
    max_calls: Option<u64>,
    /// Replace a worker that holds more memory; such as 256M
    #[arg(long, value_parser = size, value_name = "BYTES", help_heading = "Workers")]
    max_memory: Option<u64>,
    /// PHP's memory_limit; `none` leaves it to php.ini, which on a command line often has none
    #[arg(long, value_parser = limit, default_value = "256M", value_name = "BYTES", help_heading = "Workers")]
    memory_limit: Limit,
    /// How long a worker may take to load the program
    #[arg(long, value_parser = span::parse_some, default_value = "30s", value_name = "SPAN", help_heading = "Workers")]
    start_timeout: Duration,
    /// How long calls may go on after SIGTERM
    #[arg(long, value_parser = span::parse, default_value = "30s", value_name = "SPAN", help_heading = "Workers")]
    grace: Duration,
    /// Load the program anew when a PHP file changes, below these paths or beside routes.php
    #[arg(long, num_args = 0.., value_name = "PATH", help_heading = "Workers")]
    watch: Option<Vec<PathBuf>>,
    /// PHP binary
    #[arg(long, default_value = "php", env = "PHP", help_heading = "Workers")]
    php: PathBuf,
    /// Argument for PHP, such as -dmemory_limit=64M; may be repeated
    #[arg(
        long,
        allow_hyphen_values = true,
        value_name = "ARGUMENT",
        help_heading = "Workers"
    )]
    php_arg: Vec<String>,
    /// Folder of Zroute's PHP files, which holds worker.php
    #[arg(
        long,
        env = "ZROUTE_PHP_DIR",
        value_name = "FOLDER",
        help_heading = "Workers"
    )]
    php_dir: Option<PathBuf>,

    /// Calls that may wait for a worker; more are told -32002
    #[arg(long, default_value_t = 65_536, value_parser = calls, value_name = "CALLS", help_heading = "Limits")]
    queue_calls: usize,
    /// Bytes that their requests may hold
    #[arg(long, default_value = "256M", value_parser = size, value_name = "BYTES", help_heading = "Limits")]
    queue_bytes: u64,
    /// Bytes of one request or answer
    #[arg(long, default_value = "16M", value_parser = size, value_name = "BYTES", help_heading = "Limits")]
    max_message: u64,
    /// Bytes of answers that wait for callers who read slowly
    #[arg(long, default_value = "48M", value_parser = size, value_name = "BYTES", help_heading = "Limits")]
    send_buffer: u64,
    /// Connections that have not introduced themselves
    #[arg(long, default_value_t = 4096, value_parser = clap::value_parser!(u32).range(1..), value_name = "CONNECTIONS", help_heading = "Limits")]
    backlog: u32,
    /// End a stream whose caller takes none of it for so long; 0 for never
    #[arg(long, default_value = "5m", value_parser = span::parse, value_name = "SPAN", help_heading = "Limits")]
    stream_stall: Duration,
    /// How often callers are asked for a sign of life; 0 for never
    #[arg(long, default_value = "0", value_parser = span::parse, value_name = "SPAN", help_heading = "Limits")]
    heartbeat: Duration,

    /// File with the server's secret CURVE key, such as `zroute keygen` writes
    #[arg(
        long,
        env = "ZROUTE_CURVE_SECRET_KEY_FILE",
        value_name = "FILE",
        help_heading = "Security"
    )]
    curve_secret_key_file: Option<PathBuf>,
    /// The key itself; on a command line everybody can read it, in the environment fewer
    #[arg(
        long,
        env = "ZROUTE_CURVE_SECRET_KEY",
        hide_env_values = true,
        conflicts_with = "curve_secret_key_file",
        value_name = "KEY",
        help_heading = "Security"
    )]
    curve_secret_key: Option<String>,
    /// File with the public keys of the callers that are let in, a line each; SIGHUP reads it
    /// again. Without it, whoever knows the server's public key is
    #[arg(
        long,
        env = "ZROUTE_CURVE_ALLOWED_KEYS_FILE",
        value_name = "FILE",
        help_heading = "Security"
    )]
    curve_allowed_keys_file: Option<PathBuf>,
    /// Name that callers have to tell, in the clear, with a password: for private networks
    #[arg(
        long,
        requires = "plain_password_file",
        conflicts_with_all = ["curve_secret_key_file", "curve_secret_key"],
        value_name = "NAME",
        help_heading = "Security"
    )]
    plain_username: Option<String>,
    /// File with that password, on its first line
    #[arg(
        long,
        requires = "plain_username",
        value_name = "FILE",
        help_heading = "Security"
    )]
    plain_password_file: Option<PathBuf>,
    /// Let other machines in without encryption
    #[arg(long, help_heading = "Security")]
    insecure: bool,
    /// Encrypt what goes to and from the workers
    #[arg(long, help_heading = "Security")]
    worker_curve: bool,

    /// Make the server known to Consul while it serves: consul://HOST:PORT/NAME?tag=…&version=…
    #[arg(long, value_parser = service, value_name = "URL", help_heading = "Consul")]
    register: Option<Url>,
    /// Where clients connect to, if that is not where the server is bound
    #[arg(
        long,
        requires = "register",
        value_name = "ADDRESS",
        help_heading = "Consul"
    )]
    service_address: Option<String>,
    /// A tag; may be repeated
    #[arg(
        long,
        requires = "register",
        value_name = "TAG",
        help_heading = "Consul"
    )]
    service_tag: Vec<String>,
    /// An entry of the service's meta, such as weight=2; may be repeated
    #[arg(long, requires = "register", value_parser = entry, value_name = "NAME=TEXT", help_heading = "Consul")]
    service_meta: Vec<(String, String)>,
    /// After so long without a pass Consul takes the server for dead
    #[arg(long, value_parser = span::parse_some, default_value = "15s", requires = "register", value_name = "SPAN", help_heading = "Consul")]
    service_ttl: Duration,

    /// Serve metrics in Prometheus' text form at http://ADDRESS/metrics
    #[arg(long, value_parser = address, value_name = "ADDRESS", help_heading = "Watching")]
    metrics: Option<SocketAddr>,
    /// How the log on stderr is written
    #[arg(long, value_enum, default_value_t, help_heading = "Watching")]
    log_format: LogFormat,
    /// What the log leaves out
    #[arg(long, value_enum, default_value_t, help_heading = "Watching")]
    log_level: LogLevel,
}

/// A bound, or none.
#[derive(Clone, Copy)]
struct Limit(Option<u64>);

#[derive(Clone, Copy, Default, ValueEnum)]
enum LogFormat {
    #[default]
    Text,
    Json,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum LogLevel {
    Error,
    Warn,
    #[default]
    Info,
    Debug,
}

impl Arguments {
    pub fn run(self) -> Result<(), Failure> {
        match supervisor::run(self.settings()?) {
            Ok(Ended::Well) => Ok(()),
            // The log has told why.
            Ok(Ended::Badly) => Err(Failure::Said(Exit::Fault)),
            Err(text) => Err(Failure::Usage(text)),
        }
    }

    fn settings(self) -> Result<Settings, Failure> {
        let security = (
            self.curve()?,
            credentials(
                self.plain_username.as_ref(),
                self.plain_password_file.as_ref(),
            )?,
        );
        let routes = std::fs::canonicalize(&self.routes)
            .map_err(|error| Failure::file("the routes", &self.routes, &error))?;
        if routes.is_dir() {
            return Err(Failure::Usage(format!(
                "the routes {}: a PHP file is expected, this is a folder",
                self.routes.display()
            )));
        }
        for path in self.watch.iter().flatten() {
            std::fs::metadata(path).map_err(|error| Failure::file("--watch", path, &error))?;
        }
        let watch = self.watch.map(|paths| {
            let beside = routes.parent().map(Path::to_path_buf);
            if paths.is_empty() {
                beside.into_iter().collect()
            } else {
                paths
            }
        });
        let cpus = std::thread::available_parallelism().map_or(1, usize::from);
        let bytes = |size: u64| usize::try_from(size).unwrap_or(usize::MAX);
        let mut server = server::Options {
            name: self.name,
            stream_stall: self.stream_stall,
            ..server::Options::default()
        };
        server.limits.bytes = bytes(self.max_message);
        server.transport.send_buffer = bytes(self.send_buffer);
        server.transport.backlog = self.backlog;
        server.transport.heartbeat = self.heartbeat;
        (server.transport.curve, server.transport.credentials) = security;
        Ok(Settings {
            routes,
            bind: self.bind,
            workers: self
                .workers
                .unwrap_or_else(|| u32::try_from(cpus).unwrap_or(1)),
            exec_timeout: self.exec_timeout,
            stuck_after: self
                .stuck_after
                .or(self.exec_timeout)
                .unwrap_or(Duration::from_secs(30)),
            max_calls: self.max_calls,
            max_memory: self.max_memory,
            memory_limit: self.memory_limit.0,
            start_timeout: self.start_timeout,
            grace: self.grace,
            queue_calls: self.queue_calls,
            queue_bytes: bytes(self.queue_bytes),
            php: self.php,
            php_arguments: self.php_arg,
            php_folder: php_folder(self.php_dir)?,
            register: self.register.map(|url| Register {
                url,
                address: self.service_address,
                tags: self.service_tag,
                meta: self.service_meta.into_iter().collect(),
                ttl: self.service_ttl,
            }),
            metrics: self.metrics,
            log_format: match self.log_format {
                LogFormat::Text => Format::Text,
                LogFormat::Json => Format::Json,
            },
            log_level: match self.log_level {
                LogLevel::Error => Level::Error,
                LogLevel::Warn => Level::Warn,
                LogLevel::Info => Level::Info,
                LogLevel::Debug => Level::Debug,
            },
            watch: watch.unwrap_or_default(),
            insecure: self.insecure,
            worker_curve: self.worker_curve,
            server,
        })
    }
}

impl Arguments {
    fn curve(&self) -> Result<Option<Curve>, Failure> {
        let secret = match (&self.curve_secret_key_file, &self.curve_secret_key) {
            (Some(path), _) => Some(key_file::secret_key(path)?),
            (None, key) => key.clone(),
        };
        let allowed = match &self.curve_allowed_keys_file {
            Some(path) => Some(
                AllowedKeys::from_file(path)
                    .map_err(|why| Failure::Usage(format!("--curve-allowed-keys-file: {why}")))?,
            ),
            None => None,
        };
        match secret {
            Some(secret_key) => Ok(Some(Curve::Server {
                secret_key,
                allowed,
            })),
            None if allowed.is_some() => Err(Failure::Usage(
                "--curve-allowed-keys-file needs the server's secret key too".to_string(),
            )),
            None => Ok(None),
        }
    }
}

/// Zroute's PHP files: as said, as installed beside the command, or in the
/// source tree that it was built in.
fn php_folder(said: Option<PathBuf>) -> Result<PathBuf, Failure> {
    let program = std::env::current_exe().and_then(std::fs::canonicalize);
    let beside = program
        .ok()
        .and_then(|path| path.parent().map(Path::to_path_buf));
    let tried: Vec<_> = match (said, beside) {
        (Some(folder), _) => vec![folder],
        (None, Some(beside)) => ["../share/zroute/php", "../../php"]
            .iter()
            .map(|path| beside.join(path))
            .collect(),
        (None, None) => Vec::new(),
    };
    let found = tried
        .iter()
        .find(|folder| folder.join("worker.php").is_file());
    let found = found.and_then(|folder| std::fs::canonicalize(folder).ok());
    found.ok_or_else(|| {
        let tried: Vec<_> = tried
            .iter()
            .map(|path| path.display().to_string())
            .collect();
        Failure::Usage(format!(
            "Zroute's worker.php is not in {}; say where with --php-dir",
            tried.join(" or ")
        ))
    })
}

/// A number of bytes: `256M`, `64K`, `1G`.
fn size(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let factor = match text.get(digits.len()..).unwrap_or_default() {
        "" => 1,
        "K" | "k" => 1 << 10,
        "M" | "m" => 1 << 20,
        "G" | "g" => 1 << 30,
        other => return Err(format!("'{other}' is none of K, M, G")),
    };
    let number: u64 = digits
        .parse()
        .map_err(|_| "expected a number of bytes, such as 256M".to_string())?;
    match number.checked_mul(factor) {
        Some(size @ 1..) => Ok(size),
        _ => Err("expected a number of bytes above 0".to_string()),
    }
}

fn limit(text: &str) -> Result<Limit, String> {
    match text {
        "none" => Ok(Limit(None)),
        text => size(text).map(|size| Limit(Some(size))),
    }
}

fn service(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    url.service().map_err(|error| error.to_string())?;
    Ok(url)
}

fn entry(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) => Ok((name.to_string(), value.to_string())),
        None => Err("expected NAME=TEXT".to_string()),
    }
}

/// Where to listen: `127.0.0.1:9100`, `[::1]:9100`, `localhost:9100`.
fn address(text: &str) -> Result<SocketAddr, String> {
    const EXPECTED: &str = "expected an address and a port, such as 127.0.0.1:9100";
    let found = text.to_socket_addrs().map(|mut found| found.next());
    match found {
        Ok(Some(address)) => Ok(address),
        Ok(None) => Err(EXPECTED.to_string()),
        Err(error) => Err(format!("{EXPECTED} ({error})")),
    }
}

fn calls(text: &str) -> Result<usize, String> {
    const MOST: usize = 10_000_000;
    match text.parse() {
        Ok(number @ 1..=MOST) => Ok(number),
        _ => Err(format!("expected a number of calls from 1 to {MOST}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_have_an_address() {
        for text in ["127.0.0.1:9100", "[::1]:9100"] {
            assert_eq!(address(text).map(|of| of.to_string()), Ok(text.to_string()));
        }
        assert_eq!(address("localhost:9100").map(|of| of.port()), Ok(9100));
        for text in ["", ":9100", "9100", "127.0.0.1", "127.0.0.1:http"] {
            assert!(address(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_are_read() {
        assert_eq!(size("256M"), Ok(256 << 20));
        assert_eq!(size("4k"), Ok(4096));
        assert_eq!(size("17"), Ok(17));
        for text in ["", "M", "0", "-1", "1T", "99999999999G", "1.5G"] {
            assert!(size(text).is_err(), "{text}");
        }
    }
}
