//! `zroute watch`: configuration files that follow Consul.

use std::collections::HashSet;
use std::ffi::{CString, OsString};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use zroute::discovery::{
    Change, Command, ConfigFile, Event, LARAVEL_ZERORPC, Language, Template, Updates, Url, ZROUTE,
};
use zroute::msgpack::{Limits, Malformed, Writer};
use zroute::socket::{Context, DONTWAIT, Socket, socket_option};
use zroute::transport::{Endpoint, Wake};

use crate::failure::{Exit, Failure};
use crate::services::agent;
use crate::terminal::printable;
use crate::words::words;
use crate::{interrupt, span};

/// The first frame of what is published.
const TOPIC: &[u8] = b"zroute.config";
/// How long the end may take for those who read slowly, in milliseconds.
const LINGER: i64 = 1000;
/// What stands before the name of a template that comes along.
const BUILT_IN: &str = "builtin:";

/// Keep configuration files up to date with what Consul knows
///
/// Follows all services with the tags of the URL. When something changes it writes the files from
/// their templates, checks each before it replaces the old one, and runs the reload command.
#[derive(Args)]
#[command(after_help = "\
Examples:
  zroute watch 'consul:///?tag=rpc' --template builtin:zroute=/srv/app/config/zroute.php \\
      --reload 'php /srv/app/artisan config:cache'
  zroute watch consul:// --template hosts.jinja=hosts.json --publish ipc:///run/zroute/config.sock
  zroute watch --once consul:// --template builtin:zerorpc=config/zerorpc.php

A template is a file, or builtin:zroute or builtin:zerorpc. No shell reads the commands.

Published are two frames: zroute.config, and a MessagePack map of number, files, services.

Exit codes: 0 ended by SIGTERM or Ctrl-C, or all is written (--once); 1 a file or the reload failed
(--once); 2 Consul did not answer in time (--once); 64 wrong usage.")]
pub struct Arguments {
    /// The agent, and the tags to look for: consul://HOST:PORT?tag=…
    #[arg(value_parser = agent)]
    url: Url,

    /// What to write: the template, and the file to be made of it; may be repeated
    #[arg(long, required = true, value_parser = file, value_name = "TEMPLATE=FILE")]
    template: Vec<(Template, PathBuf)>,

    /// Command that runs after files were replaced; {file} is the first of them
    #[arg(long, value_parser = words_of, value_name = "COMMAND")]
    reload: Option<Words>,

    /// Command that checks each file before it takes its place, as {file} [default: php -l {file}
    /// for those that end in .php]
    #[arg(long, value_parser = words_of, value_name = "COMMAND")]
    check: Option<Words>,

    /// How long either may take
    #[arg(long, value_parser = span::parse_some, default_value = "30s", value_name = "SPAN")]
    command_timeout: Duration,

    /// PHP binary for the check
    #[arg(long, default_value = "php", env = "PHP")]
    php: PathBuf,

    /// Publish each change at this endpoint: tcp://127.0.0.1:5560, ipc:///run/zroute/config.sock
    #[arg(long, value_name = "ENDPOINT")]
    publish: Option<String>,

    /// Let other machines read what is published, without encryption
    #[arg(long, requires = "publish")]
    insecure: bool,

    /// Bring the files up to date and end
    #[arg(long, conflicts_with = "publish")]
    once: bool,

    /// With --once, how long Consul may take to answer
    #[arg(long, value_parser = span::parse_some, default_value = "30s", value_name = "SPAN", requires = "once")]
    timeout: Duration,
}

#[derive(Clone)]
struct Words(Vec<String>);

fn words_of(text: &str) -> Result<Words, String> {
    words(text).map(Words)
}

fn file(text: &str) -> Result<(Template, PathBuf), String> {
    let (template, file) = text
        .split_once('=')
        .filter(|(template, file)| !template.is_empty() && !file.is_empty())
        .ok_or("expected TEMPLATE=FILE")?;
    let text = |source: &str| Template::Text {
        name: template.to_string(),
        source: source.to_string(),
    };
    let template = match template.strip_prefix(BUILT_IN) {
        None => Template::File(template.into()),
        Some("zroute") => text(ZROUTE),
        Some("zerorpc") => text(LARAVEL_ZERORPC),
        Some(other) => {
            return Err(format!(
                "'{other}' does not come along: {BUILT_IN}zroute, {BUILT_IN}zerorpc"
            ));
        }
    };
    Ok((template, file.into()))
}

impl Arguments {
    pub fn run(self) -> Result<(), Failure> {
        let mut named = HashSet::new();
        for (_, file) in &self.template {
            if !named.insert(absolute(file)) {
                let text = format!("{} is to be made of two templates", file.display());
                return Err(Failure::Usage(text));
            }
        }
        let files = self
            .template
            .iter()
            .map(|of| self.config_file(of))
            .collect();
        let reload = self.reload.as_ref().map(|words| self.command(&words.0));
        let stop = Wake::new()?;
        interrupt::catch_and_ring(stop.stop());
        let publisher = match &self.publish {
            Some(endpoint) => Some(Publisher::bind(endpoint, self.insecure)?),
            None => None,
        };
        let mut updates = Updates::open(&self.url, files, reload)?;
        if !self.once {
            let mut tell = |event| {
                say(&event);
                if let (Event::Changed(change), Some(publisher)) = (&event, &publisher) {
                    publisher.publish(change);
                }
            };
            return Ok(updates.run(&stop, &mut tell)?);
        }
        let mut has_failed = false;
        let mut tell = |event| {
            say(&event);
            has_failed |= matches!(event, Event::Failed { .. } | Event::ReloadFailed(_));
        };
        if updates.run_once(self.timeout, &stop, &mut tell)? {
            return Ok(());
        }
        Err(if has_failed {
            Failure::Said(Exit::Fault)
        } else if stop.is_stopped() {
            Failure::Said(Exit::Interrupted)
        } else {
            let text = format!(
                "{} has not told all services within {}",
                self.url,
                span::show(self.timeout)
            );
            let kind = "consul";
            Failure::NoAnswer { kind, text }
        })
    }

    fn config_file(&self, (template, file): &(Template, PathBuf)) -> ConfigFile {
        let mut config = ConfigFile::new(template.clone(), file);
        if let Some(words) = &self.check {
            config.check = Some(self.command(&words.0));
        } else if Language::of(file) == Language::Php {
            let php = self.php.clone().into_os_string();
            config.check = Some(self.command([php, "-l".into(), "{file}".into()].as_slice()));
        }
        config
    }

    fn command(&self, words: &[impl Into<OsString> + Clone]) -> Command {
        Command {
            limit: self.command_timeout,
            ..Command::new(words.iter().cloned())
        }
    }
}

fn say(event: &Event) {
    let files = |files: &[PathBuf]| {
        let names: Vec<_> = files
            .iter()
            .map(|file| file.display().to_string())
            .collect();
        names.join(", ")
    };
    let text = match event {
        Event::Changed(change) => {
            let servers: usize = change.services.by_name.values().map(|all| all.len()).sum();
            format!(
                "change {}: {} written, {} services with {servers} servers",
                change.number,
                files(&change.files),
                change.services.by_name.len(),
            )
        }
        Event::Failed { file, error } => format!("{} stays as it is: {error}", file.display()),
        Event::ReloadFailed(error) => format!("the reload failed, and is tried again: {error}"),
        Event::Reloaded => "the reload has succeeded".to_string(),
        Event::Withheld => {
            "no service has a healthy server; the files stay as they are".to_string()
        }
        Event::Trouble(error) => format!("{error}; it is asked again"),
        Event::Recovered => "Consul can be asked again".to_string(),
        Event::Warning(text) => text.clone(),
    };
    // A stderr that is closed changes nothing.
    let _ = std::io::Write::write_fmt(
        &mut std::io::stderr(),
        format_args!("zroute: {}\n", printable(&text)),
    );
}

/// Tells changes to whoever listens.
struct Publisher {
    socket: Socket,
}

impl Publisher {
    fn bind(endpoint: &str, insecure: bool) -> Result<Self, Failure> {
        if Endpoint::parse(endpoint)?.is_public() && !insecure {
            return Err(Failure::Usage(format!(
                "{endpoint} can be reached from other machines, unencrypted and by anyone. Publish \
                 at a loopback address or ipc://, or say --insecure if this is meant."
            )));
        }
        let failed = |error: &dyn std::fmt::Display| Failure::Usage(error.to_string());
        let context = Context::new().map_err(|error| failed(&error))?;
        let socket = Socket::new(&context, "ZMQ_PUB").map_err(|error| failed(&error))?;
        if let Some(linger) = socket_option("ZMQ_LINGER") {
            let last = socket.set_number("ZMQ_LINGER", linger, LINGER);
            last.map_err(|error| failed(&error))?;
        }
        let name = CString::new(endpoint).map_err(|error| failed(&error))?;
        socket.bind(&name).map_err(|error| failed(&error))?;
        Ok(Self { socket })
    }

    fn publish(&self, change: &Change) {
        let sent = message(change)
            .map_err(|error| error.to_string())
            .and_then(|body| {
                self.socket
                    .send_all([TOPIC, body.as_slice()].into_iter(), DONTWAIT)
                    .map_err(|number| std::io::Error::from_raw_os_error(number.0).to_string())
            });
        if let Err(error) = sent {
            let _ = std::io::Write::write_fmt(
                &mut std::io::stderr(),
                format_args!(
                    "zroute: change {} is not published: {error}\n",
                    change.number
                ),
            );
        }
    }
}

/// A map of `number`, `files`, and `services`: by name, a list of servers with
/// `endpoint`, `version` and `tags`.
fn message(change: &Change) -> Result<Vec<u8>, Malformed> {
    let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX);
    let mut body = Writer::new(&Limits::default());
    body.map(3)?;
    body.text("number")?;
    body.unsigned(change.number);
    body.text("files")?;
    body.array(count(change.files.len()))?;
    for file in &change.files {
        body.text(&absolute(file))?;
    }
    body.text("services")?;
    body.map(count(change.services.by_name.len()))?;
    for (name, instances) in &change.services.by_name {
        body.text(name)?;
        body.array(count(instances.len()))?;
        for instance in instances.iter() {
            body.map(3)?;
            body.text("endpoint")?;
            body.text(&instance.endpoint())?;
            body.text("version")?;
            body.text(instance.version().unwrap_or_default())?;
            body.text("tags")?;
            body.array(count(instance.tags.len()))?;
            for tag in &instance.tags {
                body.text(tag)?;
            }
        }
    }
    Ok(body.finish().unwrap_or_default().to_vec())
}

fn absolute(file: &Path) -> String {
    let file = std::path::absolute(file).unwrap_or_else(|_| file.to_path_buf());
    file.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_is_a_file_or_comes_along() {
        assert_eq!(
            file("a.jinja=/b=c").unwrap(),
            (Template::File("a.jinja".into()), PathBuf::from("/b=c"))
        );
        assert!(matches!(
            file("builtin:zroute=a").unwrap().0,
            Template::Text { .. }
        ));
        for text in ["a", "=a", "a=", "builtin:x=a"] {
            assert!(file(text).is_err(), "{text}");
        }
    }
}
