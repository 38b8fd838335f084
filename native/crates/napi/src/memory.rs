//! Memory that is free goes back to the system: a rule set is made with twice what it keeps, and neither allocator gives that
//! back by itself.

unsafe extern "C" {
    /// mimalloc's: takes back what ended threads left, and frees pages that are empty.
    fn mi_collect(force: bool);
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
unsafe extern "C" {
    /// The C library's, which compiling patterns uses.
    fn malloc_trim(pad: usize) -> core::ffi::c_int;
}

/// Gives back what is free.
pub(crate) fn give_back() {
    // SAFETY: any thread may call it at any time.
    unsafe { mi_collect(true) };
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: as above; what it returns says whether there was something.
    let _had_some = unsafe { malloc_trim(0) };
}
