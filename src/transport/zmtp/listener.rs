//! A bound endpoint.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use socket2::{Domain, SockAddr, Type};

use super::address;
use super::socket::Socket;
use crate::transport::endpoint::Address;
use crate::transport::{Endpoint, Error, Options};

/// Accepts connections at one endpoint.
#[derive(Debug)]
pub struct Listener {
    /// None while it is closed.
    pub socket: Option<Socket>,
    /// The endpoint that is really bound.
    pub endpoint: String,
    /// Connections may wait to be accepted.
    pub pending: bool,
    /// The socket's file, which goes with it.
    file: Option<File>,
    /// The folder of a socket with a made-up path.
    folder: Option<PathBuf>,
}

/// A socket's file, told apart from one that another process has put in its
/// place meanwhile.
#[derive(Debug)]
struct File {
    path: PathBuf,
    identity: (u64, u64),
}

impl Listener {
    /// Binds and listens.
    pub fn bind(endpoint: &Endpoint, options: &Options) -> Result<Self, Error> {
        let failed = |error: &io::Error| Error::Unreachable {
            operation: "bind",
            endpoint: endpoint.to_string(),
            reason: reason(error),
        };
        if matches!(endpoint.address(), Address::Ipc { path } if path == "*") {
            return Self::bind_anywhere(options).map_err(|error| failed(&error));
        }
        if endpoint.is_taken_by_a_file() {
            return Err(Error::not_a_socket(endpoint));
        }
        let addresses = address::to_bind(endpoint.address()).map_err(|error| failed(&error))?;
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for address in &addresses {
            match listen(address, options) {
                Ok(socket) => return Self::new(socket).map_err(|error| failed(&error)),
                Err(error) => last = error,
            }
        }
        Err(failed(&last))
    }

    /// Binds a unix socket in a folder of its own.
    fn bind_anywhere(options: &Options) -> io::Result<Self> {
        let folder = make_folder()?;
        let listener = SockAddr::unix(folder.join("socket"))
            .and_then(|address| listen(&address, options))
            .and_then(Self::new);
        match listener {
            Ok(mut listener) => {
                listener.folder = Some(folder);
                Ok(listener)
            }
            Err(error) => {
                let _ = std::fs::remove_dir(&folder);
                Err(error)
            }
        }
    }

    fn new(socket: Socket) -> io::Result<Self> {
        let bound = socket.local_addr()?;
        let mut file = None;
        let endpoint = if let Some(address) = bound.as_socket() {
            format!("tcp://{address}")
        } else if let Some(path) = bound.as_pathname() {
            file = File::at(path).ok();
            format!("ipc://{}", path.display())
        } else {
            let name = bound.as_abstract_namespace().unwrap_or_default();
            format!("ipc://@{}", String::from_utf8_lossy(name))
        };
        Ok(Self {
            socket: Some(socket),
            endpoint,
            pending: false,
            file,
            folder: None,
        })
    }

    /// Gives the endpoint up, to be had by others.
    pub fn close(&mut self) {
        self.socket = None;
        self.pending = false;
        if let Some(file) = self.file.take() {
            file.remove();
        }
    }

    /// Takes the endpoint again.
    pub fn reopen(&mut self, options: &Options) -> Result<(), Error> {
        if self.socket.is_none() {
            let mut again = Self::bind(&Endpoint::parse(&self.endpoint)?, options)?;
            self.socket = again.socket.take();
            self.file = again.file.take();
        }
        Ok(())
    }
}

impl File {
    fn at(path: &Path) -> io::Result<Self> {
        let metadata = std::fs::symlink_metadata(path)?;
        Ok(Self {
            path: path.to_path_buf(),
            identity: (metadata.dev(), metadata.ino()),
        })
    }

    fn remove(&self) {
        if Self::at(&self.path).is_ok_and(|now| now.identity == self.identity) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.close();
        if let Some(folder) = &self.folder {
            let _ = std::fs::remove_dir(folder);
        }
    }
}

/// Makes a folder that only this user may look into.
fn make_folder() -> io::Result<PathBuf> {
    /// Names may be taken by processes that were killed and had this number.
    const TRIES: u32 = 1000;
    let base = std::env::temp_dir();
    let process = std::process::id();
    let mut taken = io::Error::from(io::ErrorKind::AlreadyExists);
    for number in 0..TRIES {
        let folder = base.join(format!("zroute-{process}-{number}"));
        match DirBuilder::new().mode(0o700).create(&folder) {
            Ok(()) => return Ok(folder),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => taken = error,
            Err(error) => return Err(error),
        }
    }
    Err(taken)
}

fn listen(address: &SockAddr, options: &Options) -> io::Result<Socket> {
    let socket = socket2::Socket::new(address.domain(), Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    if address.domain() != Domain::UNIX {
        socket.set_reuse_address(true)?;
    }
    if address.domain() == Domain::IPV6 {
        // `tcp://[::]` means IPv4 too, as with libzmq.
        socket.set_only_v6(false)?;
    }
    match socket.bind(address) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse && is_left_over(address) => {
            if let Some(path) = address.as_pathname() {
                std::fs::remove_file(path)?;
            }
            socket.bind(address)?;
        }
        bound => bound?,
    }
    socket.listen(i32::try_from(options.backlog).unwrap_or(i32::MAX))?;
    Ok(socket.into())
}

/// Whether a unix socket's file was left by a process that is gone.
fn is_left_over(address: &SockAddr) -> bool {
    if address.as_pathname().is_none() {
        return false;
    }
    socket2::Socket::new(Domain::UNIX, Type::STREAM, None)
        .and_then(|probe| {
            probe.set_nonblocking(true)?;
            probe.connect(address)
        })
        .is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

/// The system's words, without its number.
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.split_once(" (os error") {
        Some((words, _)) => words.to_string(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bind(endpoint: &str) -> Result<Listener, Error> {
        Listener::bind(&Endpoint::parse(endpoint).unwrap(), &Options::default())
    }

    #[test]
    fn the_endpoint_tells_what_is_really_bound() {
        let bound = bind("tcp://127.0.0.1:*").unwrap().endpoint.clone();
        assert!(bound.starts_with("tcp://127.0.0.1:"));
        assert!(!bound.ends_with(":0"));
        let everywhere = bind("tcp://*:*").unwrap().endpoint.clone();
        assert!(everywhere.starts_with("tcp://0.0.0.0:"));
        let unix = bind("ipc://*").unwrap();
        let path = PathBuf::from(unix.endpoint.strip_prefix("ipc://").unwrap());
        assert!(path.exists());
        drop(unix);
        assert!(!path.exists());
        assert!(!path.parent().unwrap().exists());
    }

    #[test]
    fn an_endpoint_in_use_is_refused_and_one_left_over_is_taken() {
        let first = bind("ipc://*").unwrap();
        let error = bind(&first.endpoint).unwrap_err().to_string();
        assert!(error.contains("in use"), "{error}");
        // As a process that was killed leaves it.
        first
            .socket
            .as_ref()
            .unwrap()
            .shutdown(std::net::Shutdown::Both)
            .unwrap();
        let path = first.endpoint.replace("ipc://", "");
        let path = Path::new(&path);
        let second = bind(&first.endpoint).unwrap();
        drop(first);
        assert!(path.exists(), "it is the second one's file");
        drop(second);
        assert!(!path.exists());
    }

    #[test]
    fn a_file_that_is_no_socket_is_left_alone() {
        let path = std::env::temp_dir().join(format!("zroute-file-{}", std::process::id()));
        std::fs::write(&path, "precious").unwrap();
        let error = bind(&format!("ipc://{}", path.display())).unwrap_err();
        assert!(error.to_string().contains("no socket"), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), b"precious");
        std::fs::remove_file(&path).unwrap();
    }

    #[test]
    fn tcp_ports_in_use_are_refused() {
        let first = bind("tcp://127.0.0.1:*").unwrap();
        assert!(bind(&first.endpoint).is_err());
    }
}
