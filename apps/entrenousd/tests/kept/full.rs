//! The disk is full, and then it is not.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use wire::v1::operation::Operation as Op;
use wire::v1::{BucketLeave, InvitationLeave, InvitationTake, InvitationsGet, Request, answer};
use wire::{Code, Refusal};

use crate::home::Home;
use crate::person::{Person, bytes};
use crate::rpc::{get, rpc};

/// The journal's disk that fails on request, built with the system's compiler; `None`, loudly, where
/// there is none.
fn disk(home: &Home) -> Option<PathBuf> {
    let library = home.0.join("disk.so");
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = here.join("../../edge/journal/tests/faults/disk.c");
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o"]);
    compiler.arg(&library).arg(source);
    match compiler.args(["-ldl", "-lpthread"]).status() {
        Ok(status) => {
            assert!(status.success(), "disk.c does not compile");
            Some(library)
        }
        Err(_) => {
            assert!(std::env::var_os("CI").is_none(), "no C compiler");
            // Not `eprintln`, which the test harness hides.
            drop(writeln!(
                std::io::stderr(),
                "SKIPPED a full disk: no C compiler"
            ));
            None
        }
    }
}

fn leave(number: u8) -> Op {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Op::InvitationLeave(InvitationLeave {
        id: vec![number; 24],
        sealed: vec![number; 9_000],
        until_s: now.as_secs() + 3600,
        uses: 1,
    })
}

fn plain(operation: &Op) -> Request {
    Request {
        key: vec![1; 16],
        operation: bytes(operation),
        ..Request::default()
    }
}

fn take(number: u8) -> Request {
    let id = vec![number; 24];
    plain(&Op::InvitationTake(InvitationTake { id }))
}

fn entry(number: u8) -> Request {
    let entry = vec![number; 256];
    plain(&Op::BucketLeave(BucketLeave { entry }))
}

#[cfg(target_os = "linux")]
#[test]
fn with_a_full_disk_it_says_so_and_goes_on_when_there_is_room() {
    let home = Home::new("full");
    let Some(library) = disk(&home) else { return };
    let store = fs::canonicalize(&home.0).unwrap().join("data/store");
    let full = home.0.join("full");
    let server = home.start_in(&[
        ("LD_PRELOAD", &library),
        ("DISK_DIR", &store),
        ("DISK_FULL", &full),
    ]);
    let address = &server.address;
    let (anna, bert) = (Person::new(1), Person::new(2));
    let (first, second) = (home.pin(), home.pin());
    assert!(anna.call(address, &anna.register(&first)).unwrap().is_ok());
    assert!(anna.call(address, &leave(1)).unwrap().is_ok());
    assert!(rpc(address, &entry(1)).unwrap().is_ok());

    for number in 2..5 {
        fs::write(&full, []).unwrap();
        let refused = |said: Option<Result<answer::Result, Refusal>>| {
            let refusal = said.unwrap().unwrap_err();
            assert_eq!(refusal.code, Ok(Code::Store), "{refusal:?}");
            assert!(refusal.retry_after > Duration::ZERO);
        };
        refused(anna.call(address, &leave(number)));
        refused(rpc(address, &entry(number)));
        refused(rpc(address, &take(number - 1)));
        refused(bert.call(address, &bert.register(&second)));
        // What only reads goes on, and the server is not one that has failed.
        assert!(anna.has_account(address));
        assert!(get(&server.admin, "/readyz").starts_with("HTTP/1.1 200"));
        fs::remove_file(&full).unwrap();

        assert!(anna.call(address, &leave(number)).unwrap().is_ok());
        assert!(rpc(address, &entry(number)).unwrap().is_ok());
        assert!(rpc(address, &take(number - 1)).unwrap().is_ok());
    }
    assert!(bert.call(address, &bert.register(&second)).unwrap().is_ok());
    server.kill();

    let server = home.start();
    assert!(anna.has_account(&server.address) && bert.has_account(&server.address));
    let list = Op::Invitations(InvitationsGet {});
    let listed = anna.call(&server.address, &list).unwrap();
    let Ok(answer::Result::Invitations(listed)) = listed else {
        panic!("{listed:?}");
    };
    let left: Vec<u32> = listed.invitations.iter().map(|one| one.uses_left).collect();
    assert_eq!(left, [0, 0, 0, 1]);
    server.stop();
}
