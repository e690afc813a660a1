//! The layer itself: every call goes through to the system's files, and the disk hears of those
//! that write.

use std::ffi::{CStr, OsStr, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;
use std::sync::OnceLock;

use rusqlite::ffi::{
    SQLITE_CANTOPEN, SQLITE_FULL, SQLITE_IOERR, SQLITE_IOERR_WRITE, SQLITE_OK, sqlite3_file,
    sqlite3_filename, sqlite3_int64, sqlite3_io_methods, sqlite3_vfs, sqlite3_vfs_find,
    sqlite3_vfs_register,
};

use super::{Disk, Fault};

/// An open file: SQLite knows its head, and the system's own file lies behind it.
#[repr(C)]
struct Handle {
    head: sqlite3_file,
    /// `None` for a file without a name, which no power cut concerns.
    path: Option<Box<PathBuf>>,
}

struct Layer {
    below: *mut sqlite3_vfs,
    disk: &'static Disk,
}

// SAFETY: the pointer is SQLite's own default layer, which lives as long as the process and may be
// used from every thread.
unsafe impl Send for Layer {}
// SAFETY: as above.
unsafe impl Sync for Layer {}

static LAYER: OnceLock<Layer> = OnceLock::new();

/// Puts the layer in the place of the default one.
pub(super) fn install(disk: &'static Disk) {
    // SAFETY: a null name asks for the default layer, which lives as long as the process.
    let below = unsafe { sqlite3_vfs_find(std::ptr::null()) };
    let layer = LAYER.get_or_init(|| Layer { below, disk });
    // SAFETY: `below` is valid, and its table of functions may be copied.
    let mut vfs = unsafe { *layer.below };
    vfs.szOsFile += c_int::try_from(size_of::<Handle>()).expect("a few bytes");
    vfs.zName = c"powercut".as_ptr();
    vfs.pNext = std::ptr::null_mut();
    vfs.xOpen = Some(open);
    vfs.xDelete = Some(delete);
    // SAFETY: the registered table is leaked, so it lives as long as the process.
    unsafe { sqlite3_vfs_register(Box::leak(Box::new(vfs)), 1) };
}

fn layer() -> &'static Layer {
    LAYER.get().expect("installed before any file is opened")
}

/// The system's file behind ours.
///
/// # Safety
///
/// `file` is one that [`open`] has made.
unsafe fn below(file: *mut sqlite3_file) -> *mut sqlite3_file {
    // SAFETY: SQLite has reserved `szOsFile` bytes, of which the first are ours.
    unsafe { file.byte_add(size_of::<Handle>()) }
}

/// # Safety
///
/// `file` is one that [`open`] has made, and `path` is null or a string of C.
unsafe fn path_of<'a>(file: *mut sqlite3_file) -> Option<&'a PathBuf> {
    // SAFETY: the head of the file is our own.
    unsafe { (*file.cast::<Handle>()).path.as_deref() }
}

fn code(fault: Fault) -> c_int {
    match fault {
        Fault::NoPower => SQLITE_IOERR_WRITE,
        Fault::NoRoom => SQLITE_FULL,
    }
}

unsafe extern "C" fn open(
    _vfs: *mut sqlite3_vfs,
    name: sqlite3_filename,
    file: *mut sqlite3_file,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    let Layer { below: vfs, disk } = *layer();
    // SAFETY: SQLite's own arguments go on to the layer below, with the part of the file that is
    // meant for it; our head is written before anybody reads it.
    unsafe {
        (*file).pMethods = std::ptr::null();
        let path = (!name.is_null())
            .then(|| PathBuf::from(OsStr::from_bytes(CStr::from_ptr(name).to_bytes())));
        if let Some(path) = &path
            && disk.opened(path).is_err()
        {
            return SQLITE_CANTOPEN;
        }
        let Some(open) = (*vfs).xOpen else {
            return SQLITE_CANTOPEN;
        };
        let opened = open(vfs, name, below(file), flags, out);
        if opened != SQLITE_OK {
            if path.is_some() {
                disk.closed();
            }
            return opened;
        }
        let head = sqlite3_file {
            pMethods: &raw const METHODS,
        };
        let path = path.map(Box::new);
        file.cast::<Handle>().write(Handle { head, path });
        SQLITE_OK
    }
}

unsafe extern "C" fn delete(_vfs: *mut sqlite3_vfs, name: *const c_char, sync: c_int) -> c_int {
    let Layer { below: vfs, disk } = *layer();
    // SAFETY: `name` is a string of C, as SQLite promises.
    unsafe {
        let path = PathBuf::from(OsStr::from_bytes(CStr::from_ptr(name).to_bytes()));
        match ((*vfs).xDelete, disk.deleted(&path)) {
            (Some(delete), Ok(())) => delete(vfs, name, sync),
            _ => SQLITE_IOERR,
        }
    }
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    // SAFETY: SQLite closes a file once, after everything else.
    unsafe {
        let real = below(file);
        let closed = (*(*real).pMethods)
            .xClose
            .map_or(SQLITE_OK, |close| close(real));
        let path = (*file.cast::<Handle>()).path.take();
        (*file).pMethods = std::ptr::null();
        if path.is_some() {
            layer().disk.closed();
        }
        closed
    }
}

unsafe extern "C" fn write(
    file: *mut sqlite3_file,
    data: *const c_void,
    length: c_int,
    at: sqlite3_int64,
) -> c_int {
    // SAFETY: `data` has `length` bytes, as SQLite promises.
    unsafe {
        let real = below(file);
        let (Some(write), Some(size)) = ((*(*real).pMethods).xWrite, (*(*real).pMethods).xFileSize)
        else {
            return SQLITE_IOERR;
        };
        if let Some(path) = path_of(file) {
            let bytes = std::slice::from_raw_parts(data.cast::<u8>(), length as usize);
            let mut had: sqlite3_int64 = 0;
            size(real, &raw mut had);
            if let Err(fault) = layer().disk.wrote(path, at as usize, bytes, had as u64) {
                return code(fault);
            }
        }
        write(real, data, length, at)
    }
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, size: sqlite3_int64) -> c_int {
    // SAFETY: `file` is one of ours.
    unsafe {
        let real = below(file);
        if let Some(path) = path_of(file)
            && let Err(fault) = layer().disk.truncated(path, size as usize)
        {
            return code(fault);
        }
        (*(*real).pMethods)
            .xTruncate
            .map_or(SQLITE_IOERR, |truncate| truncate(real, size))
    }
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, _flags: c_int) -> c_int {
    // The system's own sync is left out: this disk's memory is what counts.
    // SAFETY: `file` is one of ours.
    let path = unsafe { path_of(file) };
    match path.map_or(Ok(()), |path| layer().disk.synced(path)) {
        Ok(()) => SQLITE_OK,
        Err(fault) => code(fault),
    }
}

/// A call that goes through as it is.
macro_rules! through {
    ($($name:ident = $method:ident($($arg:ident: $type:ty),*);)*) => {$(
        unsafe extern "C" fn $name(file: *mut sqlite3_file, $($arg: $type),*) -> c_int {
            // SAFETY: SQLite's own arguments go on to the file behind ours.
            unsafe {
                let real = below(file);
                (*(*real).pMethods).$method.map_or(SQLITE_IOERR, |call| call(real, $($arg),*))
            }
        }
    )*};
}

through! {
    read = xRead(data: *mut c_void, length: c_int, at: sqlite3_int64);
    file_size = xFileSize(size: *mut sqlite3_int64);
    lock = xLock(level: c_int);
    unlock = xUnlock(level: c_int);
    check_reserved_lock = xCheckReservedLock(held: *mut c_int);
    file_control = xFileControl(what: c_int, with: *mut c_void);
    sector_size = xSectorSize();
    device_characteristics = xDeviceCharacteristics();
    shm_map = xShmMap(page: c_int, size: c_int, extend: c_int, at: *mut *mut c_void);
    shm_lock = xShmLock(at: c_int, count: c_int, flags: c_int);
    shm_unmap = xShmUnmap(delete: c_int);
}

unsafe extern "C" fn shm_barrier(file: *mut sqlite3_file) {
    // SAFETY: as for every call that goes through.
    unsafe {
        let real = below(file);
        if let Some(call) = (*(*real).pMethods).xShmBarrier {
            call(real);
        }
    }
}

static METHODS: sqlite3_io_methods = sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};
