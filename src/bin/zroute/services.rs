//! `zroute services`: what is registered with Consul, and how it is.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write;

use clap::Args;
use serde_json::json;
use zroute::discovery::{self, Error, Health, Registered, Url};

use crate::failure::{Exit, Failure};
use crate::terminal::{Paint, printable};

/// List the servers that Consul knows, and how they are
#[derive(Args)]
#[command(after_help = "\
Examples:
  zroute services consul://127.0.0.1:8500
  zroute services 'consul:///?tag=rpc'
  zroute services consul:// time-service && echo 'somebody serves'
  zroute services --json consul:// | jq -r 'select(.health == \"passing\").endpoint'

Exit codes: 0 answer, 1 no server of the service NAME is passing, 2 Consul gave no answer,
64 wrong usage.")]
pub struct Arguments {
    /// The agent, and whom to list: consul://HOST:PORT[/NAME][?tag=…&version=…&dc=…]
    #[arg(value_parser = agent)]
    url: Url,

    /// Only this service
    #[arg(value_parser = name)]
    name: Option<String>,

    /// Print one line for each server
    #[arg(long)]
    json: bool,
}

/// A URL on the command line.
pub fn agent(text: &str) -> Result<Url, String> {
    Url::parse(text).map_err(|error| error.to_string())
}

fn name(text: &str) -> Result<String, String> {
    let url = agent(&format!("consul:///{text}"))?;
    match url.service {
        Some(name) if name == text => Ok(name),
        _ => Err("expected the name of a service".to_string()),
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        match error {
            Error::Unreachable { .. } | Error::Refused { .. } | Error::Garbled { .. } => {
                Self::NoAnswer {
                    kind: "consul",
                    text,
                }
            }
            _ => Self::Usage(text),
        }
    }
}

impl Arguments {
    pub fn run(self) -> Result<(), Failure> {
        let mut url = self.url;
        if self.name.is_some() {
            url.service = self.name;
        }
        let known = discovery::registered(&url)
            .map_err(|error| Failure::from(error).on_stdout_if(self.json))?;
        let text = if self.json {
            lines(&known)
        } else {
            table(&known, Paint::for_stdout())
        };
        std::io::stdout().write_all(text.as_bytes())?;
        let mut all = known.values().flatten();
        if url.service.is_some() && !all.any(|one| one.health == Health::Passing) {
            return Err(Failure::Said(Exit::Fault));
        }
        Ok(())
    }
}

fn word(health: Health) -> &'static str {
    match health {
        Health::Passing => "passing",
        Health::Warning => "warning",
        Health::Critical => "critical",
    }
}

fn lines(known: &BTreeMap<String, Vec<Registered>>) -> String {
    let mut text = String::new();
    for (name, servers) in known {
        for server in servers {
            let line = json!({
                "service": name,
                "endpoint": server.instance.endpoint(),
                "health": word(server.health),
                "note": server.note,
                "id": server.instance.id,
                "node": server.instance.node,
                "tags": server.instance.tags,
                "meta": server.instance.meta,
            });
            // Writing to a String does not fail.
            let _ = writeln!(text, "{line}");
        }
    }
    text
}

fn table(known: &BTreeMap<String, Vec<Registered>>, paint: Paint) -> String {
    let mut text = String::new();
    for (name, servers) in known {
        let _ = writeln!(text, "{}", paint.bold(printable(name)));
        let endpoints: Vec<_> = servers.iter().map(|one| one.instance.endpoint()).collect();
        let width = endpoints.iter().map(String::len).max().unwrap_or(0);
        for (server, endpoint) in servers.iter().zip(&endpoints) {
            let health = word(server.health);
            let version = server.instance.version().unwrap_or("-");
            let tags = server.instance.tags.join(",");
            let line = format!("  {endpoint:width$}  {health:8}  {version:7}  {tags}");
            let _ = write!(text, "{}", printable(line.trim_end()));
            if !server.note.is_empty() {
                let note = server.note.lines().next().unwrap_or_default();
                let _ = write!(text, "  {}", paint.dim(printable(note)));
            }
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use zroute::discovery::Instance;

    #[test]
    fn each_server_has_a_line_and_no_power_over_the_terminal() {
        let instance = Instance {
            address: "127.0.0.1".to_string(),
            port: 7,
            id: "time-1".to_string(),
            node: "here".to_string(),
            tags: vec!["rpc".to_string(), "a\x1bc".to_string()],
            meta: BTreeMap::from([("version".to_string(), "1.0".to_string())]),
        };
        let one = |health, note: &str| Registered {
            instance: instance.clone(),
            health,
            note: note.to_string(),
        };
        let servers = vec![
            one(Health::Passing, ""),
            one(Health::Critical, "it hangs\nfor long"),
        ];
        let known = BTreeMap::from([("time".to_string(), servers), ("void".to_string(), vec![])]);
        assert_eq!(
            table(&known, Paint::none()),
            "time\n  tcp://127.0.0.1:7  passing   1.0      rpc,a\\u{1b}c\n  \
             tcp://127.0.0.1:7  critical  1.0      rpc,a\\u{1b}c  it hangs\nvoid\n"
        );
    }
}
