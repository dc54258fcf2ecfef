//! How the process takes its memory.

/// Has the process take memory in small pages, where the system may give it two megabytes at once.
///
/// The allocator has a heap for each thread, and keeps a large page for a few bytes: a first sync of 40,000 records needed 40 %
/// more memory with them, and more time for clearing them. A system that does not know the call is left as it is.
pub fn use_small_pages() {
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}
