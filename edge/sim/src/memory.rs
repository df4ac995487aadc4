use std::io;

/// What this process holds in memory now, in bytes; `None` on systems that have no `/proc`.
///
/// # Errors
///
/// Linux does not say it.
pub fn resident_bytes() -> io::Result<Option<u64>> {
    if !cfg!(target_os = "linux") {
        return Ok(None);
    }
    let status = std::fs::read_to_string("/proc/self/status")?;
    let kib = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|size| size.trim().strip_suffix("kB")?.trim().parse::<u64>().ok())
        .and_then(|kib| kib.checked_mul(1024));
    kib.map(Some)
        .ok_or_else(|| io::Error::other("/proc/self/status has no VmRSS"))
}
