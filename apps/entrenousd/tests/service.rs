//! What a service manager sees: a real `NOTIFY_SOCKET`, and the watchdog.

#![cfg(target_os = "linux")]
#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test"
)]

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::net::UnixDatagram;

#[expect(dead_code, reason = "of more tests than this one")]
#[path = "shared/home.rs"]
mod home;

use home::{Home, PATIENCE, Running};

/// What a service manager is told.
struct Manager(UnixDatagram);

impl Manager {
    fn next(&self) -> String {
        let mut buffer = [0; 4096];
        let length = self.0.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    }

    /// The next word that is not about the watchdog.
    fn word(&self) -> String {
        loop {
            let said = self.next();
            if said.trim_end() != "WATCHDOG=1" {
                return said;
            }
        }
    }
}

#[test]
fn a_service_manager_hears_of_every_step_and_its_watchdog_is_fed() {
    let home = Home::new(env!("CARGO_BIN_EXE_entrenousd"), "service");
    home.configure("");
    let place = home.file("notify");
    let manager = Manager(UnixDatagram::bind(&place).unwrap());
    manager.0.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut command = home.command(&["--json", "run"]);
    command.env("NOTIFY_SOCKET", &place);
    command.env("WATCHDOG_USEC", "300000");
    let server = Running::start(command);
    assert_eq!(manager.next().trim_end(), "READY=1\nSTATUS=serving");
    for _ in 0..3 {
        assert_eq!(manager.next().trim_end(), "WATCHDOG=1");
    }

    server.signal("HUP");
    let reloading = manager.word();
    assert!(
        reloading.starts_with("RELOADING=1\nMONOTONIC_USEC="),
        "{reloading}"
    );
    assert_eq!(manager.word().trim_end(), "READY=1\nSTATUS=serving");

    home.configure("registration = \"nonsense\"\n");
    server.signal("HUP");
    assert!(manager.word().starts_with("RELOADING=1\n"));
    let but = manager.word();
    assert!(
        but.starts_with("READY=1\nSTATUS=old configuration in use: "),
        "{but}"
    );
    assert!(but.contains("registration"), "{but}");

    server.signal("TERM");
    assert_eq!(manager.word().trim_end(), "STOPPING=1\nSTATUS=stopping");
    let (status, log) = server.end();
    assert!(status.success(), "{log:?}");
}

#[test]
fn what_is_restored_belongs_to_whom_the_directory_belongs_to() {
    let home = Home::new(env!("CARGO_BIN_EXE_entrenousd"), "owner");
    home.configure("");
    drop(home.start().stop());
    let backup = home.file("backup");
    home.ask(&["backup", backup.to_str().unwrap()]);
    fs::remove_dir_all(home.data().join("store")).unwrap();
    // Only root can give it away; for others the owner is the same before and after.
    drop(chown(home.data(), Some(65_534), Some(65_534)));
    home.ask(&["restore", backup.to_str().unwrap()]);
    let owner = |path| fs::metadata(path).unwrap().uid();
    let whole = owner(home.data());
    let files = fs::read_dir(home.data().join("store")).unwrap();
    let mut owners = files.map(|file| owner(file.unwrap().path()));
    assert!(owners.all(|one| one == whole));
    assert_eq!(owner(home.data().join("store")), whole);
}
