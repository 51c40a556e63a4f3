//! A real Consul: an agent in dev mode, on ports of its own.

use std::fs::{self, File};
use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long an agent may take to be ready.
const READY: Duration = Duration::from_secs(60);

/// An agent. It ends with this, or with the thread that started it.
pub struct Agent {
    folder: PathBuf,
    settings: String,
    process: Option<Child>,
    /// The port of its HTTP API, which stays the same when it is started again.
    pub port: u16,
    ports: [u16; 2],
}

impl Agent {
    /// Starts one and waits until it can be used.
    pub fn start() -> Self {
        Self::start_with("")
    }

    /// With settings of its own, in HCL.
    pub fn start_with(settings: &str) -> Self {
        for _ in 0..5 {
            let mut agent = Self::prepare(settings);
            if agent.start_again() {
                return agent;
            }
        }
        panic!("Consul did not start on five choices of ports");
    }

    fn prepare(settings: &str) -> Self {
        let number = free_port();
        let folder =
            std::env::temp_dir().join(format!("zroute-consul-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self {
            folder,
            settings: settings.to_string(),
            process: None,
            port: number,
            ports: [free_port(), free_port()],
        }
    }

    /// Starts it anew, and empty: dev mode keeps nothing. Returns false if it
    /// ended by itself, as it does when a port is taken.
    pub fn start_again(&mut self) -> bool {
        let program = std::env::var_os("ZROUTE_CONSUL")
            .expect("ZROUTE_CONSUL names no Consul; `make test-discovery` fetches one and sets it");
        let [gossip, raft] = self.ports;
        let ports = format!(
            "ports {{ http = {} https = -1 grpc = -1 dns = -1 serf_lan = {gossip} serf_wan = -1 \
             server = {raft} }}",
            self.port
        );
        let log = File::create(self.folder.join("log")).unwrap();
        // Should this process be killed, the agent is too.
        let process = Command::new("setpriv")
            .args(["--pdeathsig", "KILL"])
            .arg(program)
            .args([
                "agent",
                "-dev",
                "-bind",
                "127.0.0.1",
                "-client",
                "127.0.0.1",
            ])
            .args(["-node", "here", "-hcl", &ports, "-hcl", &self.settings])
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let process = self.process.insert(process);
        let until = Instant::now() + READY;
        while Instant::now() < until {
            if process.try_wait().unwrap().is_some() {
                self.process = None;
                return false;
            }
            if has_leader(self.port) {
                return true;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("Consul is not ready after {READY:?}: {}", self.log());
    }

    /// Kills it.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }

    /// Lets it hang, or go on.
    pub fn signal(&self, signal: i32) {
        let process = i32::try_from(self.process.as_ref().unwrap().id()).unwrap();
        // SAFETY: no pointers are passed, and the process has not been waited for.
        let sent = unsafe { libc::kill(process, signal) };
        assert_eq!(sent, 0);
        if signal == libc::SIGSTOP {
            // It goes to one thread; the others run on until that has had time.
            let mut status = 0;
            // SAFETY: the pointer is to an integer of this frame.
            let stopped = unsafe { libc::waitpid(process, &raw mut status, libc::WUNTRACED) };
            assert_eq!((stopped, libc::WIFSTOPPED(status)), (process, true));
        }
    }

    /// The URL of a service, or of the agent if there is no name.
    pub fn url(&self, rest: &str) -> String {
        format!("consul://127.0.0.1:{}/{rest}", self.port)
    }

    /// A folder that goes with the agent.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            let log = self.log();
            // Few: what has failed stands before them, and CI shows a page.
            let lines: Vec<_> = log.lines().rev().take(5).collect();
            for line in lines.iter().rev() {
                eprintln!("consul: {line}");
            }
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A port that is free for both TCP and UDP.
fn free_port() -> u16 {
    loop {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        if UdpSocket::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

fn has_leader(port: u16) -> bool {
    ureq::get(format!("http://127.0.0.1:{port}/v1/status/leader"))
        .config()
        .timeout_global(Some(Duration::from_secs(2)))
        .build()
        .call()
        .and_then(|mut answer| answer.body_mut().read_to_string())
        .is_ok_and(|leader| leader.len() > 2)
}
