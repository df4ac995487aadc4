use std::io::Write;

/// Says loudly that `test` did not run, because `reason`; where nothing may be left out, fails.
#[track_caller]
pub(crate) fn skipped(test: &str, reason: &str) {
    assert!(
        std::env::var_os("CI").is_none(),
        "{test} cannot run: {reason}"
    );
    // Not `eprintln`, which the test harness hides.
    let _ = writeln!(std::io::stderr(), "SKIPPED {test}: {reason}");
}
