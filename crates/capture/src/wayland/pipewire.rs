//! The desktop's pictures, as PipeWire brings them.
//!
//! One thread of libpipewire's own receives for all monitors; it sleeps until a picture comes.
//! What is shared with it is behind the [`Board`]'s locks; PipeWire's objects are touched on that thread, or under its
//! loop's lock.
#![expect(
    unsafe_code,
    reason = "libpipewire is a library of C; all that crosses is in this module and the two below"
)]

use std::ffi::{CStr, c_char, c_int, c_void};
use std::os::fd::{IntoRawFd as _, OwnedFd};
use std::ptr::{self, NonNull};
use std::sync::{Arc, Mutex, PoisonError};

pub(super) use self::buffer::Picture;
pub(super) use self::sys::StreamBuffer;
use self::sys::{Context, Core, CoreEvents, Hook, Library, Pod, Stream, StreamEvents, ThreadLoop};
use super::board::{Board, Loss};
use crate::CaptureError;
use crate::pixels::Layout;

mod buffer;
mod pod;
mod sys;

/// PipeWire's numbers for the orders of bytes that we take, the best first.
const LAYOUTS: &[(u32, Layout)] = &[
    (8, Layout::Bgr),
    (12, Layout::Bgr),
    (7, Layout::Rgb),
    (11, Layout::Rgb),
];

/// What session managers are told about our streams.
const PROPERTIES: &CStr = c"media.type=Video media.category=Capture media.role=Screen";

/// The pointer's usual and its largest side; a larger one is cut by the desktop.
const CURSOR_SIDES: (u32, u32) = (64, 384);

/// `EPIPE`: the other end of the connection is gone.
const BROKEN_PIPE: c_int = -32;

/// Whether there is a libpipewire on this machine.
pub(super) fn is_there() -> bool {
    Library::get().is_some()
}

/// A connection to PipeWire with a stream for every monitor.
///
/// The fields that PipeWire calls back with lie in boxes, which stay where they are until all is destroyed.
#[derive(Debug)]
pub(super) struct Remote {
    library: &'static Library,
    thread: NonNull<ThreadLoop>,
    context: *mut Context,
    core: *mut Core,
    line: *mut Line,
    taps: Vec<*mut Tap>,
    active: Mutex<Vec<bool>>,
}

// SAFETY: PipeWire's objects may be used by any thread that holds the loop's lock, which every method takes; `drop` has
// stopped the loop's own thread first.
unsafe impl Send for Remote {}
// SAFETY: as above.
unsafe impl Sync for Remote {}

/// What the connection's callback gets.
#[derive(Debug)]
struct Line {
    hook: Hook,
    board: Arc<Board>,
}

/// What a stream's callbacks get.
#[derive(Debug)]
struct Tap {
    library: &'static Library,
    hook: Hook,
    stream: *mut Stream,
    feed: usize,
    board: Arc<Board>,
    format: Mutex<Option<pod::Format>>,
}

/// Keeps the loop's thread out.
struct Locked<'a>(&'a Remote);

impl Drop for Locked<'_> {
    fn drop(&mut self) {
        // SAFETY: `lock` has taken it on this thread.
        unsafe { (self.0.library.pw_thread_loop_unlock)(self.0.thread.as_ptr()) };
    }
}

impl Remote {
    /// Connects over `socket`, and asks for the pictures of these nodes, one for each monitor of `board`.
    ///
    /// Nothing comes before [`watch`](Self::watch).
    pub(super) fn connect(
        socket: OwnedFd,
        nodes: &[u32],
        board: &Arc<Board>,
    ) -> Result<Self, CaptureError> {
        let library = Library::get().ok_or(CaptureError::NoPipeWire)?;
        // SAFETY: the name is a string of C, and no settings is allowed.
        let thread = unsafe { (library.pw_thread_loop_new)(c"pictures".as_ptr(), ptr::null()) };
        let mut remote = Self {
            library,
            thread: NonNull::new(thread).ok_or_else(|| failed("its thread cannot be made"))?,
            context: ptr::null_mut(),
            core: ptr::null_mut(),
            line: ptr::null_mut(),
            taps: Vec::new(),
            active: Mutex::new(vec![false; nodes.len()]),
        };
        // From here on `drop` tidies up whatever there is.
        // SAFETY: the loop is there; its thread does not run yet, so nobody else uses it.
        unsafe {
            let inner = (library.pw_thread_loop_get_loop)(thread);
            remote.context = (library.pw_context_new)(inner, ptr::null_mut(), 0);
            if remote.context.is_null() {
                return Err(failed("it has no configuration"));
            }
            // PipeWire closes the socket.
            let socket = socket.into_raw_fd();
            remote.core =
                (library.pw_context_connect_fd)(remote.context, socket, ptr::null_mut(), 0);
            if remote.core.is_null() {
                return Err(failed("it does not answer"));
            }
            let line = Box::into_raw(Box::new(Line {
                hook: Hook::new(),
                board: Arc::clone(board),
            }));
            remote.line = line;
            let hook = &raw mut (*line).hook;
            (library.pw_proxy_add_object_listener)(
                remote.core,
                hook,
                &raw const CORE_EVENTS,
                line.cast(),
            );
        }
        for (feed, node) in nodes.iter().enumerate() {
            remote.tap(feed, *node, board)?;
        }
        // SAFETY: the loop is there, and is started once.
        if unsafe { (library.pw_thread_loop_start)(thread) } < 0 {
            return Err(failed("its thread cannot be started"));
        }
        Ok(remote)
    }

    /// Adds the stream of one monitor; the loop's thread does not run yet.
    fn tap(&mut self, feed: usize, node: u32, board: &Arc<Board>) -> Result<(), CaptureError> {
        let library = self.library;
        let offer = pod::formats(LAYOUTS);
        let flags = sys::FLAG_AUTOCONNECT
            | sys::FLAG_INACTIVE
            | sys::FLAG_MAP_BUFFERS
            | sys::FLAG_DONT_RECONNECT;
        // SAFETY: the connection is there; the stream takes the properties; the box of the callbacks stays where it is
        // until `drop` has destroyed the stream.
        let result = unsafe {
            let properties = (library.pw_properties_new_string)(PROPERTIES.as_ptr());
            let stream = (library.pw_stream_new)(self.core, c"aldis".as_ptr(), properties);
            if stream.is_null() {
                return Err(failed("a stream cannot be made"));
            }
            let tap = Box::into_raw(Box::new(Tap {
                library,
                hook: Hook::new(),
                stream,
                feed,
                board: Arc::clone(board),
                format: Mutex::new(None),
            }));
            self.taps.push(tap);
            let hook = &raw mut (*tap).hook;
            (library.pw_stream_add_listener)(stream, hook, &raw const STREAM_EVENTS, tap.cast());
            let offers = [offer.as_ptr().cast::<Pod>()];
            let offers = (offers.as_ptr(), offers.len() as u32);
            (library.pw_stream_connect)(
                stream,
                sys::DIRECTION_INPUT,
                node,
                flags,
                offers.0,
                offers.1,
            )
        };
        if result < 0 {
            return Err(failed("a stream cannot be connected"));
        }
        Ok(())
    }

    /// From now on exactly those monitors send pictures whose audience is not zero.
    pub(super) fn watch(&self, audience: &[usize]) {
        let mut active = self.active.lock().unwrap_or_else(PoisonError::into_inner);
        let _locked = self.lock();
        for ((tap, active), audience) in self.taps.iter().zip(&mut *active).zip(audience) {
            let wanted = *audience > 0;
            if *active != wanted {
                *active = wanted;
                // SAFETY: the boxes live as long as `self`, and the loop's lock is held.
                let result = unsafe { (self.library.pw_stream_set_active)((**tap).stream, wanted) };
                tracing::debug!(wanted, result, "a monitor's pictures");
            }
        }
    }

    fn lock(&self) -> Locked<'_> {
        // SAFETY: the loop is there as long as `self`; the guard gives the lock back on this thread.
        unsafe { (self.library.pw_thread_loop_lock)(self.thread.as_ptr()) };
        Locked(self)
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        let library = self.library;
        // SAFETY: first the thread is stopped, so that nobody else uses anything; then everything goes before what it is
        // made of, and the boxes of the callbacks after all who could call them.
        unsafe {
            (library.pw_thread_loop_stop)(self.thread.as_ptr());
            for tap in &self.taps {
                (library.pw_stream_destroy)((**tap).stream);
            }
            if !self.core.is_null() {
                (library.pw_core_disconnect)(self.core);
            }
            if !self.context.is_null() {
                (library.pw_context_destroy)(self.context);
            }
            (library.pw_thread_loop_destroy)(self.thread.as_ptr());
            for tap in self.taps.drain(..) {
                drop(Box::from_raw(tap));
            }
            if !self.line.is_null() {
                drop(Box::from_raw(self.line));
            }
        }
    }
}

fn failed(what: &str) -> CaptureError {
    CaptureError::Desktop(format!("PipeWire does not bring the pictures: {what}"))
}

static CORE_EVENTS: CoreEvents = CoreEvents {
    version: 0,
    info: None,
    done: None,
    ping: None,
    error: Some(core_error),
    remove_id: None,
    bound_id: None,
    add_mem: None,
    remove_mem: None,
};

static STREAM_EVENTS: StreamEvents = StreamEvents {
    version: 0,
    destroy: None,
    state_changed: Some(state_changed),
    control_info: None,
    io_changed: None,
    param_changed: Some(param_changed),
    add_buffer: None,
    remove_buffer: Some(remove_buffer),
    process: Some(process),
    drained: None,
};

/// # Safety
///
/// PipeWire calls it with the [`Line`] that it was given, and a string of C or none.
unsafe extern "C" fn core_error(
    line: *mut c_void,
    id: u32,
    _sequence: c_int,
    result: c_int,
    message: *const c_char,
) {
    // SAFETY: as above.
    let (board, message) = unsafe { (&(*line.cast::<Line>()).board, text(message)) };
    tracing::debug!(id, result, message, "PipeWire complains");
    if id == sys::ID_CORE && result == BROKEN_PIPE {
        board.lose(Loss::Stopped);
    }
}

/// # Safety
///
/// PipeWire calls it with the [`Tap`] that it was given, and a string of C or none.
unsafe extern "C" fn state_changed(
    tap: *mut c_void,
    before: c_int,
    state: c_int,
    error: *const c_char,
) {
    // SAFETY: as above.
    let (board, error) = unsafe { (&(*tap.cast::<Tap>()).board, text(error)) };
    tracing::debug!(before, state, error, "a stream's state");
    match state {
        sys::STATE_ERROR if before > 1 => board.lose(Loss::Stopped),
        sys::STATE_ERROR => board.lose(Loss::Failed(format!(
            "PipeWire does not bring the pictures: {error}"
        ))),
        sys::STATE_UNCONNECTED => board.lose(Loss::Stopped),
        _ => {}
    }
}

/// # Safety
///
/// PipeWire calls it with the [`Tap`] that it was given, and a whole parameter or none.
unsafe extern "C" fn param_changed(tap: *mut c_void, id: u32, param: *const Pod) {
    if id != pod::PARAM_FORMAT || param.is_null() {
        return;
    }
    // SAFETY: as above; a pod starts with the size of what follows its eight bytes of head.
    let (tap, bytes) = unsafe {
        let size = param.cast::<u32>().read() as usize;
        let length = size.saturating_add(8).min(pod::MAX);
        (
            &*tap.cast::<Tap>(),
            std::slice::from_raw_parts(param.cast::<u8>(), length),
        )
    };
    let format = pod::read_format(bytes, LAYOUTS);
    tracing::debug!(?format, "a stream's format");
    *tap.format.lock().unwrap_or_else(PoisonError::into_inner) = format;
    let Some(format) = format else {
        let reason = "its pictures are of a kind that Aldis cannot read";
        return tap.board.lose(Loss::Failed(reason.to_owned()));
    };
    tap.board.expect(tap.feed, (format.width, format.height));
    let damage = buffer::REGION_SIZE * buffer::MAX_DAMAGE;
    let (usual, most) = CURSOR_SIDES;
    let wishes = [
        pod::buffers(),
        meta(buffer::META_HEADER, buffer::HEADER_SIZE),
        meta(buffer::META_CROP, buffer::REGION_SIZE),
        meta(buffer::META_TURN, buffer::TURN_SIZE),
        pod::meta(buffer::META_DAMAGE, damage, buffer::REGION_SIZE, damage),
        pod::meta(
            buffer::META_CURSOR,
            buffer::cursor_size(usual),
            buffer::cursor_size(1),
            buffer::cursor_size(most),
        ),
    ];
    let pointers = wishes.each_ref().map(|wish| wish.as_ptr().cast::<Pod>());
    // SAFETY: the stream is there, and each pointer is to a whole pod, which is copied.
    let result = unsafe {
        (tap.library.pw_stream_update_params)(tap.stream, pointers.as_ptr(), pointers.len() as u32)
    };
    if result < 0 {
        tracing::debug!(result, "the stream does not take our wishes");
    }
}

fn meta(kind: u32, size: u32) -> Vec<u64> {
    pod::meta(kind, size, size, size)
}

/// # Safety
///
/// PipeWire calls it with the [`Tap`] that it was given, and a buffer of its stream.
unsafe extern "C" fn remove_buffer(tap: *mut c_void, buffer: *mut StreamBuffer) {
    // SAFETY: as above.
    let tap = unsafe { &*tap.cast::<Tap>() };
    if let Some(buffer) = NonNull::new(buffer) {
        tap.board.take_away(tap.feed, buffer);
    }
}

/// # Safety
///
/// PipeWire calls it with the [`Tap`] that it was given, on the loop's thread.
unsafe extern "C" fn process(tap: *mut c_void) {
    // SAFETY: as above.
    let tap = unsafe { &*tap.cast::<Tap>() };
    let format = *tap.format.lock().unwrap_or_else(PoisonError::into_inner);
    let next = || {
        // SAFETY: the stream is there, and this is its thread.
        NonNull::new(unsafe { (tap.library.pw_stream_dequeue_buffer)(tap.stream) })
    };
    while let Some(buffer) = next() {
        // SAFETY: it was just dequeued; it is given back only once the board has let go of its picture.
        let news = unsafe { buffer::look(buffer, format) };
        if let Some(unneeded) = tap.board.put(tap.feed, buffer, news) {
            // SAFETY: it was dequeued from this stream, and nobody looks at it any more.
            unsafe { (tap.library.pw_stream_queue_buffer)(tap.stream, unneeded.as_ptr()) };
        }
    }
}

/// # Safety
///
/// `text` must be a string of C or null, and stay as it is meanwhile.
unsafe fn text<'a>(text: *const c_char) -> &'a str {
    if text.is_null() {
        return "";
    }
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(text) }.to_str().unwrap_or_default()
}
