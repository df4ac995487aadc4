//! `disk.c`, built once with the system's compiler, and the places a test needs.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The disk that fails on request; `None`, loudly, where nothing can build it.
pub(crate) fn disk(test: &str) -> Option<&'static Path> {
    static DISK: OnceLock<Option<PathBuf>> = OnceLock::new();
    let built = DISK.get_or_init(build).as_deref();
    if built.is_none() {
        assert!(
            std::env::var_os("CI").is_none(),
            "{test} cannot run: no C compiler"
        );
        // Not `eprintln`, which the test harness hides.
        drop(writeln!(std::io::stderr(), "SKIPPED {test}: no C compiler"));
    }
    built
}

fn build() -> Option<PathBuf> {
    let name = format!("disk-{}.so", std::process::id());
    let library = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faults/disk.c");
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"]);
    let status = compiler
        .arg(&library)
        .arg(source)
        .args(["-ldl", "-lpthread"])
        .status()
        .ok()?;
    assert!(status.success(), "disk.c does not compile");
    Some(library)
}

/// A directory of its own for each test, removed at its end.
pub(crate) struct Place(PathBuf);

impl Place {
    pub(crate) fn new(name: &str) -> Self {
        let name = format!("faults-{}-{name}", std::process::id());
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        drop(fs::remove_dir_all(&path));
        fs::create_dir_all(&path).unwrap();
        Self(path.canonicalize().unwrap())
    }

    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A directory in it, such as a store takes.
    pub(crate) fn directory(&self, name: &str) -> PathBuf {
        let path = self.join(name);
        fs::DirBuilder::new().mode(0o700).create(&path).unwrap();
        path
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}
