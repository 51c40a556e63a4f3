//! Keeps processes on one core, where none of them has to wake another core.

use std::{fs, io, mem};

/// A process on one core, until this is dropped.
pub struct OnOneCore {
    pid: u32,
    allowed: libc::cpu_set_t,
}

impl OnOneCore {
    /// Moves all threads of a process to the last of the cores that it may use. Threads
    /// that they start later stay there too.
    pub fn keep(pid: u32) -> io::Result<Self> {
        let allowed = affinity(thread_id(&pid.to_string())?)?;
        let size = usize::try_from(libc::CPU_SETSIZE).unwrap_or_default();
        let last = (0..size)
            .rev()
            // SAFETY: the set is a value, and the core is below its size.
            .find(|&core| unsafe { libc::CPU_ISSET(core, &allowed) })
            .ok_or_else(|| io::Error::other("a process without a core"))?;
        let mut one = no_cores();
        // SAFETY: the set is a value, and the core is below its size.
        unsafe { libc::CPU_SET(last, &mut one) };
        move_threads(pid, &one)?;
        Ok(Self { pid, allowed })
    }
}

impl Drop for OnOneCore {
    fn drop(&mut self) {
        // It fails only when the process has ended.
        let _ = move_threads(self.pid, &self.allowed);
    }
}

fn move_threads(pid: u32, cores: &libc::cpu_set_t) -> io::Result<()> {
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        let thread = thread_id(&thread?.file_name().to_string_lossy())?;
        // SAFETY: the kernel reads one set of the given size during the call.
        let result =
            unsafe { libc::sched_setaffinity(thread, mem::size_of::<libc::cpu_set_t>(), cores) };
        let error = io::Error::last_os_error();
        // The thread may have ended since it was listed.
        if result != 0 && error.raw_os_error() != Some(libc::ESRCH) {
            return Err(error);
        }
    }
    Ok(())
}

fn affinity(thread: libc::pid_t) -> io::Result<libc::cpu_set_t> {
    let mut cores = no_cores();
    // SAFETY: the kernel writes one set of the given size during the call.
    let result = unsafe {
        libc::sched_getaffinity(thread, mem::size_of::<libc::cpu_set_t>(), &raw mut cores)
    };
    if result == 0 {
        Ok(cores)
    } else {
        Err(io::Error::last_os_error())
    }
}

fn no_cores() -> libc::cpu_set_t {
    // SAFETY: the set is plain integers, so all zeroes is a value: the empty set.
    unsafe { mem::zeroed() }
}

fn thread_id(text: &str) -> io::Result<libc::pid_t> {
    text.parse().map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::child_process::{ChildProcess, Program};

    static SLEEPER: Program = Program {
        command: &["sleep", "60"],
        environment: &[],
    };

    fn cores(pid: u32) -> i32 {
        let thread = thread_id(&pid.to_string()).expect("a number");
        let cores = affinity(thread).expect("it lives");
        // SAFETY: the set is a value.
        unsafe { libc::CPU_COUNT(&cores) }
    }

    #[test]
    fn a_process_has_one_core_for_a_time_and_all_of_them_again() {
        let process = ChildProcess::start(&SLEEPER, &[]).expect("it starts");
        let before = cores(process.pid());
        let kept = OnOneCore::keep(process.pid()).expect("it lives");
        assert_eq!(cores(process.pid()), 1);
        drop(kept);
        assert_eq!(cores(process.pid()), before);
    }

    #[test]
    fn a_process_that_has_ended_is_an_error() {
        let process = ChildProcess::start(&SLEEPER, &[]).expect("it starts");
        let pid = process.pid();
        drop(process);
        assert!(OnOneCore::keep(pid).is_err());
    }
}
