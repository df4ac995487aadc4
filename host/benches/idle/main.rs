//! What a server holds in memory: when nobody is there, and for each live connection on which nothing
//! happens. The built program runs as a process of its own, and the system says what that holds.
//!
//! The variable `ENTRENOUSD` names the program. Prints one JSON line for connections in plain, as behind
//! a proxy, and one for TLS; none on systems that have no `/proc`.

#![cfg_attr(target_os = "linux", expect(clippy::print_stdout, reason = "a bench"))]

#[cfg(target_os = "linux")]
mod client;
#[cfg(target_os = "linux")]
mod measure;
#[cfg(target_os = "linux")]
mod server;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[cfg(target_os = "linux")]
fn main() -> Result<()> {
    let program = std::env::var_os("ENTRENOUSD").ok_or("ENTRENOUSD names no program")?;
    let files = measure::allow_files()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    for carrier in [server::Carrier::Plain, server::Carrier::Tls] {
        let found = measure::measure(program.as_ref(), carrier, files);
        println!("{}", runtime.block_on(found)?);
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn main() -> Result<()> {
    Ok(())
}
