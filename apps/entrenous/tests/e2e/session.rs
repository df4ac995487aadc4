//! A desktop session with a real keyring in it, which nobody looks at.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use crate::folder::Folder;
use crate::needs;
use crate::person::Person;

/// A session of its own, with an unlocked GNOME Keyring and one person's folder; it ends when dropped.
pub(crate) struct Session {
    child: Child,
    address: String,
    pub(crate) folder: Folder,
}

impl Session {
    /// `None` where a program for it is missing, which has then been said.
    pub(crate) fn open(test: &str) -> Option<Self> {
        if !has_programs(test, &PROGRAMS) {
            return None;
        }
        let folder = Folder::new();
        let mut command = Command::new("dbus-run-session");
        command.args(["--", "sh", "-euc", SCRIPT]);
        for name in HOMES {
            command.env(name, folder.path());
        }
        for display in ["DISPLAY", "WAYLAND_DISPLAY"] {
            // A dialog would appear there, and wait.
            command.env_remove(display);
        }
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut address = String::new();
        let stdout = child.stdout.take().unwrap();
        BufReader::new(stdout).read_line(&mut address).unwrap();
        let address = address.trim().to_owned();
        assert!(!address.is_empty(), "there is a session with a keyring");
        Some(Self {
            child,
            address,
            folder,
        })
    }

    /// Runs `entrenous` in it.
    pub(crate) fn run(&self, args: &[&str]) -> Person {
        self.run_as(&[], args)
    }

    /// The same with `variables`, such as `A=b`.
    pub(crate) fn run_as(&self, variables: &[&str], args: &[&str]) -> Person {
        let mut command = Command::new("env");
        command
            .args(variables)
            .arg(env!("CARGO_BIN_EXE_entrenous"))
            .args(args);
        Person::spawn(in_session(command, self.folder.path(), &self.address), "")
    }

    /// What `secret-tool` says; `input` is all of its input.
    pub(crate) fn secret_tool(&self, args: &[&str], input: &str) -> Output {
        let mut command = Command::new("secret-tool");
        command.args(args);
        let mut child = in_session(command, self.folder.path(), &self.address)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        // Who wants no input does not read.
        let _ = stdin.write_all(input.as_bytes());
        drop(stdin);
        child.wait_with_output().unwrap()
    }

    /// Locks the keyring, which then wants its password again.
    #[track_caller]
    pub(crate) fn lock(&self) {
        let mut command = Command::new("dbus-send");
        command.args(LOCK);
        let sent = in_session(command, self.folder.path(), &self.address).output();
        assert!(sent.unwrap().status.success());
    }

    /// Everything that is kept for profiles, as text.
    pub(crate) fn kept(&self) -> String {
        let found = self.secret_tool(&["search", "--all", "service", "entrenous"], "");
        String::from_utf8([found.stdout, found.stderr].concat()).unwrap()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // The script waits for this.
        self.child.stdin = None;
        let _ = self.child.wait();
    }
}

/// `command` as a person there runs it, whose session is at `address`.
pub(crate) fn in_session(mut command: Command, folder: &Path, address: &str) -> Command {
    for name in HOMES {
        command.env(name, folder);
    }
    command
        .current_dir(folder)
        .env("DBUS_SESSION_BUS_ADDRESS", address);
    command
}

/// Whether these programs are there; if not, that has then been said.
pub(crate) fn has_programs(test: &str, programs: &[&str]) -> bool {
    let missing = |program: &&&str| Command::new(program).arg("--version").output().is_err();
    match programs.iter().find(missing) {
        None => true,
        Some(program) => {
            needs::skipped(test, &format!("{program} is not installed"));
            false
        }
    }
}

const PROGRAMS: [&str; 4] = [
    "dbus-run-session",
    "dbus-send",
    "gnome-keyring-daemon",
    "secret-tool",
];
const HOMES: [&str; 6] = [
    "HOME",
    "TMPDIR",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
    "XDG_STATE_HOME",
];
/// The service's own call: `secret-tool lock` crashes in libsecret 0.20.
const LOCK: [&str; 6] = [
    "--session",
    "--print-reply",
    "--dest=org.freedesktop.secrets",
    "/org/freedesktop/secrets",
    "org.freedesktop.Secret.Service.Lock",
    "array:objpath:/org/freedesktop/secrets/collection/login",
];
/// Begins the keyring, says where the session is, and ends with its input.
const SCRIPT: &str = "
    printf 'four random words here' | gnome-keyring-daemon --unlock --components=secrets > /dev/null
    echo \"$DBUS_SESSION_BUS_ADDRESS\"
    exec cat > /dev/null";
