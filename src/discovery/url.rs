//! The text that names a service in Consul, checked before it is used.

use std::collections::HashSet;
use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::Error;

const FORM: &str = "expected consul://host:port/name?tag=…&version=…";
const KNOWN: &str = "known are tag, version, protocol, dc, stale, when-empty, wait, scheme, \
                     token-file and ca-file";

/// `consul://127.0.0.1:8500/time-service?tag=rpc&version=1.0`
///
/// Host and port may be missing: `consul:///time-service` is the agent of this
/// machine. Values may be percent-encoded.
///
/// | parameter | means |
/// |---|---|
/// | `tag` | a tag that an instance must carry; may be given several times |
/// | `version`, `protocol` | what an instance's meta must say under that name |
/// | `dc` | the datacenter to ask |
/// | `stale=true` | any of Consul's servers may answer, not only the leader |
/// | `when-empty` | `keep` (default) or `clear` the list when no instance is healthy |
/// | `wait` | how long Consul may hold a query, `1s` to `10m`; 55 s |
/// | `scheme` | `http` (default) or `https` |
/// | `token-file` | a file that holds the ACL token, read for every request |
/// | `ca-file` | the certificates to trust with https; the system's |
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Url {
    /// The agent to ask.
    pub agent: AgentAddress,
    /// The service's name; none in a URL that only names an agent.
    pub service: Option<String>,
    /// Tags that an instance carries.
    pub tags: Vec<String>,
    /// What `version` in an instance's meta is.
    pub version: Option<String>,
    /// What `protocol` in an instance's meta is.
    pub protocol: Option<String>,
    /// The datacenter; none for the agent's own.
    pub datacenter: Option<String>,
    /// Whether a server that may lag behind the leader may answer.
    pub stale: bool,
    /// What becomes of the list when no instance is healthy.
    pub when_empty: WhenEmpty,
    /// How long Consul may hold a query.
    pub wait: Duration,
}

/// Where an agent's HTTP API is, and what it asks for.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct AgentAddress {
    /// A name or an address in figures, IPv6 without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Whether it speaks https.
    pub secure: bool,
    /// The ACL token itself; it goes before `token_file`. Not part of a URL,
    /// and not shown.
    pub token: Option<String>,
    /// A file with the ACL token, read for every request.
    pub token_file: Option<PathBuf>,
    /// PEM certificates that are trusted instead of the system's.
    pub ca_file: Option<PathBuf>,
}

/// What becomes of the last list when Consul has no healthy instance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum WhenEmpty {
    /// It stays: the instances, or Consul, may be back in a moment.
    #[default]
    Keep,
    /// It is emptied.
    Clear,
}

impl Url {
    /// Checks a text.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let refuse = |reason: String| Error::unusable(text, reason);
        let Some(rest) = text.strip_prefix("consul://") else {
            return Err(refuse(FORM.to_string()));
        };
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = place.split_once('/').unwrap_or((place, ""));
        let (host, port) = host_and_port(authority).map_err(refuse)?;
        let service = match decoded(path.strip_suffix('/').unwrap_or(path)).map_err(refuse)? {
            name if name.is_empty() => None,
            name if is_name(&name) => Some(name),
            name => return Err(refuse(bad_name(&name))),
        };
        let mut url = Self {
            agent: AgentAddress {
                host,
                port: 0,
                secure: false,
                token: None,
                token_file: None,
                ca_file: None,
            },
            service,
            tags: Vec::new(),
            version: None,
            protocol: None,
            datacenter: None,
            stale: false,
            when_empty: WhenEmpty::Keep,
            wait: Duration::from_secs(55),
        };
        let mut taken = HashSet::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = decoded(value).map_err(refuse)?;
            if value.is_empty() {
                return Err(refuse(format!("the parameter '{name}' has no value")));
            }
            url.take(name, value).map_err(refuse)?;
            if !taken.insert(name) && name != "tag" {
                return Err(refuse(format!(
                    "the parameter '{name}' stands there twice; only tag may"
                )));
            }
        }
        url.agent.port = port.unwrap_or(if url.agent.secure { 8501 } else { 8500 });
        Ok(url)
    }

    fn take(&mut self, name: &str, value: String) -> Result<(), String> {
        match name {
            "tag" => self.tags.push(value),
            "version" => self.version = Some(value),
            "protocol" => self.protocol = Some(value),
            "dc" => self.datacenter = Some(value),
            "token-file" => self.agent.token_file = Some(value.into()),
            "ca-file" => self.agent.ca_file = Some(value.into()),
            "stale" => {
                self.stale = match value.as_str() {
                    "true" | "1" => true,
                    "false" | "0" => false,
                    _ => return Err("stale is true or false".to_string()),
                }
            }
            "scheme" => {
                self.agent.secure = match value.as_str() {
                    "http" => false,
                    "https" => true,
                    _ => return Err("scheme is http or https".to_string()),
                }
            }
            "when-empty" => {
                self.when_empty = match value.as_str() {
                    "keep" => WhenEmpty::Keep,
                    "clear" => WhenEmpty::Clear,
                    _ => return Err("when-empty is keep or clear".to_string()),
                }
            }
            "wait" => self.wait = wait(&value).ok_or("wait is a time from 1s to 10m")?,
            _ => {
                return Err(format!(
                    "unknown parameter '{}'; {KNOWN}",
                    name.escape_debug()
                ));
            }
        }
        Ok(())
    }

    /// The service's name, which a URL for one service must have.
    pub fn service(&self) -> Result<&str, Error> {
        self.service
            .as_deref()
            .ok_or_else(|| Error::unusable(&self.to_string(), format!("no service; {FORM}")))
    }
}

impl AgentAddress {
    /// `http://host:port`, the IPv6 address in brackets.
    #[must_use]
    pub fn base(&self) -> String {
        let scheme = if self.secure { "https" } else { "http" };
        format!("{scheme}://{}:{}", bracketed(&self.host), self.port)
    }
}

impl fmt::Debug for AgentAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgentAddress")
            .field("base", &self.base())
            .field("token", &self.token.as_ref().map(|_| "hidden"))
            .field("token_file", &self.token_file)
            .field("ca_file", &self.ca_file)
            .finish_non_exhaustive()
    }
}

/// The agent and the service, which is enough for a message.
impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "consul://{}:{}/{}",
            bracketed(&self.agent.host),
            self.agent.port,
            self.service.as_deref().unwrap_or_default()
        )
    }
}

/// A host as it stands before a port.
pub(super) fn bracketed(host: &str) -> String {
    if host.contains(':') {
        format!("[{host}]")
    } else {
        host.to_string()
    }
}

/// Whether a text can be the name of a host or an address in figures, and
/// nothing else: it goes into endpoints and URLs.
pub(super) fn is_host(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 253
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._:%".contains(&byte))
        && (!text.contains(':') || text.split('%').next().is_some_and(is_ipv6))
}

fn is_ipv6(text: &str) -> bool {
    text.parse::<std::net::Ipv6Addr>().is_ok()
}

/// Whether a text can be the name of a service: it goes into files of PHP code
/// and into names of environment variables.
pub(super) fn is_name(text: &str) -> bool {
    text.len() <= 128
        && text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
}

pub(super) fn bad_name(name: &str) -> String {
    format!(
        "the service's name '{}' is not made of at most 128 letters, digits, '-', '.' and '_', \
         of which the first is a letter or digit",
        name.escape_debug()
    )
}

fn host_and_port(authority: &str) -> Result<(String, Option<u16>), String> {
    if authority.contains('@') {
        return Err("a user has no place here; the ACL token is read from token-file".to_string());
    }
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']').ok_or("a ']' is missing")?;
            let port = match rest {
                "" => None,
                rest => Some(rest.strip_prefix(':').ok_or("expected ':port' after ']'")?),
            };
            (host, port)
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let port = match port {
        None => None,
        Some(text) => match text.parse() {
            Ok(0) | Err(_) => return Err("the port is a number from 1 to 65535".to_string()),
            Ok(port) => Some(port),
        },
    };
    let host = if host.is_empty() { "127.0.0.1" } else { host };
    if !is_host(host) || host.contains('%') {
        return Err(format!(
            "'{}' is no host; an IPv6 address stands in brackets",
            host.escape_debug()
        ));
    }
    Ok((host.to_string(), port))
}

fn wait(text: &str) -> Option<Duration> {
    let (digits, unit) = match text.strip_suffix('m') {
        Some(digits) => (digits, 60),
        None => (text.strip_suffix('s')?, 1),
    };
    let seconds = digits.parse::<u64>().ok()?.checked_mul(unit)?;
    (1..=600)
        .contains(&seconds)
        .then(|| Duration::from_secs(seconds))
}

/// What percent-encoding stands for; no control characters.
fn decoded(text: &str) -> Result<String, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        rest = after;
        if first != b'%' {
            bytes.push(first);
            continue;
        }
        let byte = after
            .split_at_checked(2)
            .and_then(|(digits, _)| std::str::from_utf8(digits).ok())
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|digits| u8::from_str_radix(digits, 16).ok())
            .ok_or("after a '%' come two hexadecimal digits")?;
        bytes.push(byte);
        rest = after.get(2..).unwrap_or_default();
    }
    String::from_utf8(bytes)
        .ok()
        .filter(|text| !text.contains(char::is_control))
        .ok_or_else(|| "expected UTF-8 without control characters".to_string())
}

/// A text as it stands in a URL's path or query.
pub(super) fn encoded(text: &str) -> String {
    use std::fmt::Write;
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_url_is_taken_apart() {
        let url = Url::parse(
            "consul://consul.local:8501/time-service?tag=rpc&tag=v%31&version=1.0&protocol=zmq\
             &dc=fra&stale=true&when-empty=clear&wait=2m&scheme=https\
             &token-file=/etc/a%26b&ca-file=/etc/ca.pem",
        )
        .unwrap();
        assert_eq!(url.agent.base(), "https://consul.local:8501");
        assert_eq!(url.service().unwrap(), "time-service");
        assert_eq!(url.tags, ["rpc", "v1"]);
        assert_eq!(url.version.as_deref(), Some("1.0"));
        assert_eq!(url.protocol.as_deref(), Some("zmq"));
        assert_eq!(url.datacenter.as_deref(), Some("fra"));
        assert!(url.stale);
        assert_eq!(url.when_empty, WhenEmpty::Clear);
        assert_eq!(url.wait, Duration::from_secs(120));
        assert_eq!(url.agent.token_file, Some("/etc/a&b".into()));
        assert_eq!(url.agent.ca_file, Some("/etc/ca.pem".into()));
    }

    #[test]
    fn what_is_missing_has_a_default() {
        for (text, base) in [
            ("consul:///time", "http://127.0.0.1:8500"),
            ("consul://:99/time", "http://127.0.0.1:99"),
            ("consul://host/time?scheme=https", "https://host:8501"),
            ("consul://[::1]/time/", "http://[::1]:8500"),
            ("consul://[::1]:7/time", "http://[::1]:7"),
        ] {
            let url = Url::parse(text).unwrap();
            assert_eq!(url.agent.base(), base, "{text}");
            assert_eq!(url.service().unwrap(), "time", "{text}");
        }
        let agent = Url::parse("consul://127.0.0.1:8500?tag=rpc").unwrap();
        assert_eq!(agent.service, None);
        assert!(
            agent
                .service()
                .unwrap_err()
                .to_string()
                .contains("no service")
        );
    }

    #[test]
    fn a_bad_url_is_refused_with_what_was_expected() {
        for (text, expected) in [
            ("", "expected consul://"),
            ("http://127.0.0.1:8500/a", "expected consul://"),
            ("consul://u:p@h/a", "token-file"),
            ("consul://h:0/a", "1 to 65535"),
            ("consul://h:99999/a", "1 to 65535"),
            ("consul://::1/a", "1 to 65535"),
            ("consul://[::1/a", "']' is missing"),
            ("consul://[::1]7/a", "':port'"),
            ("consul://a b/a", "no host"),
            ("consul://a%0d/a", "no host"),
            ("consul://h/a/b", "letters, digits"),
            ("consul://h/a'b", "letters, digits"),
            ("consul://h/%2e%2e%2fagent", "letters, digits"),
            (
                "consul://h/a?colour=red",
                "unknown parameter 'colour'; known are tag",
            ),
            ("consul://h/a?tag=", "no value"),
            (
                "consul://h/a?tag=a&version=1&tag=b&version=2",
                "'version' stands there twice",
            ),
            ("consul://h/a?tag=%0a", "control characters"),
            ("consul://h/a?tag=%ff", "UTF-8"),
            ("consul://h/a?tag=%+1", "two hexadecimal digits"),
            ("consul://h/a?tag=%1", "two hexadecimal digits"),
            ("consul://h/a?wait=0s", "1s to 10m"),
            ("consul://h/a?wait=11m", "1s to 10m"),
            ("consul://h/a?wait=55", "1s to 10m"),
            ("consul://h/a?wait=99999999999999999999m", "1s to 10m"),
            ("consul://h/a?scheme=ftp", "http or https"),
            ("consul://h/a?stale=maybe", "true or false"),
            ("consul://h/a?when-empty=panic", "keep or clear"),
        ] {
            let error = Url::parse(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn a_token_is_never_shown() {
        let mut url = Url::parse("consul:///a").unwrap();
        url.agent.token = Some("s3cret".to_string());
        assert!(!format!("{url} {url:?}").contains("s3cret"));
    }

    #[test]
    fn encoding_and_decoding_are_each_others_reverse() {
        let text = "a b/c?d&e=f%g'h\u{e4}";
        assert_eq!(decoded(&encoded(text)).unwrap(), text);
    }
}
