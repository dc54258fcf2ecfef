//! What the system lets the process have.

/// Has the process take memory in small pages, where the system may give it two megabytes at once.
///
/// The allocator has a heap for each thread, and keeps a large page for a few bytes: a first sync of 40,000 records needed 40 %
/// more memory with them, and more time for clearing them. A system that does not know the call is left as it is.
pub fn use_small_pages() {
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
}

/// Has the process open as many files and connections as the system allows it, and returns how many that are; none where
/// there is no limit, or none is known.
///
/// What is given at first is meant for programs that wait for files with calls of old; see `systemd.exec(5)`,
/// `LimitNOFILE=`.
#[must_use]
pub fn raise_open_files() -> Option<usize> {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        let raised = Rlimit {
            current: maximum,
            maximum,
        };
        let limit = setrlimit(Resource::Nofile, raised).map_or(current, |()| maximum);
        limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX))
    }
    #[cfg(not(unix))]
    None
}
