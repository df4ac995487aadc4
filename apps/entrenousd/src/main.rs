//! The Entrenous server: meeting boards over HTTP.

use std::process::ExitCode;

fn main() -> ExitCode {
    entrenousd::main()
}
