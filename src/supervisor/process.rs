//! A PHP process: how it is started, what it prints, how it ended.

use std::io::{self, Read};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};

/// A line that is longer is cut into several.
const LONGEST_LINE: usize = 2000;
/// What is read of a process's output at a time, and what of one that has
/// ended: as much as a pipe holds.
const SIP: usize = 16 << 10;
const LAST_SIP: usize = 128 << 10;
/// What PHP says at the end of its memory.
const OUT_OF_MEMORY: &str = "Allowed memory size of";

/// One process.
pub struct Process {
    child: Child,
    descriptor: OwnedFd,
    outputs: [Lines; 2],
    has_more: bool,
    last_words: String,
    out_of_memory: bool,
}

impl Process {
    /// Starts it in a process group of its own, with the descriptor limit that
    /// this program was started with. It is killed when its starter ends.
    pub fn start(mut command: Command, descriptors: libc::rlimit) -> io::Result<Self> {
        let parent = std::process::id();
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0);
        // SAFETY: between fork and exec it makes system calls alone, all of
        // which are safe there.
        unsafe {
            command.pre_exec(move || {
                let killed = libc::c_ulong::try_from(libc::SIGKILL).unwrap_or_default();
                if libc::prctl(libc::PR_SET_PDEATHSIG, killed) != 0 {
                    return Err(io::Error::last_os_error());
                }
                // It may have ended before it could be told of.
                if libc::getppid().cast_unsigned() != parent {
                    return Err(io::ErrorKind::NotFound.into());
                }
                let mut none = std::mem::zeroed::<libc::sigset_t>();
                libc::sigemptyset(&raw mut none);
                libc::sigprocmask(libc::SIG_SETMASK, &raw const none, std::ptr::null_mut());
                libc::setrlimit(libc::RLIMIT_NOFILE, &raw const descriptors);
                Ok(())
            });
        }
        let mut child = command.spawn()?;
        let watched = watch(&child).and_then(|descriptor| {
            let outputs = [
                Lines::new(child.stdout.take().map(OwnedFd::from))?,
                Lines::new(child.stderr.take().map(OwnedFd::from))?,
            ];
            Ok((descriptor, outputs))
        });
        let (descriptor, outputs) = match watched {
            Ok(watched) => watched,
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                return Err(error);
            }
        };
        Ok(Self {
            child,
            descriptor,
            outputs,
            has_more: false,
            last_words: String::new(),
            out_of_memory: false,
        })
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// What is readable once when it ends, and whenever it prints.
    pub fn descriptors(&self) -> [Option<RawFd>; 3] {
        let [out, err] = &self.outputs;
        [
            Some(self.descriptor.as_raw_fd()),
            out.descriptor(),
            err.descriptor(),
        ]
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    /// Asks it to end.
    pub fn terminate(&self) {
        self.signal(i32::try_from(self.pid()).unwrap_or(0), libc::SIGTERM);
    }

    /// Ends it, and what it has started.
    pub fn kill(&self) {
        let pid = i32::try_from(self.pid()).unwrap_or(0);
        self.signal(-pid, libc::SIGKILL);
        self.signal(pid, libc::SIGKILL);
    }

    #[allow(clippy::unused_self)]
    fn signal(&self, pid: i32, signal: i32) {
        if pid != 0 {
            // SAFETY: the call takes numbers alone. The process is this one's
            // child and was not waited for, so nobody else has its number.
            unsafe { libc::kill(pid, signal) };
        }
    }

    /// Waits until it has ended.
    pub fn wait(&mut self) {
        let _ = self.child.wait();
    }

    /// Hands over lines that it has printed. It may print faster than they can be
    /// taken, so there may be more: see [`Self::has_more`].
    pub fn read_output(&mut self, line: impl FnMut(&str)) {
        self.read(SIP, line);
    }

    /// Hands over what it has printed before its end. What its children print
    /// after it is not waited for.
    pub fn read_last_output(&mut self, line: impl FnMut(&str)) {
        self.read(LAST_SIP, line);
    }

    fn read(&mut self, most: usize, mut line: impl FnMut(&str)) {
        self.has_more = false;
        for output in &mut self.outputs {
            let found = &mut self.out_of_memory;
            let last = &mut self.last_words;
            self.has_more |= output.read(most, |text| {
                *found |= text.contains(OUT_OF_MEMORY);
                text.clone_into(last);
                line(text);
            });
        }
    }

    /// Whether there is output that was not read, and of which no event tells.
    pub fn has_more(&self) -> bool {
        self.has_more
    }

    /// The last line that it has printed, or nothing.
    pub fn last_words(&self) -> &str {
        &self.last_words
    }

    /// How it ended, in words.
    pub fn describe(&self, status: ExitStatus) -> String {
        match (status.code(), status.signal()) {
            _ if self.out_of_memory => "memory limit of PHP".to_string(),
            (Some(code), _) => format!("exit code {code}"),
            (None, Some(libc::SIGSEGV)) => {
                "signal 11 (segmentation fault, perhaps an endless recursion)".to_string()
            }
            (None, Some(libc::SIGKILL)) => "signal 9 (killed)".to_string(),
            (None, signal) => format!("signal {}", signal.unwrap_or(0)),
        }
    }

    pub fn is_out_of_memory(&self) -> bool {
        self.out_of_memory
    }

    /// Its resident memory in bytes.
    pub fn memory(&self) -> Option<u64> {
        let text = std::fs::read_to_string(format!("/proc/{}/statm", self.pid())).ok()?;
        let pages: u64 = text.split(' ').nth(1)?.parse().ok()?;
        // SAFETY: the call takes a number alone.
        let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
        Some(pages * u64::try_from(page).unwrap_or(4096))
    }
}

fn watch(child: &Child) -> io::Result<OwnedFd> {
    // SAFETY: the call takes numbers alone.
    let descriptor = unsafe { libc::syscall(libc::SYS_pidfd_open, child.id(), 0) };
    if descriptor < 0 {
        return Err(io::Error::last_os_error());
    }
    let descriptor = RawFd::try_from(descriptor).map_err(|_| io::ErrorKind::InvalidData)?;
    // SAFETY: just made, and nobody else's.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}

/// A pipe, cut into lines.
struct Lines {
    pipe: Option<std::fs::File>,
    begun: Vec<u8>,
}

impl Lines {
    fn new(pipe: Option<OwnedFd>) -> io::Result<Self> {
        if let Some(pipe) = &pipe {
            // SAFETY: a descriptor that is open.
            let set = unsafe { libc::fcntl(pipe.as_raw_fd(), libc::F_SETFL, libc::O_NONBLOCK) };
            if set < 0 {
                return Err(io::Error::last_os_error());
            }
        }
        Ok(Self {
            pipe: pipe.map(std::fs::File::from),
            begun: Vec::new(),
        })
    }

    fn descriptor(&self) -> Option<RawFd> {
        self.pipe.as_ref().map(AsRawFd::as_raw_fd)
    }

    /// Reads until nothing is left, or so many bytes. True when there may be more.
    fn read(&mut self, most: usize, mut line: impl FnMut(&str)) -> bool {
        let mut chunk = [0; 4096];
        let mut taken = 0;
        while let Some(pipe) = &mut self.pipe {
            if taken >= most {
                return true;
            }
            match pipe.read(&mut chunk) {
                Ok(0) => self.pipe = None,
                Ok(count) => {
                    taken += count;
                    self.begun
                        .extend_from_slice(chunk.get(..count).unwrap_or_default());
                    self.cut(&mut line);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
                Err(_) => self.pipe = None,
            }
        }
        if !self.begun.is_empty() {
            line(&String::from_utf8_lossy(&std::mem::take(&mut self.begun)));
        }
        false
    }

    fn cut(&mut self, line: &mut impl FnMut(&str)) {
        let mut rest = self.begun.as_slice();
        while !rest.is_empty() {
            let end = rest.iter().position(|byte| *byte == b'\n');
            let (text, after) = match end {
                Some(end) if end <= LONGEST_LINE => {
                    let (text, after) = rest.split_at(end);
                    (text, after.get(1..).unwrap_or_default())
                }
                _ if rest.len() > LONGEST_LINE => rest.split_at(LONGEST_LINE),
                _ => break,
            };
            if !text.is_empty() {
                line(&String::from_utf8_lossy(text));
            }
            rest = after;
        }
        let left = rest.len();
        self.begun.drain(..self.begun.len() - left);
    }
}
