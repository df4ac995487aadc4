//! Whether what CTIDH does depends on secrets. `cargo xtask ct` builds and drives this program:
//!
//! - `memory portable|adx`, under Valgrind, in a build with `--cfg ctidh_valgrind`: every seed and
//!   secret key is marked, and a branch or an address that depends on one is reported.
//! - `time portable|adx|ifma`: weaker, for instructions that Valgrind does not know. Two classes of
//!   secrets must take the same time, as far as Welch's test can tell.
//!
//! A build with `--cfg ctidh_leaky` skips dummy isogenies; both checks must notice. A difference in
//! time ends with code [`DIFFERS`], which nothing else does: a crash is not a leak that was noticed.
#![expect(clippy::print_stdout, reason = "a tool for terminals")]

#[cfg(ctidh_valgrind)]
mod memory;
mod time;

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use ctidh::Backend;

/// The code this program ends with when time depends on secrets. `xtask` knows it as well.
const DIFFERS: u8 = 98;

fn main() -> Result<ExitCode> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [check, backend] = words.as_slice() else {
        bail!("usage: entrenous-ct memory|time BACKEND, or entrenous-ct list all");
    };
    if check == "list" {
        Backend::available().for_each(|backend| println!("{}", backend.name()));
        return Ok(ExitCode::SUCCESS);
    }
    let backend = [Backend::Portable, Backend::Adx, Backend::Ifma]
        .into_iter()
        .find(|known| known.name() == backend)
        .context("there is no such back end")?;
    match check.as_str() {
        #[cfg(ctidh_valgrind)]
        "memory" => memory::check(backend).map(|()| ExitCode::SUCCESS),
        "time" => {
            let faults = time::check(backend)?;
            if faults.is_empty() {
                return Ok(ExitCode::SUCCESS);
            }
            println!("time depends on secrets: {}", faults.join(", "));
            Ok(ExitCode::from(DIFFERS))
        }
        _ => bail!("this build cannot check {check}"),
    }
}
