//! Handles that can be stale, foreign or freed twice, safely.
//!
//! A handle looks like a pointer and is none: its 64 bits name a slot in a
//! table, how often that slot was used, and a type. A slot is never unmapped,
//! so any bits at all can be looked up. No lock is involved, so a handle can
//! be made and freed in the child of a threaded process.

// Words are taken apart into their bits here.
#![allow(clippy::cast_possible_truncation)]

use std::cell::UnsafeCell;
use std::ffi::c_void;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};

use super::gate::Failure;
use super::status::Status;
use crate::transport::{Stop, fork};

/// A type that handles can name.
pub trait Object: Send {
    /// Its number, different for each type.
    const KIND: u8;
    /// What it is called in errors.
    const NAME: &'static str;
}

// A handle's bits, from the top: 32 of generation, 20 of index, 8 of type,
// 4 that are always the same.
const _: () = assert!(size_of::<usize>() == 8, "handles need 64-bit pointers");
const MARK: u64 = 0b1010;
const KIND_SHIFT: u32 = 4;
const INDEX_SHIFT: u32 = 12;
const GENERATION_SHIFT: u32 = 32;
const CHUNK: usize = 256;
const CHUNKS: usize = (1 << (GENERATION_SHIFT - INDEX_SHIFT)) / CHUNK;

// A slot's state: its generation in the upper half, then the type, then these.
const LIVE: u64 = 1;
const BUSY: u64 = 2;
const STATE_KIND_SHIFT: u32 = 8;

struct Slot {
    state: AtomicU64,
    /// The process in which the object was made, by `fork::generation`.
    process: AtomicU32,
    /// One more than the index of the next free slot; 0 ends the list.
    next_free: AtomicU32,
    /// The thread that runs the object's loop, 0 for none.
    runner: AtomicUsize,
    /// The object is its user's alone, who may be in there at any time.
    left_alone: AtomicBool,
    stop_bell: AtomicUsize,
    stop_ticket: AtomicU64,
    /// A boxed object of the state's type while LIVE.
    object: UnsafeCell<*mut c_void>,
}

// SAFETY: `object` is only touched by whoever set BUSY in `state`, or has just
// taken the slot from the free list.
unsafe impl Sync for Slot {}

static TABLE: [AtomicPtr<[Slot; CHUNK]>; CHUNKS] =
    [const { AtomicPtr::new(std::ptr::null_mut()) }; CHUNKS];
/// Slots that were ever used.
static USED: AtomicU32 = AtomicU32::new(0);
/// The list of free slots: in the lower half one more than the first index, in
/// the upper a count that tells two equal heads apart.
static FREE: AtomicU64 = AtomicU64::new(0);

impl Slot {
    const fn new() -> Self {
        Self {
            state: AtomicU64::new(1 << GENERATION_SHIFT),
            process: AtomicU32::new(0),
            next_free: AtomicU32::new(0),
            runner: AtomicUsize::new(0),
            left_alone: AtomicBool::new(false),
            stop_bell: AtomicUsize::new(0),
            stop_ticket: AtomicU64::new(0),
            object: UnsafeCell::new(std::ptr::null_mut()),
        }
    }
}

#[inline]
fn slot(index: u32) -> Option<&'static Slot> {
    let chunk = TABLE.get(index as usize / CHUNK)?.load(Ordering::Acquire);
    if chunk.is_null() {
        return None;
    }
    // SAFETY: a chunk is leaked when it is made, so a pointer in the table
    // stays good for ever.
    unsafe { &*chunk }.get(index as usize % CHUNK)
}

fn take_free() -> Result<(u32, &'static Slot), Failure> {
    let mut head = FREE.load(Ordering::Acquire);
    while let Some(index) = ((head & u64::from(u32::MAX)) as u32).checked_sub(1) {
        let Some(free) = slot(index) else { break };
        let next = u64::from(free.next_free.load(Ordering::Relaxed));
        let changes = (head >> 32).wrapping_add(1) << 32;
        match FREE.compare_exchange_weak(head, changes | next, Ordering::AcqRel, Ordering::Acquire)
        {
            Ok(_) => return Ok((index, free)),
            Err(now) => head = now,
        }
    }
    let too_many = || Failure::new(Status::ZROUTE_TOO_MANY_HANDLES, "too many handles are open");
    let index = USED
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |used| {
            ((used as usize) < CHUNK * CHUNKS).then_some(used + 1)
        })
        .map_err(|_| too_many())?;
    let place = TABLE.get(index as usize / CHUNK).ok_or_else(too_many)?;
    if place.load(Ordering::Acquire).is_null() {
        let fresh = Box::into_raw(Box::new([const { Slot::new() }; CHUNK]));
        let null = std::ptr::null_mut();
        if place
            .compare_exchange(null, fresh, Ordering::AcqRel, Ordering::Acquire)
            .is_err()
        {
            // SAFETY: another thread was quicker, so nobody has seen this one.
            drop(unsafe { Box::from_raw(fresh) });
        }
    }
    slot(index).map(|slot| (index, slot)).ok_or_else(too_many)
}

fn give_back(index: u32, free: &Slot) {
    let mut head = FREE.load(Ordering::Acquire);
    loop {
        free.next_free.store(head as u32, Ordering::Relaxed);
        let changes = (head >> 32).wrapping_add(1) << 32;
        let new = changes | u64::from(index + 1);
        match FREE.compare_exchange_weak(head, new, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => return,
            Err(now) => head = now,
        }
    }
}

/// A handle, taken apart and looked up.
struct Found {
    index: u32,
    slot: &'static Slot,
    /// The state that the slot has when the handle is good and nobody is in.
    idle: u64,
}

/// Allocates nothing, so that [`stop`] may use it.
#[inline]
fn look_up<T: Object>(handle: *const c_void) -> Result<Found, &'static str> {
    let bits = handle.addr() as u64;
    if bits == 0 {
        return Err("NULL");
    }
    let kind = (bits >> KIND_SHIFT) as u8;
    let index = (bits >> INDEX_SHIFT) as u32 & ((1 << (GENERATION_SHIFT - INDEX_SHIFT)) - 1);
    let generation = bits >> GENERATION_SHIFT;
    let slot = slot(index).filter(|_| bits & 0xf == MARK && generation != 0);
    let slot = slot.ok_or("something that never was a handle")?;
    if kind != T::KIND {
        return Err("a handle of another type");
    }
    let idle = generation << GENERATION_SHIFT | u64::from(kind) << STATE_KIND_SHIFT | LIVE;
    if slot.state.load(Ordering::Acquire) & !BUSY != idle {
        return Err("one that was freed");
    }
    Ok(Found { index, slot, idle })
}

fn find<T: Object>(handle: *const c_void) -> Result<Found, Failure> {
    look_up::<T>(handle).map_err(|got| {
        Failure::new(
            Status::ZROUTE_BAD_HANDLE,
            format!("expected a handle of a {}, got {got}", T::NAME),
        )
    })
}

fn handle(index: u32, generation: u64, kind: u8) -> *mut c_void {
    let bits = generation << GENERATION_SHIFT
        | u64::from(index) << INDEX_SHIFT
        | u64::from(kind) << KIND_SHIFT
        | MARK;
    std::ptr::without_provenance_mut(bits as usize)
}

/// Puts an object under a new handle.
pub fn insert<T: Object>(object: T) -> Result<*mut c_void, Failure> {
    fork::watch();
    let (index, slot) = take_free()?;
    let generation = slot.state.load(Ordering::Acquire) >> GENERATION_SHIFT;
    slot.process.store(fork::generation(), Ordering::Relaxed);
    slot.runner.store(0, Ordering::Relaxed);
    slot.left_alone.store(false, Ordering::Relaxed);
    slot.stop_bell.store(0, Ordering::Relaxed);
    // SAFETY: the slot came off the free list, so it is nobody else's.
    unsafe { *slot.object.get() = Box::into_raw(Box::new(object)).cast() };
    let kind = u64::from(T::KIND) << STATE_KIND_SHIFT;
    slot.state.store(
        generation << GENERATION_SHIFT | kind | LIVE,
        Ordering::Release,
    );
    Ok(handle(index, generation, T::KIND))
}

/// The only one inside an object, until it is dropped.
pub struct Entered<T: Object> {
    found: Found,
    object: PhantomData<*mut T>,
}

/// Enters an object. Another thread inside it, or running its loop, is told
/// apart from a handle that names nothing.
///
/// It is in every function of the ABI, some of which cost little more.
#[allow(clippy::inline_always)]
#[inline(always)]
pub fn enter<T: Object>(handle: *const c_void) -> Result<Entered<T>, Failure> {
    if let Ok(found) = look_up::<T>(handle)
        && found.slot.process.load(Ordering::Relaxed) == fork::generation()
        && claim(&found)
    {
        return Ok(Entered {
            found,
            object: PhantomData,
        });
    }
    Err(refusal::<T>(handle))
}

/// Enters an object in which every call is short, so that several threads may
/// use it at once: waits for the others.
#[inline]
pub fn enter_shared<T: Object>(handle: *const c_void) -> Result<Entered<T>, Failure> {
    match enter::<T>(handle) {
        Err(failure) if failure.status == Status::ZROUTE_BUSY => enter_after_others(handle),
        other => other,
    }
}

#[cold]
fn enter_after_others<T: Object>(handle: *const c_void) -> Result<Entered<T>, Failure> {
    const PATIENCE: u32 = 100_000;
    for _ in 0..PATIENCE {
        match enter::<T>(handle) {
            Err(failure) if failure.status == Status::ZROUTE_BUSY => std::thread::yield_now(),
            other => return other,
        }
    }
    enter::<T>(handle)
}

/// Why an object could not be entered.
#[cold]
fn refusal<T: Object>(handle: *const c_void) -> Failure {
    let found = match find::<T>(handle) {
        Ok(found) => found,
        Err(failure) => return failure,
    };
    if found.slot.process.load(Ordering::Relaxed) != fork::generation() {
        return Failure::new(
            Status::ZROUTE_FORKED,
            format!(
                "this {} belongs to the process that forked this one; make a new one here",
                T::NAME
            ),
        );
    }
    // Really in use, at least just now.
    Failure::new(
        Status::ZROUTE_BUSY,
        format!("another thread is inside this {}", T::NAME),
    )
}

/// Sets BUSY, unless another thread has it or runs the object's loop.
#[inline]
fn claim(found: &Found) -> bool {
    let runner = found.slot.runner.load(Ordering::Relaxed);
    if runner != 0 && runner != this_thread() {
        return false;
    }
    set_busy(found, runner) || runner != 0 && claim_again(found, runner)
}

/// Only the thread that runs an object's loop can meet another one in there that
/// has just looked in, and leaves at once.
#[cold]
fn claim_again(found: &Found, runner: usize) -> bool {
    // Far more often than another thread needs to leave. A signal handler that
    // meets its own thread in here must not wait for ever.
    const PATIENCE: u32 = 100_000;
    for _ in 0..PATIENCE {
        if found.slot.state.load(Ordering::Relaxed) & !BUSY != found.idle {
            return false;
        }
        std::thread::yield_now();
        if set_busy(found, runner) {
            return true;
        }
    }
    false
}

#[inline]
fn set_busy(found: &Found, runner: usize) -> bool {
    let Found { slot, idle, .. } = *found;
    let set = slot
        .state
        .compare_exchange(idle, idle | BUSY, Ordering::AcqRel, Ordering::Acquire);
    if set.is_err() {
        return false;
    }
    // A run may have begun since the look at its mark.
    if slot.runner.load(Ordering::Relaxed) == runner {
        return true;
    }
    slot.state.store(idle, Ordering::Release);
    false
}

impl<T: Object> Entered<T> {
    /// Makes the object's stop known to [`stop`].
    pub fn set_stop(&self, stop: Stop) {
        let (bell, ticket) = stop.into_words();
        self.found.slot.stop_ticket.store(ticket, Ordering::Relaxed);
        self.found.slot.stop_bell.store(bell, Ordering::Release);
    }

    /// From now on the object is its user's alone: see [`enter_unless_left_alone`].
    pub fn leave_alone(&self) {
        self.found.slot.left_alone.store(true, Ordering::Relaxed);
    }

    /// Marks this thread as the one that runs the object's loop; returns the
    /// mark that was there.
    pub fn begin_run(&self) -> usize {
        self.found
            .slot
            .runner
            .swap(this_thread(), Ordering::Relaxed)
    }

    /// Puts the mark back that [`Entered::begin_run`] returned.
    pub fn end_run(&self, before: usize) {
        self.found.slot.runner.store(before, Ordering::Relaxed);
    }

    /// Gives the object a new handle, which nobody knows yet, and keeps it for
    /// its owner; the handle before is stale from now on.
    pub fn reserve(self) -> Reserved<T> {
        let mut reserved = Reserved(std::mem::ManuallyDrop::new(self));
        let found = &mut reserved.0.found;
        let generation = next_generation(found.idle >> GENERATION_SHIFT);
        found.idle = found.idle & u64::from(u32::MAX) | generation << GENERATION_SHIFT;
        found.slot.left_alone.store(false, Ordering::Relaxed);
        found.slot.state.store(found.idle | BUSY, Ordering::Release);
        reserved
    }

    /// Takes the object out; its handle is stale from now on.
    pub fn remove(self) -> T {
        let entered = std::mem::ManuallyDrop::new(self);
        let slot = entered.found.slot;
        // SAFETY: we are the only one inside, the state says that a boxed T is
        // here, and nobody can enter any more once the state is changed.
        let object = unsafe { *Box::from_raw((*slot.object.get()).cast::<T>()) };
        let generation = next_generation(entered.found.idle >> GENERATION_SHIFT);
        slot.state
            .store(generation << GENERATION_SHIFT, Ordering::Release);
        give_back(entered.found.index, slot);
        object
    }
}

/// An object that is kept out of everybody's reach, to be used again.
pub struct Reserved<T: Object>(std::mem::ManuallyDrop<Entered<T>>);

// SAFETY: it is the one way to its object, and that may change threads.
unsafe impl<T: Object> Send for Reserved<T> {}

impl<T: Object> Reserved<T> {
    /// The object and its handle, which is good once the object is left.
    pub fn enter(self) -> (*mut c_void, Entered<T>) {
        let entered = std::mem::ManuallyDrop::into_inner(self.0);
        let Found { index, idle, .. } = entered.found;
        (handle(index, idle >> GENERATION_SHIFT, T::KIND), entered)
    }

    /// Takes the object out.
    pub fn remove(self) -> T {
        self.enter().1.remove()
    }
}

fn next_generation(generation: u64) -> u64 {
    let next = (generation + 1) & u64::from(u32::MAX);
    next.max(1)
}

impl<T: Object> Deref for Entered<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: BUSY is ours, so nobody else has a reference, and the state
        // says that a boxed T is here.
        unsafe { &*(*self.found.slot.object.get()).cast() }
    }
}

impl<T: Object> DerefMut for Entered<T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: as above.
        unsafe { &mut *(*self.found.slot.object.get()).cast() }
    }
}

impl<T: Object> Drop for Entered<T> {
    #[inline]
    fn drop(&mut self) {
        self.found
            .slot
            .state
            .store(self.found.idle, Ordering::Release);
    }
}

/// Frees an object: NULL is fine, and one from before a fork is left alone,
/// because taking it apart here would harm the process that owns it.
pub fn free<T: Object>(handle: *mut c_void) -> Result<Option<T>, Failure> {
    if handle.is_null() {
        return Ok(None);
    }
    enter::<T>(handle).map(|entered| Some(entered.remove()))
}

/// Enters an object unless it was given over to its user with [`Entered::leave_alone`], who
/// is then in nobody's way, and may have ended it. To be asked by the thread on which that was
/// done, or that has heard of it.
#[inline]
pub fn enter_unless_left_alone<T: Object>(
    handle: *const c_void,
) -> Result<Option<Entered<T>>, Failure> {
    let Ok(found) = look_up::<T>(handle) else {
        return Ok(None);
    };
    if found.slot.left_alone.load(Ordering::Relaxed) {
        return Ok(None);
    }
    if found.slot.process.load(Ordering::Relaxed) == fork::generation() && claim(&found) {
        return Ok(Some(Entered {
            found,
            object: PhantomData,
        }));
    }
    match enter_after_others::<T>(handle) {
        // The mark was that of another object: this one had just been ended.
        Err(failure) if failure.status == Status::ZROUTE_BAD_HANDLE => Ok(None),
        entered => entered.map(Some),
    }
}

/// Asks an object's loop to stop. Takes no lock and allocates nothing when it
/// succeeds, so it may be called in a signal handler and from any thread.
pub fn stop<T: Object>(handle: *const c_void) -> Result<(), Status> {
    let found = look_up::<T>(handle).map_err(|_| Status::ZROUTE_BAD_HANDLE)?;
    if found.slot.process.load(Ordering::Relaxed) != fork::generation() {
        return Err(Status::ZROUTE_FORKED);
    }
    let bell = found.slot.stop_bell.load(Ordering::Acquire);
    let ticket = found.slot.stop_ticket.load(Ordering::Relaxed);
    // The words belong together only if the slot is still the same object's.
    if bell == 0 || found.slot.state.load(Ordering::Acquire) & !BUSY != found.idle {
        return Err(Status::ZROUTE_BAD_HANDLE);
    }
    // SAFETY: both words were stored by `set_stop` for this object, as the
    // state has not changed since before they were read.
    unsafe { Stop::from_words(bell, ticket) }.request();
    Ok(())
}

/// A number that no other living thread has, and not 0.
fn this_thread() -> usize {
    // SAFETY: it has no conditions.
    (unsafe { libc::pthread_self() }) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Apple(u32);
    struct Pear;

    impl Object for Apple {
        const KIND: u8 = 201;
        const NAME: &'static str = "apple";
    }

    impl Object for Pear {
        const KIND: u8 = 202;
        const NAME: &'static str = "pear";
    }

    fn status<T: Object>(handle: *const c_void) -> Status {
        match enter::<T>(handle) {
            Ok(_) => Status::ZROUTE_OK,
            Err(failure) => failure.status,
        }
    }

    #[test]
    fn a_handle_leads_to_its_object() {
        let handle = insert(Apple(7)).unwrap();
        enter::<Apple>(handle).unwrap().0 += 1;
        assert_eq!(free::<Apple>(handle).unwrap().unwrap().0, 8);
    }

    #[test]
    fn stale_foreign_and_wrong_handles_are_told() {
        let apple = insert(Apple(1)).unwrap();
        let bad = Status::ZROUTE_BAD_HANDLE;
        assert_eq!(status::<Pear>(apple), bad);
        assert!(free::<Apple>(apple).is_ok());
        assert_eq!(status::<Apple>(apple), bad);
        assert_eq!(free::<Apple>(apple).err().unwrap().status, bad);
        assert_eq!(status::<Apple>(std::ptr::null()), bad);
        let local = 0_u64;
        assert_eq!(status::<Apple>((&raw const local).cast()), bad);
        for bits in [
            1_usize,
            MARK as usize,
            usize::MAX,
            1 << 63,
            apple.addr() ^ (1 << 20),
        ] {
            assert_eq!(status::<Apple>(std::ptr::without_provenance(bits)), bad);
        }
    }

    #[test]
    fn a_slot_used_again_does_not_answer_to_its_old_handle() {
        let mut old = Vec::new();
        for _ in 0..1000 {
            let handle = insert(Apple(1)).unwrap();
            assert!(!old.contains(&handle));
            assert!(free::<Apple>(handle).is_ok());
            old.push(handle);
        }
        assert!(
            old.iter()
                .all(|handle| status::<Apple>(*handle) == Status::ZROUTE_BAD_HANDLE)
        );
    }

    #[test]
    fn only_one_is_inside_at_a_time() {
        let handle = insert(Apple(1)).unwrap();
        let inside = enter::<Apple>(handle).unwrap();
        assert_eq!(status::<Apple>(handle), Status::ZROUTE_BUSY);
        drop(inside);
        assert_eq!(status::<Apple>(handle), Status::ZROUTE_OK);
    }

    #[test]
    fn an_object_that_is_left_alone_is_not_entered() {
        let handle = insert(Apple(1)).unwrap();
        let left_alone = |handle| matches!(enter_unless_left_alone::<Apple>(handle), Ok(None));
        assert!(!left_alone(handle));
        let inside = enter::<Apple>(handle).unwrap();
        inside.leave_alone();
        assert!(left_alone(handle));
        assert_eq!(inside.remove().0, 1);
        assert!(left_alone(handle), "it has ended");
        let again = insert(Apple(2)).unwrap();
        assert!(!left_alone(again));
        assert!(left_alone(handle), "the place is another's now");
        assert!(free::<Apple>(again).is_ok());
    }

    #[test]
    fn another_thread_does_not_get_into_a_loop() {
        let handle = insert(Apple(1)).unwrap();
        let before = enter::<Apple>(handle).unwrap().begin_run();
        let bits = handle.addr();
        let other = move || status::<Apple>(std::ptr::without_provenance(bits));
        assert_eq!(
            std::thread::spawn(other).join().unwrap(),
            Status::ZROUTE_BUSY
        );
        assert_eq!(status::<Apple>(handle), Status::ZROUTE_OK);
        enter::<Apple>(handle).unwrap().end_run(before);
        assert_eq!(std::thread::spawn(other).join().unwrap(), Status::ZROUTE_OK);
    }

    #[test]
    fn a_renewed_object_keeps_its_content_and_changes_its_handle() {
        let old = insert(Apple(5)).unwrap();
        let reserved = enter::<Apple>(old).unwrap().reserve();
        assert_eq!(status::<Apple>(old), Status::ZROUTE_BAD_HANDLE);
        let (new, entered) = reserved.enter();
        assert_eq!(status::<Apple>(new), Status::ZROUTE_BUSY);
        drop(entered);
        assert_eq!(status::<Apple>(old), Status::ZROUTE_BAD_HANDLE);
        assert_eq!(enter::<Apple>(new).unwrap().0, 5);
    }

    #[test]
    fn many_threads_make_and_free_handles() {
        let work = || {
            for number in 0..2000 {
                let handle = insert(Apple(number)).unwrap();
                let other = insert(Pear).unwrap();
                assert_eq!(enter::<Apple>(handle).unwrap().0, number);
                assert!(free::<Pear>(other).is_ok());
                assert!(free::<Apple>(handle).is_ok());
            }
        };
        let threads: Vec<_> = (0..8).map(|_| std::thread::spawn(work)).collect();
        for thread in threads {
            thread.join().unwrap();
        }
    }
}
