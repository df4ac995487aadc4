//! Calls over loopback: how many open in a second, how many messages and bytes pass, and what one holds
//! on which nothing happens. `cargo xtask bench calls` runs it beside the Go program.
//!
//! ```text
//! calls tcp SECONDS              one line for each measurement
//! calls udp SECONDS AT THROUGH   a listener at AT, called by way of THROUGH
//! calls idle COUNT               what each of so many calls holds in memory
//! calls dial ADDRESS COUNT       who calls for that, and stays until its input ends
//! ```
//!
//! Prints JSON lines; nothing on systems other than Linux.

#![cfg_attr(target_os = "linux", expect(clippy::print_stdout, reason = "a bench"))]

#[cfg(target_os = "linux")]
mod idle;
#[cfg(target_os = "linux")]
mod meter;
#[cfg(target_os = "linux")]
mod opening;
#[cfg(target_os = "linux")]
mod pour;
#[cfg(target_os = "linux")]
mod sides;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[cfg(target_os = "linux")]
fn main() -> Result<()> {
    use channel::Mode;
    use std::time::Duration;

    // cargo adds a flag of its own
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|word| !word.starts_with("--"))
        .collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["tcp", seconds] => {
            let lasts = Duration::from_secs_f64(seconds.parse()?);
            println!("{}", pour::plain(lasts));
            for mode in [Mode::Kamune, Mode::Ours] {
                println!("{}", opening::measure(mode, false, lasts)?);
                for bytes in [1024, pour::LONGEST] {
                    println!("{}", pour::tcp(mode, bytes, lasts)?);
                }
            }
            println!("{}", opening::measure(Mode::Ours, true, lasts)?);
        }
        ["udp", seconds, at, through] => {
            let lasts = Duration::from_secs_f64(seconds.parse()?);
            println!("{}", pour::udp(at.parse()?, through.parse()?, lasts)?);
        }
        ["idle", count] => println!("{}", idle::measure(count.parse()?)?),
        ["dial", address, count] => idle::dial(address.parse()?, count.parse()?)?,
        _ => {}
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn main() -> Result<()> {
    Ok(())
}
