//! Servers that come and go with the lists of the services that are followed.
//!
//! One that has left its list takes no new calls. Its connection is closed when
//! nothing is in flight there.

use std::collections::HashSet;

use super::service::{Service, check};
use super::{Client, Server};
use crate::transport::{self, Endpoint, Error};

/// So many endpoints are named in a message.
const NAMED: usize = 8;

/// Whether an endpoint names a service, not a server.
#[inline]
fn is_service(endpoint: &str) -> bool {
    endpoint.starts_with("consul://")
}

/// Checks an endpoint that [`Client::connect`] is to take; returns it as it will
/// be named.
pub fn endpoint(text: &str) -> Result<String, Error> {
    if is_service(text) {
        check(text)?;
        return Ok(text.to_string());
    }
    Endpoint::parse_for_client(text).map(|endpoint| endpoint.to_string())
}

impl Client {
    /// Adds a server, or with `consul://…/NAME` the servers of a service, of
    /// which the list is followed from then on. Connections are made in the
    /// background, now and again whenever they are lost. Does not wait for Consul.
    pub fn connect(&mut self, endpoint: &str) -> Result<(), Error> {
        if is_service(endpoint) {
            // What is wrong with the options is told now, not with the list.
            transport::dealer(&self.options.transport())?;
            self.services.push(Service::open(endpoint)?);
            return self.take_lists();
        }
        self.add(&Endpoint::parse_for_client(endpoint)?, None)
    }

    fn add(&mut self, endpoint: &Endpoint, service: Option<usize>) -> Result<(), Error> {
        let mut transport = transport::dealer(&self.options.transport())?;
        transport.connect(endpoint)?;
        let mut server = Server::new(transport, endpoint.to_string(), &self.options);
        server.service = service;
        self.servers.push(server);
        Ok(())
    }

    /// Takes in what has changed in the lists.
    #[inline]
    pub(super) fn follow(&mut self) -> Result<(), Error> {
        if self.services.is_empty() {
            return Ok(());
        }
        self.take_lists()
    }

    fn take_lists(&mut self) -> Result<(), Error> {
        let mut changed = false;
        for number in 0..self.services.len() {
            if let Some(list) = self.services.get_mut(number).and_then(Service::changed) {
                self.take_list(number, list);
                changed = true;
            }
        }
        if changed {
            self.close_departed()?;
        }
        Ok(())
    }

    fn take_list(&mut self, number: usize, mut list: HashSet<String>) {
        for server in &mut self.servers {
            if server.service == Some(number) {
                server.departed = !list.remove(&server.endpoint);
            }
        }
        let mut unusable = None;
        // The set's order is by chance, so not every client begins with the same.
        for endpoint in list {
            let added =
                Endpoint::parse(&endpoint).and_then(|endpoint| self.add(&endpoint, Some(number)));
            if let Err(error) = added {
                unusable = Some(error.to_string());
            }
        }
        if let Some(service) = self.services.get_mut(number) {
            service.set_unusable(unusable);
        }
    }

    /// Closes the connections of servers that have left their lists and have
    /// nothing in flight.
    pub(super) fn close_departed(&mut self) -> Result<(), Error> {
        let mut index = 0;
        while let Some(server) = self.servers.get_mut(index) {
            if !server.departed || server.in_flight > 0 {
                index += 1;
                continue;
            }
            server.transport.flush()?;
            self.servers.remove(index);
            self.in_flight.server_removed(index);
            self.next -= usize::from(self.next > index);
        }
        if self.next >= self.servers.len() {
            self.next = 0;
        }
        self.departing = self.servers.iter().any(|server| server.departed);
        Ok(())
    }

    /// What calls go to, for a message.
    pub(super) fn destinations(&self) -> String {
        let services = self.services.iter().map(Service::name);
        let servers = self.servers.iter().filter(|server| !server.departed);
        let mut all: Vec<_> = services
            .chain(servers.map(|server| &*server.endpoint))
            .collect();
        let more = all.len().saturating_sub(NAMED);
        all.truncate(NAMED);
        let all = all.join(", ");
        if more > 0 {
            return format!("{all} and {more} more");
        }
        all
    }

    /// Why they do not take any, as far as is known.
    pub(super) fn troubles(&mut self, now: std::time::Instant) -> Vec<String> {
        let servers = &self.servers;
        let used = |number| {
            let its = servers
                .iter()
                .filter(|server| server.service == Some(number));
            its.filter(|server| !server.departed).count()
        };
        let services = self.services.iter().enumerate();
        let mut all: Vec<_> = services
            .filter_map(|(number, service)| service.trouble(used(number)))
            .collect();
        let servers = self.servers.iter_mut().filter(|server| !server.departed);
        all.extend(servers.filter_map(|server| server.trouble(now)).take(NAMED));
        all
    }
}
