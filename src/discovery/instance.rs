//! A server as Consul describes it, taken from an answer that anybody may have
//! written.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json::value::RawValue;

use super::Url;
use super::error::excerpt;
use super::url::{bracketed, is_host};

/// One server of a service.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instance {
    /// A host name or an address in figures, IPv6 without brackets. The node's
    /// where the service has none of its own.
    pub address: String,
    /// The port, never 0.
    pub port: u16,
    /// What it is registered as.
    pub id: String,
    /// The node that it is registered on.
    pub node: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its meta.
    pub meta: BTreeMap<String, String>,
}

impl Instance {
    /// `tcp://address:port`
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("tcp://{}:{}", bracketed(&self.address), self.port)
    }

    /// `version` in its meta.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.meta.get("version").map(String::as_str)
    }

    pub(super) fn read(entry: &Value) -> Option<Self> {
        let service = entry.get("Service")?;
        let node = entry.get("Node");
        let text = |of: Option<&Value>, name: &str| {
            of.and_then(|value| value.get(name))
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_string()
        };
        let own = text(Some(service), "Address");
        let address = if own.is_empty() {
            text(node, "Address")
        } else {
            own
        };
        let address = address
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
            .map_or(address.clone(), ToString::to_string);
        let port = service.get("Port")?.as_u64()?;
        let port = u16::try_from(port).ok().filter(|port| *port > 0)?;
        if !is_host(&address) {
            return None;
        }
        let tags = service.get("Tags").and_then(Value::as_array);
        let meta = service.get("Meta").and_then(Value::as_object);
        Some(Self {
            address,
            port,
            id: text(Some(service), "ID"),
            node: text(node, "Node"),
            tags: tags
                .into_iter()
                .flatten()
                .filter_map(|tag| tag.as_str().map(ToString::to_string))
                .collect(),
            meta: meta
                .into_iter()
                .flatten()
                .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_string())))
                .collect(),
        })
    }

    pub(super) fn is_wanted(&self, url: &Url) -> bool {
        let says = |name: &str, wanted: Option<&String>| {
            wanted.is_none_or(|wanted| self.meta.get(name) == Some(wanted))
        };
        says("version", url.version.as_ref())
            && says("protocol", url.protocol.as_ref())
            && url
                .tags
                .iter()
                .all(|tag| self.tags.iter().any(|own| own.eq_ignore_ascii_case(tag)))
    }
}

/// So many instances of one service are used at most.
const MOST: usize = 4096;
/// Nobody describes one instance in more.
const LONGEST_ENTRY: usize = 64 * 1024;

/// A piece of an answer, if it is not too long to be taken apart.
pub(super) fn piece(raw: &RawValue) -> Option<Value> {
    let text = raw.get();
    (text.len() <= LONGEST_ENTRY)
        .then(|| serde_json::from_str(text).ok())
        .flatten()
}

/// Why an answer cannot be used.
pub(super) fn unfit(answer: &[u8], expected: &str, error: &serde_json::Error) -> String {
    format!("expected {expected} ({error}), not '{}'", excerpt(answer))
}

/// The entries of an answer of `/v1/health/service/NAME`, not yet looked into.
pub(super) fn entries(answer: &[u8]) -> Result<Vec<&RawValue>, String> {
    serde_json::from_slice(answer).map_err(|error| unfit(answer, "a list of instances", &error))
}

/// The instances of an answer of `/v1/health/service/NAME`, in one order
/// whatever the answer's. Entries without a usable address and port are left
/// out; an answer of nothing else is none.
pub(super) fn read_all(answer: &[u8], url: &Url) -> Result<Vec<Instance>, String> {
    let entries = entries(answer)?;
    let usable: Vec<_> = entries
        .iter()
        .filter_map(|entry| Instance::read(&piece(entry)?))
        .take(MOST)
        .collect();
    if usable.is_empty() && !entries.is_empty() {
        return Err(format!(
            "none of {} instances has an address and a port",
            entries.len()
        ));
    }
    let mut wanted: Vec<_> = usable
        .into_iter()
        .filter(|instance| instance.is_wanted(url))
        .collect();
    wanted.sort();
    wanted.dedup_by(|one, other| one.address == other.address && one.port == other.port);
    Ok(wanted)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn endpoints(answer: &Value, url: &str) -> Result<Vec<String>, String> {
        let url = Url::parse(url).unwrap();
        Ok(read_all(answer.to_string().as_bytes(), &url)?
            .iter()
            .map(Instance::endpoint)
            .collect())
    }

    fn entry(address: &str, port: i64, tags: &[&str], version: &str) -> Value {
        json!({
            "Node": {"Node": "n1", "Address": "10.0.0.9"},
            "Service": {
                "ID": "a", "Address": address, "Port": port, "Tags": tags,
                "Meta": {"version": version, "protocol": "zmq"},
            },
        })
    }

    #[test]
    fn an_address_of_its_own_goes_before_the_nodes() {
        let answer = json!([entry("10.0.0.1", 5, &[], "1"), entry("", 6, &[], "1")]);
        assert_eq!(
            endpoints(&answer, "consul:///a").unwrap(),
            ["tcp://10.0.0.1:5", "tcp://10.0.0.9:6"]
        );
    }

    #[test]
    fn ipv6_stands_in_brackets() {
        let answer = json!([
            entry("fd00::1", 5, &[], "1"),
            entry("[fd00::2]", 5, &[], "1")
        ]);
        assert_eq!(
            endpoints(&answer, "consul:///a").unwrap(),
            ["tcp://[fd00::1]:5", "tcp://[fd00::2]:5"]
        );
    }

    #[test]
    fn tag_version_and_protocol_choose() {
        let answer = json!([
            entry("10.0.0.1", 5, &["RPC", "x"], "1.0"),
            entry("10.0.0.2", 5, &["rpc"], "2.0"),
            entry("10.0.0.3", 5, &[], "1.0"),
        ]);
        for (url, expected) in [
            (
                "consul:///a?tag=rpc",
                vec!["tcp://10.0.0.1:5", "tcp://10.0.0.2:5"],
            ),
            ("consul:///a?tag=rpc&tag=x", vec!["tcp://10.0.0.1:5"]),
            (
                "consul:///a?version=1.0",
                vec!["tcp://10.0.0.1:5", "tcp://10.0.0.3:5"],
            ),
            ("consul:///a?version=1", vec![]),
            ("consul:///a?protocol=http", vec![]),
        ] {
            assert_eq!(endpoints(&answer, url).unwrap(), expected, "{url}");
        }
    }

    #[test]
    fn order_and_duplicates_of_an_answer_do_not_show() {
        let one = json!([
            entry("b", 5, &[], "1"),
            entry("a", 5, &[], "1"),
            entry("a", 5, &[], "1")
        ]);
        let other = json!([entry("a", 5, &[], "1"), entry("b", 5, &[], "1")]);
        assert_eq!(
            endpoints(&one, "consul:///a").unwrap(),
            endpoints(&other, "consul:///a").unwrap()
        );
    }

    #[test]
    fn a_bad_entry_is_left_out() {
        for bad in [
            json!(null),
            json!({}),
            json!({"Service": 7}),
            json!({"Service": {"Port": 5}}),
            entry("10.0.0.1", 0, &[], "1"),
            entry("10.0.0.1", -5, &[], "1"),
            entry("10.0.0.1", 65_536, &[], "1"),
            entry("10.0.0.1:7/", 5, &[], "1"),
            entry("a b", 5, &[], "1"),
            entry("*", 5, &[], "1"),
            entry("a';system('x');'", 5, &[], "1"),
            entry("::zz", 5, &[], "1"),
        ] {
            let answer = json!([bad.clone(), entry("10.0.0.1", 5, &[], "1")]);
            assert_eq!(
                endpoints(&answer, "consul:///a").unwrap(),
                ["tcp://10.0.0.1:5"],
                "{bad}"
            );
            assert!(endpoints(&json!([bad]), "consul:///a").is_err());
        }
    }

    #[test]
    fn more_instances_than_can_be_used_are_left_out() {
        let entries: Vec<_> = (1..=5000).map(|port| entry("a", port, &[], "1")).collect();
        assert_eq!(
            endpoints(&json!(entries), "consul:///a").unwrap().len(),
            MOST
        );
        let mut long = entry("b", 5, &[], "1");
        long["Service"]["ID"] = json!("x".repeat(LONGEST_ENTRY));
        let answer = json!([entry("a", 5, &[], "1"), long]);
        assert_eq!(endpoints(&answer, "consul:///a").unwrap(), ["tcp://a:5"]);
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_answered_gives_good_endpoints_or_none(
            changes in proptest::collection::vec((0_usize..500, 0x20_u8..0x7f), 0..6)
        ) {
            let answer = json!([entry("fd00::1", 5, &["rpc"], "1"), entry("", 65_535, &[], "1")]);
            let mut text = answer.to_string().into_bytes();
            for (place, byte) in changes {
                let place = place % text.len();
                text[place] = byte;
            }
            if let Ok(answer) = serde_json::from_slice(&text)
                && let Ok(endpoints) = endpoints(&answer, "consul:///a")
            {
                for endpoint in endpoints {
                    crate::transport::Endpoint::parse(&endpoint).unwrap();
                }
            }
        }
    }

    #[test]
    fn what_is_no_list_is_no_answer() {
        for answer in [json!(null), json!({}), json!("x"), json!(7)] {
            assert!(endpoints(&answer, "consul:///a").is_err());
        }
        assert!(endpoints(&json!([]), "consul:///a").unwrap().is_empty());
    }
}
