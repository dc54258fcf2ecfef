//! The name of the process.

/// Names this process to those who find its lease: machine and process id.
pub fn worker_name() -> String {
    let machine = std::fs::read_to_string("/proc/sys/kernel/hostname");
    let machine = machine.as_deref().map_or("localhost", str::trim);
    format!("{machine}/{}", std::process::id())
}
