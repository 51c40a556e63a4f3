//! Options by name, for servers and clients.

use std::ffi::{c_char, c_void};
use std::path::Path;
use std::time::Duration;

use super::gate::{Failure, gate};
use super::handle::{self, Object};
use super::pointer::{Output, text};
use super::status::{Status, zroute_status};
use crate::client::{Balance, Dialect};
use crate::msgpack::Limits;
use crate::transport::keys::{AllowedKeys, Half, NoKey, read_key};
use crate::transport::{Credentials, Curve, KeyPair, Kind};
use crate::{client, server, transport};

/// Options for a server or a client, set by name before it is made.
pub struct zroute_options {
    _opaque: [u8; 0],
}

/// In which format values cross this ABI in batches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Values {
    #[default]
    MessagePack,
    Php,
    /// As MessagePack, but only what PHP has a value for; no option asks for it.
    Zend,
}

#[derive(Default)]
pub struct Options {
    settings: Vec<(&'static Known, Setting)>,
}

impl Object for Options {
    const KIND: u8 = 1;
    const NAME: &'static str = "zroute_options";
}

#[derive(Clone, Debug)]
enum Setting {
    Integer(i64),
    Text(String),
}

/// An option that exists.
struct Known {
    name: &'static str,
    /// Who takes it.
    takers: Takers,
    /// The values it may have; none for one that is a text.
    range: Option<(i64, i64)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Takers {
    Both,
    Server,
    Client,
}

const SIZE: Option<(i64, i64)> = Some((1, i32::MAX as i64));
const TIME: Option<(i64, i64)> = Some((0, i32::MAX as i64));

const fn known(name: &'static str, takers: Takers, range: Option<(i64, i64)>) -> Known {
    Known {
        name,
        takers,
        range,
    }
}

/// `docs/c.md` describes each; a test holds the two together.
static KNOWN: &[Known] = &[
    known("max_message", Takers::Both, SIZE),
    known("max_depth", Takers::Both, Some((1, 512))),
    known("max_nodes", Takers::Both, SIZE),
    known("max_collisions", Takers::Both, Some((0, i64::MAX))),
    known("send_high_water", Takers::Both, SIZE),
    known("receive_high_water", Takers::Both, SIZE),
    known("handshake_ms", Takers::Both, TIME),
    known("linger_ms", Takers::Both, TIME),
    known("heartbeat_ms", Takers::Both, TIME),
    known("transport", Takers::Both, None),
    known("plain_username", Takers::Both, None),
    known("plain_password", Takers::Both, None),
    known("values", Takers::Both, None),
    known("curve_secret_key", Takers::Both, None),
    known("curve_secret_key_file", Takers::Both, None),
    known("curve_allowed_keys", Takers::Server, None),
    known("curve_allowed_keys_file", Takers::Server, None),
    known(
        "max_open_calls",
        Takers::Server,
        Some((1, server::Options::MOST_OPEN_CALLS)),
    ),
    known("drain_ms", Takers::Server, TIME),
    known("stream_stall_ms", Takers::Server, TIME),
    known("name", Takers::Server, None),
    known("send_buffer", Takers::Server, SIZE),
    known("receive_buffer", Takers::Server, SIZE),
    known("backlog", Takers::Server, SIZE),
    known("allow_public", Takers::Server, Some((0, 1))),
    known("dialect", Takers::Client, None),
    known("zerorpc_heartbeat_ms", Takers::Client, TIME),
    known("timeout_ms", Takers::Client, Some((1, i32::MAX as i64))),
    known("retries", Takers::Client, Some((0, 100))),
    known("retry_base_ms", Takers::Client, TIME),
    known("retry_max_ms", Takers::Client, TIME),
    known("retry_budget_percent", Takers::Client, Some((0, 1000))),
    known("balance", Takers::Client, None),
    known("breaker_failures", Takers::Client, TIME),
    known("breaker_ms", Takers::Client, SIZE),
    known("reconnect_ms", Takers::Client, SIZE),
    known("reconnect_max_ms", Takers::Client, SIZE),
    known("curve_server_key", Takers::Client, None),
    known("curve_server_key_file", Takers::Client, None),
    known("curve_public_key", Takers::Client, None),
];

/// Says that there is no such option, and which one may be meant; if none is like it,
/// all that there are.
fn unknown(name: &str) -> String {
    let refused = format!("there is no option '{}'", name.escape_debug());
    if let Some(near) = KNOWN.iter().find(|known| is_near(name, known.name)) {
        return format!("{refused}; did you mean '{}'?", near.name);
    }
    let of = |taker: Takers| {
        let takes = |known: &&Known| known.takers == Takers::Both || known.takers == taker;
        let names: Vec<_> = KNOWN.iter().filter(takes).map(|known| known.name).collect();
        names.join(", ")
    };
    // The PHP wrapper knows which of the two it is for, and leaves the other out.
    let (server, client) = (of(Takers::Server), of(Takers::Client));
    format!("{refused}; a server has {server}; a client has {client}")
}

/// Whether a name is another one without its end, or with a letter or two that are wrong.
fn is_near(name: &str, known: &str) -> bool {
    let end = known.strip_prefix(name);
    if name.len() > known.len() + 2 || end.is_some_and(|end| end.starts_with('_')) {
        return end.is_some();
    }
    // Of the letters of `name` so far: the changes that make them a beginning of `known`,
    // by its length.
    let mut row: Vec<usize> = (0..=known.len()).collect();
    for (index, letter) in name.bytes().enumerate() {
        let mut changes = index + 1;
        let mut next = vec![changes];
        for (other, before) in known.bytes().zip(row.windows(2)) {
            let &[one_less, same] = before else { break };
            changes = (one_less + usize::from(letter != other))
                .min(same + 1)
                .min(changes + 1);
            next.push(changes);
        }
        row = next;
    }
    row.last()
        .is_some_and(|changes| *changes <= 2 && changes * 3 <= name.len())
}

impl Options {
    fn set(&mut self, name: &str, setting: Setting) -> Result<(), Failure> {
        let bad = |reason: String| Failure::new(Status::ZROUTE_BAD_OPTION, reason);
        let known = KNOWN
            .iter()
            .find(|known| known.name == name)
            .ok_or_else(|| bad(unknown(name)))?;
        match (&setting, known.range) {
            (Setting::Integer(value), Some((least, most))) => {
                if !(least..=most).contains(value) {
                    return Err(bad(format!(
                        "option '{name}' goes from {least} to {most}, got {value}"
                    )));
                }
            }
            (Setting::Text(_), None) => {}
            (Setting::Integer(_), None) => {
                return Err(bad(format!("option '{name}' is expected to be a text")));
            }
            (Setting::Text(_), Some(_)) => {
                return Err(bad(format!("option '{name}' is expected to be an integer")));
            }
        }
        self.settings.retain(|(other, _)| other.name != name);
        self.settings.push((known, setting));
        Ok(())
    }

    fn check_taker(&self, taker: Takers, what: &str) -> Result<(), Failure> {
        for (known, _) in &self.settings {
            if known.takers != Takers::Both && known.takers != taker {
                return Err(Failure::new(
                    Status::ZROUTE_BAD_OPTION,
                    format!("option '{}' is not one of a {what}", known.name),
                ));
            }
        }
        Ok(())
    }

    fn integer<T: TryFrom<i64>>(&self, name: &str, default: T) -> T {
        self.settings
            .iter()
            .find_map(|(known, setting)| match setting {
                Setting::Integer(value) if known.name == name => T::try_from(*value).ok(),
                _ => None,
            })
            .unwrap_or(default)
    }

    fn text(&self, name: &str) -> Option<&str> {
        self.settings
            .iter()
            .find_map(|(known, setting)| match setting {
                Setting::Text(value) if known.name == name => Some(value.as_str()),
                _ => None,
            })
    }

    fn time(&self, name: &str, default: Duration) -> Duration {
        let default = u64::try_from(default.as_millis()).unwrap_or(u64::MAX);
        Duration::from_millis(self.integer(name, default))
    }

    fn limits(&self) -> Limits {
        let default = Limits::default();
        Limits {
            bytes: self.integer("max_message", default.bytes),
            depth: self.integer("max_depth", default.depth),
            nodes: self.integer("max_nodes", default.nodes),
            collisions: self.integer("max_collisions", default.collisions),
        }
    }

    fn transport(&self) -> Result<transport::Options, Failure> {
        let default = transport::Options::default();
        Ok(transport::Options {
            kind: self.kind()?,
            credentials: self.credentials()?,
            receive_buffer: self.integer("receive_buffer", default.receive_buffer),
            heartbeat: self.time("heartbeat_ms", default.heartbeat),
            send_high_water: self.integer("send_high_water", default.send_high_water),
            receive_high_water: self.integer("receive_high_water", default.receive_high_water),
            send_buffer: self.integer("send_buffer", default.send_buffer),
            handshake: self.time("handshake_ms", default.handshake),
            backlog: self.integer("backlog", default.backlog),
            linger: self.time("linger_ms", default.linger),
            reconnect: self.time("reconnect_ms", default.reconnect),
            reconnect_longest: self.time("reconnect_max_ms", default.reconnect_longest),
            ..default
        })
    }

    fn kind(&self) -> Result<Option<Kind>, Failure> {
        let Some(name) = self.text("transport") else {
            return Ok(None);
        };
        Kind::named(name).map(Some).ok_or_else(|| {
            Failure::new(
                Status::ZROUTE_BAD_OPTION,
                format!(
                    "option 'transport' is 'zmtp' or 'libzmq', got '{}'",
                    name.escape_debug()
                ),
            )
        })
    }

    fn credentials(&self) -> Result<Option<Credentials>, Failure> {
        let (username, password) = match (self.text("plain_username"), self.text("plain_password"))
        {
            (None, None) => return Ok(None),
            (Some(username), Some(password)) => (username, password),
            _ => return bad("'plain_username' and 'plain_password' go together"),
        };
        if username.len().max(password.len()) > Credentials::LONGEST {
            return bad("'plain_username' and 'plain_password' have 255 bytes at most");
        }
        Ok(Some(Credentials {
            username: username.to_string(),
            password: password.to_string(),
        }))
    }

    fn balance(&self) -> Result<Balance, Failure> {
        let Some(name) = self.text("balance") else {
            return Ok(Balance::default());
        };
        Balance::named(name).ok_or_else(|| {
            Failure::new(
                Status::ZROUTE_BAD_OPTION,
                format!(
                    "option 'balance' is 'least-pending' or 'round-robin', got '{}'",
                    name.escape_debug()
                ),
            )
        })
    }

    fn dialect(&self) -> Result<Dialect, Failure> {
        let Some(name) = self.text("dialect") else {
            return Ok(Dialect::default());
        };
        Dialect::named(name).ok_or_else(|| {
            Failure::new(
                Status::ZROUTE_BAD_OPTION,
                format!(
                    "option 'dialect' is 'plain', 'msgpack-rpc' or 'zerorpc', got '{}'",
                    name.escape_debug()
                ),
            )
        })
    }

    fn values(&self) -> Result<Values, Failure> {
        match self.text("values") {
            None | Some("msgpack") => Ok(Values::MessagePack),
            Some("php") => Ok(Values::Php),
            Some(other) => Err(Failure::new(
                Status::ZROUTE_BAD_OPTION,
                format!(
                    "option 'values' is 'msgpack' or 'php', got '{}'",
                    other.escape_debug()
                ),
            )),
        }
    }

    pub(super) fn server(&self) -> Result<(server::Options, Values, bool), Failure> {
        self.check_taker(Takers::Server, "server")?;
        let mut options = server::Options {
            limits: self.limits(),
            transport: self.transport()?,
            ..server::Options::default()
        };
        options.open_calls = self.integer("max_open_calls", options.open_calls);
        options.drain = self.time("drain_ms", options.drain);
        options.stream_stall = self.time("stream_stall_ms", options.stream_stall);
        if let Some(name) = self.text("name") {
            options.name = name.to_string();
        }
        options.transport.curve = self.server_curve()?;
        let public = self.integer("allow_public", 0_i64) == 1;
        Ok((options, self.values()?, public))
    }

    pub(super) fn client(&self) -> Result<(client::Options, Values), Failure> {
        self.check_taker(Takers::Client, "client")?;
        let default = client::Options::default();
        let retry_longest = self.time("retry_max_ms", default.retry_longest);
        let mut options = client::Options {
            dialect: self.dialect()?,
            zerorpc_heartbeat: self.time("zerorpc_heartbeat_ms", default.zerorpc_heartbeat),
            limits: self.limits(),
            timeout: self.time("timeout_ms", default.timeout),
            retries: self.integer("retries", default.retries),
            retry_base: self.time("retry_base_ms", default.retry_base.min(retry_longest)),
            retry_longest,
            retry_budget: self.integer("retry_budget_percent", default.retry_budget),
            balance: self.balance()?,
            breaker_failures: self.integer("breaker_failures", default.breaker_failures),
            breaker_pause: self.time("breaker_ms", default.breaker_pause),
            transport: self.transport()?,
        };
        let (base, longest) = (options.retry_base, options.retry_longest);
        if base > longest {
            return bad(&format!(
                "option 'retry_base_ms' is expected to be no more than 'retry_max_ms', got {} and {}",
                base.as_millis(),
                longest.as_millis()
            ));
        }
        options.transport.heartbeat = self.time("heartbeat_ms", default.transport.heartbeat);
        options.transport.curve = self.client_curve()?;
        Ok((options, self.values()?))
    }

    fn server_curve(&self) -> Result<Option<Curve>, Failure> {
        let list = (
            self.text("curve_allowed_keys"),
            self.text("curve_allowed_keys_file"),
        );
        let allowed = match list {
            (None, None) => None,
            (Some(keys), None) => Some(
                AllowedKeys::from_text(keys).map_err(|why| no_key("curve_allowed_keys", &why))?,
            ),
            (None, Some(file)) => Some(
                AllowedKeys::from_file(Path::new(file))
                    .map_err(|why| no_key("curve_allowed_keys_file", &why))?,
            ),
            (Some(_), Some(_)) => {
                return bad(
                    "'curve_allowed_keys' and 'curve_allowed_keys_file' exclude each other",
                );
            }
        };
        match self.key("curve_secret_key", "curve_secret_key_file", Half::Secret)? {
            Some(secret_key) => Ok(Some(Curve::Server {
                secret_key,
                allowed,
            })),
            None if allowed.is_some() => bad("a list of allowed keys needs 'curve_secret_key' too"),
            None => Ok(None),
        }
    }

    fn client_curve(&self) -> Result<Option<Curve>, Failure> {
        let public = self.text("curve_public_key");
        let secret = self.key("curve_secret_key", "curve_secret_key_file", Half::Secret)?;
        let pair = match (public, secret) {
            (Some(public), Some(secret_key)) => Some(KeyPair {
                public_key: public.to_string(),
                secret_key,
            }),
            (None, Some(secret_key)) => Some(KeyPair::of_secret(&secret_key)?),
            (None, None) => None,
            (Some(_), None) => {
                return bad("a client's 'curve_public_key' needs its 'curve_secret_key' too");
            }
        };
        match self.key("curve_server_key", "curve_server_key_file", Half::Public)? {
            Some(server_key) => Ok(Some(Curve::Client { server_key, pair })),
            None if pair.is_some() => bad("a client with CURVE keys needs 'curve_server_key' too"),
            None => Ok(None),
        }
    }

    /// A key that is given as it is, or by the name of its file.
    fn key(
        &self,
        name: &'static str,
        file: &'static str,
        half: Half,
    ) -> Result<Option<String>, Failure> {
        match (self.text(name), self.text(file)) {
            (key, None) => Ok(key.map(ToString::to_string)),
            (None, Some(path)) => read_key(Path::new(path), half)
                .map(Some)
                .map_err(|why| no_key(file, &why)),
            (Some(_), Some(_)) => bad(&format!("'{name}' and '{file}' exclude each other")),
        }
    }
}

fn bad<T>(reason: &str) -> Result<T, Failure> {
    Err(Failure::new(Status::ZROUTE_BAD_OPTION, reason))
}

fn no_key(option: &str, why: &NoKey) -> Failure {
    Failure::new(
        Status::ZROUTE_BAD_OPTION,
        format!("option '{option}': {why}"),
    )
}

/// Makes a set of options, all at their defaults. Free it with
/// zroute_options_free; what was made with it does not need it any more.
///
/// Any thread may call this.
///
/// # Safety
/// `options` is NULL or has room for a pointer.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_options_new(options: *mut *mut zroute_options) -> zroute_status {
    gate("zroute_options_new", || {
        // SAFETY: as the caller promises.
        let output = unsafe { Output::new("options", options) }?;
        output.write(handle::insert(Options::default())?.cast());
        Ok(())
    })
}

/// Sets an option that is a number. docs/c.md lists the names with their units
/// and ranges. ZROUTE_BAD_OPTION for another name or a value out of range.
///
/// One thread at a time.
///
/// # Safety
/// `name` is NULL or a NUL-terminated text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_options_set_integer(
    options: *mut zroute_options,
    name: *const c_char,
    value: i64,
) -> zroute_status {
    gate("zroute_options_set_integer", || {
        // SAFETY: as the caller promises.
        let name = unsafe { text("name", name) }?;
        handle::enter::<Options>(options.cast())?.set(name, Setting::Integer(value))
    })
}

/// Sets an option that is a text; it is copied. ZROUTE_BAD_OPTION for another
/// name.
///
/// One thread at a time.
///
/// # Safety
/// `name` and `value` are NULL or NUL-terminated texts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn zroute_options_set_text(
    options: *mut zroute_options,
    name: *const c_char,
    value: *const c_char,
) -> zroute_status {
    gate("zroute_options_set_text", || {
        // SAFETY: as the caller promises.
        let (name, value) = unsafe { (text("name", name)?, text("value", value)?) };
        handle::enter::<Options>(options.cast())?.set(name, Setting::Text(value.to_string()))
    })
}

/// Frees a set of options. NULL is fine.
///
/// One thread at a time.
#[unsafe(no_mangle)]
pub extern "C" fn zroute_options_free(options: *mut zroute_options) -> zroute_status {
    gate("zroute_options_free", || {
        handle::free::<Options>(options.cast()).map(drop)
    })
}

/// The options that a maker was handed: NULL stands for the defaults.
pub(super) fn with<T>(
    options: *const zroute_options,
    make: impl FnOnce(&Options) -> Result<T, Failure>,
) -> Result<T, Failure> {
    if options.is_null() {
        make(&Options::default())
    } else {
        make(&*handle::enter::<Options>(options.cast::<c_void>())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_name_is_told_what_it_may_have_meant() {
        for (name, meant) in [
            ("timeout", "timeout_ms"),
            ("timeoutMs", "timeout_ms"),
            ("max_mesage", "max_message"),
            ("curve_secretkey", "curve_secret_key"),
        ] {
            assert!(unknown(name).ends_with(&format!("; did you mean '{meant}'?")));
        }
        for name in ["", "nope", "0", "timeout_ms_of_calls"] {
            let text = unknown(name);
            let (_, names) = text.split_once("; a server has ").unwrap();
            let (server, client) = names.split_once("; a client has ").unwrap();
            assert!(server.contains("drain_ms") && !server.contains("timeout_ms"));
            assert!(client.contains("timeout_ms") && !client.contains("drain_ms"));
        }
    }

    #[test]
    fn docs_describe_every_option() {
        let docs = include_str!("../../docs/c.md");
        for known in KNOWN {
            assert!(
                docs.contains(&format!("| `{}` |", known.name)),
                "{}",
                known.name
            );
        }
    }
}
