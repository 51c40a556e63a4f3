//! From endpoints to addresses of the system.

use std::ffi::CStr;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};

use socket2::SockAddr;

use crate::transport::endpoint::Address;

/// The addresses that a bind may take.
pub fn to_bind(address: &Address) -> io::Result<Vec<SockAddr>> {
    let (host, port) = match address {
        Address::Ipc { path } => return Ok(vec![unix(path)?]),
        Address::Tcp { host, port } => (host.as_str(), *port),
    };
    if host == "*" {
        return Ok(vec![SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)).into()]);
    }
    if let Some(found) = numeric(host, port) {
        return Ok(vec![found.into()]);
    }
    if let Some(found) = interface(host)? {
        return Ok(vec![SocketAddr::from((found, port)).into()]);
    }
    Ok(look_up(host, port)?.into_iter().map(Into::into).collect())
}

/// The addresses to connect to, if they are known without asking anybody.
pub fn to_connect(address: &Address) -> io::Result<Option<Vec<SockAddr>>> {
    let (host, port) = match address {
        Address::Ipc { path } => return Ok(Some(vec![unix(path)?])),
        Address::Tcp { host, port } => (host.as_str(), *port),
    };
    let refuse = |reason: &str| Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
    if port == 0 {
        return refuse("a port is expected: only a bind can leave it to the system");
    }
    if host == "*" || host.contains(';') {
        return refuse("one host is expected, by name or address");
    }
    if host == "localhost" {
        // It always means this (RFC 6761).
        let loopback: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
        let found = loopback.map(|ip| SocketAddr::from((ip, port)).into());
        return Ok(Some(found.into()));
    }
    Ok(numeric(host, port).map(|found| vec![found.into()]))
}

/// Asks the system's resolver, which may take its time.
pub fn look_up(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let found: Vec<_> = (host, port).to_socket_addrs()?.collect();
    if found.is_empty() {
        return Err(io::Error::new(
            io::ErrorKind::NotFound,
            "the name has no address",
        ));
    }
    Ok(found)
}

/// An address in figures, with the zone of a link-local one.
fn numeric(host: &str, port: u16) -> Option<SocketAddr> {
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Some(SocketAddr::from((ip, port)));
    }
    let (_, zone) = host.split_once('%')?;
    // The system knows the number of the zone, and asks nobody.
    (!zone.is_empty())
        .then(|| look_up(host, port).ok())
        .flatten()?
        .first()
        .copied()
}

/// A path, or a name without one behind an `@`.
fn unix(path: &str) -> io::Result<SockAddr> {
    match path.strip_prefix('@') {
        Some(name) => SockAddr::unix(format!("\0{name}")),
        None => SockAddr::unix(path),
    }
}

/// The IPv4 address of a network interface.
fn interface(name: &str) -> io::Result<Option<IpAddr>> {
    let mut first = std::ptr::null_mut();
    // SAFETY: the system writes a list's head to the place given.
    if unsafe { libc::getifaddrs(&raw mut first) } != 0 {
        return Err(io::Error::last_os_error());
    }
    let mut found = None;
    let mut next = first;
    while found.is_none() {
        // SAFETY: the list is the system's and stays until it is freed; each
        // entry has a NUL-terminated name, and its address, where it is not NULL
        // and says that it is of IPv4, is one.
        let (name_there, address) = unsafe {
            let Some(entry) = next.as_ref() else { break };
            next = entry.ifa_next;
            let is_ipv4 = entry
                .ifa_addr
                .as_ref()
                .is_some_and(|address| i32::from(address.sa_family) == libc::AF_INET);
            // It need not be aligned: it is read byte by byte.
            #[allow(clippy::cast_ptr_alignment)]
            let address = is_ipv4.then(|| {
                let address = entry.ifa_addr.cast::<libc::sockaddr_in>();
                address.read_unaligned().sin_addr.s_addr
            });
            (CStr::from_ptr(entry.ifa_name).to_bytes(), address)
        };
        if name_there == name.as_bytes() {
            found = address.map(|address| Ipv4Addr::from(address.to_ne_bytes()).into());
        }
    }
    // SAFETY: the list came from getifaddrs() and nothing refers to it any more.
    unsafe { libc::freeifaddrs(first) };
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::Endpoint;

    fn bind(endpoint: &str) -> Vec<SockAddr> {
        to_bind(Endpoint::parse(endpoint).unwrap().address()).unwrap()
    }

    fn tcp(text: &str) -> SockAddr {
        text.parse::<SocketAddr>().unwrap().into()
    }

    #[test]
    fn binds_take_figures_interfaces_and_all() {
        assert_eq!(bind("tcp://127.0.0.1:80"), [tcp("127.0.0.1:80")]);
        assert_eq!(bind("tcp://*:80"), [tcp("0.0.0.0:80")]);
        assert_eq!(bind("tcp://lo:*"), [tcp("127.0.0.1:0")]);
        assert_eq!(bind("tcp://[::1]:80"), [tcp("[::1]:80")]);
        assert!(!bind("ipc://@name")[0].is_unnamed());
    }

    #[test]
    fn only_names_need_the_resolver() {
        let known = |text: &str| {
            let endpoint = Endpoint::parse(text).unwrap();
            to_connect(endpoint.address()).unwrap()
        };
        assert_eq!(known("tcp://10.0.0.1:80").unwrap(), [tcp("10.0.0.1:80")]);
        assert_eq!(
            known("tcp://localhost:80").unwrap(),
            [tcp("127.0.0.1:80"), tcp("[::1]:80")]
        );
        assert!(known("tcp://example.invalid:80").is_none());
    }

    #[test]
    fn what_can_never_be_connected_to_is_an_error() {
        for text in [
            "tcp://127.0.0.1:*",
            "tcp://*:80",
            "tcp://10.0.0.1:0;10.0.0.2:80",
        ] {
            let endpoint = Endpoint::parse(text).unwrap();
            assert!(to_connect(endpoint.address()).is_err(), "{text}");
        }
    }

    #[test]
    fn a_path_that_is_too_long_is_an_error() {
        let endpoint = Endpoint::parse(&format!("ipc:///{}", "a".repeat(200))).unwrap();
        assert!(to_bind(endpoint.address()).is_err());
    }
}
