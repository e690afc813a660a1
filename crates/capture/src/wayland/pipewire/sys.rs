//! The part of libpipewire that we use, opened at run time.
//!
//! Nothing is linked, so the app starts on machines without PipeWire, and building needs no headers.
//! Names and layouts are those of PipeWire's public headers, which have not changed since 0.3.

use std::ffi::{c_char, c_int, c_void};
use std::sync::OnceLock;

use libloading::Library as Dynamic;

/// What the library is called; the number is its promise of compatibility.
const NAME: &str = "libpipewire-0.3.so.0";

/// The object that stands for the connection itself.
pub(super) const ID_CORE: u32 = 0;
/// The direction of a stream that receives.
pub(super) const DIRECTION_INPUT: u32 = 0;

/// Let the session manager link the stream.
pub(super) const FLAG_AUTOCONNECT: u32 = 1 << 0;
/// Negotiate, but get no pictures before `pw_stream_set_active`.
pub(super) const FLAG_INACTIVE: u32 = 1 << 1;
/// Map shared memory for us.
pub(super) const FLAG_MAP_BUFFERS: u32 = 1 << 2;
/// When the picture's origin is gone, do not take another one.
pub(super) const FLAG_DONT_RECONNECT: u32 = 1 << 7;

/// The stream has failed.
pub(super) const STATE_ERROR: c_int = -1;
/// The stream is not, or no longer, connected.
pub(super) const STATE_UNCONNECTED: c_int = 0;

/// A type of which only pointers are known here.
macro_rules! opaque {
    ($($name:ident)*) => {$(
        #[repr(C)]
        #[derive(Debug)]
        pub(super) struct $name { _private: [u8; 0] }
    )*};
}
opaque!(ThreadLoop Loop Context Core Stream Properties Pod);

/// `struct spa_hook`: a place in a list of listeners.
#[repr(C)]
#[derive(Debug)]
pub(super) struct Hook {
    link: [*mut c_void; 2],
    callbacks: [*const c_void; 2],
    removed: *mut c_void,
    private: *mut c_void,
}

impl Hook {
    pub(super) const fn new() -> Self {
        Self {
            link: [std::ptr::null_mut(); 2],
            callbacks: [std::ptr::null(); 2],
            removed: std::ptr::null_mut(),
            private: std::ptr::null_mut(),
        }
    }
}

/// `struct pw_stream_events`, version 0.
#[repr(C)]
#[derive(Debug)]
pub(super) struct StreamEvents {
    pub(super) version: u32,
    pub(super) destroy: Option<unsafe extern "C" fn(*mut c_void)>,
    pub(super) state_changed:
        Option<unsafe extern "C" fn(*mut c_void, c_int, c_int, *const c_char)>,
    pub(super) control_info: Option<unsafe extern "C" fn(*mut c_void, u32, *const c_void)>,
    pub(super) io_changed: Option<unsafe extern "C" fn(*mut c_void, u32, *mut c_void, u32)>,
    pub(super) param_changed: Option<unsafe extern "C" fn(*mut c_void, u32, *const Pod)>,
    pub(super) add_buffer: Option<unsafe extern "C" fn(*mut c_void, *mut StreamBuffer)>,
    pub(super) remove_buffer: Option<unsafe extern "C" fn(*mut c_void, *mut StreamBuffer)>,
    pub(super) process: Option<unsafe extern "C" fn(*mut c_void)>,
    pub(super) drained: Option<unsafe extern "C" fn(*mut c_void)>,
}

/// `struct pw_core_events`, version 0, as far as it is used.
#[repr(C)]
#[derive(Debug)]
pub(super) struct CoreEvents {
    pub(super) version: u32,
    pub(super) info: Option<unsafe extern "C" fn(*mut c_void, *const c_void)>,
    pub(super) done: Option<unsafe extern "C" fn(*mut c_void, u32, c_int)>,
    pub(super) ping: Option<unsafe extern "C" fn(*mut c_void, u32, c_int)>,
    pub(super) error: Option<unsafe extern "C" fn(*mut c_void, u32, c_int, c_int, *const c_char)>,
    pub(super) remove_id: Option<unsafe extern "C" fn(*mut c_void, u32)>,
    pub(super) bound_id: Option<unsafe extern "C" fn(*mut c_void, u32, u32)>,
    pub(super) add_mem: Option<unsafe extern "C" fn(*mut c_void, u32, u32, c_int, u32)>,
    pub(super) remove_mem: Option<unsafe extern "C" fn(*mut c_void, u32)>,
}

/// `struct pw_buffer`; later versions only append to it.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct StreamBuffer {
    pub(super) buffer: *mut Buffer,
    user_data: *mut c_void,
    size: u64,
}

/// `struct spa_buffer`.
#[repr(C)]
#[derive(Debug)]
pub(super) struct Buffer {
    pub(super) metas_len: u32,
    pub(super) datas_len: u32,
    pub(super) metas: *const Meta,
    pub(super) datas: *const Data,
}

/// `struct spa_meta`.
#[repr(C)]
#[derive(Debug)]
pub(super) struct Meta {
    pub(super) kind: u32,
    pub(super) size: u32,
    pub(super) data: *const u8,
}

/// `struct spa_data`.
#[repr(C)]
#[derive(Debug)]
pub(super) struct Data {
    pub(super) kind: u32,
    flags: u32,
    fd: i64,
    map_offset: u32,
    pub(super) max_size: u32,
    pub(super) memory: *const u8,
    pub(super) chunk: *const Chunk,
}

/// `struct spa_chunk`.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub(super) struct Chunk {
    pub(super) offset: u32,
    pub(super) size: u32,
    pub(super) stride: i32,
    pub(super) flags: u32,
}

/// The functions as fields, and how they are looked up.
macro_rules! functions {
    ($($name:ident($($argument:ty),*) $(-> $result:ty)?;)*) => {
        /// libpipewire, open for as long as the program runs.
        #[derive(Debug)]
        pub(super) struct Library {
            _dynamic: Dynamic,
            $(pub(super) $name: unsafe extern "C" fn($($argument),*) $(-> $result)?,)*
        }

        impl Library {
            /// # Safety
            ///
            /// `dynamic` must be libpipewire 0.3.
            unsafe fn look_up(dynamic: Dynamic) -> Result<Self, libloading::Error> {
                Ok(Self {
                    $($name: {
                        // SAFETY: the signature is the one of the library's public header.
                        *unsafe { dynamic.get(concat!(stringify!($name), "\0").as_bytes())? }
                    },)*
                    _dynamic: dynamic,
                })
            }
        }
    };
}

functions! {
    pw_init(*mut c_int, *mut *mut *mut c_char);
    pw_thread_loop_new(*const c_char, *const c_void) -> *mut ThreadLoop;
    pw_thread_loop_get_loop(*mut ThreadLoop) -> *mut Loop;
    pw_thread_loop_start(*mut ThreadLoop) -> c_int;
    pw_thread_loop_stop(*mut ThreadLoop);
    pw_thread_loop_lock(*mut ThreadLoop);
    pw_thread_loop_unlock(*mut ThreadLoop);
    pw_thread_loop_destroy(*mut ThreadLoop);
    pw_context_new(*mut Loop, *mut Properties, usize) -> *mut Context;
    pw_context_connect_fd(*mut Context, c_int, *mut Properties, usize) -> *mut Core;
    pw_context_destroy(*mut Context);
    pw_core_disconnect(*mut Core) -> c_int;
    pw_proxy_add_object_listener(*mut Core, *mut Hook, *const CoreEvents, *mut c_void);
    pw_properties_new_string(*const c_char) -> *mut Properties;
    pw_stream_new(*mut Core, *const c_char, *mut Properties) -> *mut Stream;
    pw_stream_add_listener(*mut Stream, *mut Hook, *const StreamEvents, *mut c_void);
    pw_stream_connect(*mut Stream, u32, u32, u32, *const *const Pod, u32) -> c_int;
    pw_stream_update_params(*mut Stream, *const *const Pod, u32) -> c_int;
    pw_stream_dequeue_buffer(*mut Stream) -> *mut StreamBuffer;
    pw_stream_queue_buffer(*mut Stream, *mut StreamBuffer) -> c_int;
    pw_stream_set_active(*mut Stream, bool) -> c_int;
    pw_stream_destroy(*mut Stream);
}

impl Library {
    /// Opens the library the first time; `None` where there is none.
    pub(super) fn get() -> Option<&'static Self> {
        static LIBRARY: OnceLock<Option<Library>> = OnceLock::new();
        LIBRARY
            .get_or_init(|| {
                Self::open()
                    .inspect_err(|error| tracing::debug!(%error, "no PipeWire"))
                    .ok()
            })
            .as_ref()
    }

    fn open() -> Result<Self, libloading::Error> {
        // SAFETY: what the library does when it is opened and closed asks nothing of us.
        let dynamic = unsafe { Dynamic::new(NAME)? };
        // SAFETY: it is libpipewire 0.3 by its name.
        let library = unsafe { Self::look_up(dynamic)? };
        // SAFETY: no arguments are passed on; it may be called several times and by any thread.
        unsafe { (library.pw_init)(std::ptr::null_mut(), std::ptr::null_mut()) };
        Ok(library)
    }
}
