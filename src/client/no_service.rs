//! Stands for `service` where the library is built without `discovery`.

use std::collections::HashSet;

use crate::transport::{Error, Wake};

/// There are none.
pub enum Service {}

/// Refuses it.
pub fn check(endpoint: &str) -> Result<(), Error> {
    Service::open(endpoint).map(drop)
}

impl Service {
    pub fn open(endpoint: &str) -> Result<Self, Error> {
        Err(Error::Endpoint {
            endpoint: endpoint.escape_debug().to_string(),
            reason: "this library was built without the feature `discovery`, which finds servers \
                     through Consul; build it with that, or give tcp:// endpoints"
                .to_string(),
        })
    }

    pub fn changed(&mut self) -> Option<HashSet<String>> {
        match *self {}
    }

    pub fn set_unusable(&mut self, _: Option<String>) {
        match *self {}
    }

    pub fn name(&self) -> &str {
        match *self {}
    }

    pub fn is_known(&self) -> bool {
        match *self {}
    }

    pub fn bell(&self) -> &Wake {
        match *self {}
    }

    pub fn trouble(&self, _: usize) -> Option<String> {
        match *self {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_refused_with_what_is_missing() {
        let error = check("consul:///time").unwrap_err().to_string();
        assert!(
            error.contains("consul:///time") && error.contains("`discovery`"),
            "{error}"
        );
    }
}
