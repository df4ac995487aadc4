//! Real networks, made of Linux network namespaces: they vanish with the script that made them.

use std::process::{Command, Stdio};

use crate::folder::Folder;
use crate::needs;
use crate::person::{Ended, Person};

/// Runs `script` as root of its own users, network and mounts; `$0` is the program. `None` where
/// this machine cannot do that, which has then been said.
pub(crate) fn in_namespace(test: &str, script: &str) -> Option<(Ended, Folder)> {
    let own = ["--map-root-user", "--net", "--mount"];
    let probe = Command::new("unshare")
        .args(own)
        .args(["sh", "-c", "mount -t tmpfs none /run && ip netns add probe"])
        .stderr(Stdio::null())
        .status();
    if !probe.is_ok_and(|status| status.success()) {
        needs::skipped(
            test,
            "no network namespaces (unshare, ip netns) on this machine",
        );
        return None;
    }
    let folder = Folder::new();
    folder.file("phrase", "four random words here\n");
    let mut command = Command::new("unshare");
    command
        .args(own)
        .args(["sh", "-euc", script, env!("CARGO_BIN_EXE_entrenous")]);
    command.current_dir(folder.path());
    Some((Person::spawn(command, "").end(), folder))
}

/// Two machines, `here` and `far`, with one cable between them.
pub(crate) const CABLE: &str = "
    mount -t tmpfs none /run
    ip netns add far
    ip link set lo up
    ip link add eth0 type veth peer name eth1 netns far
    ip addr add 10.77.0.1/24 dev eth0
    ip link set eth0 up
    ip netns exec far sh -c '
        ip link set lo up
        ip addr add 10.77.0.2/24 dev eth1
        ip link set eth1 up'
";

#[test]
fn two_machines_on_one_cable_meet() {
    let script = format!(
        "{CABLE}
        set -- meet --passphrase-file phrase --reveal-once
        ip netns exec far \"$0\" \"$@\" --message 'from afar' > far 2> /dev/null &
        \"$0\" \"$@\" --message 'from here'
        wait $!"
    );
    let Some((here, folder)) = in_namespace("two_machines_on_one_cable_meet", &script) else {
        return;
    };
    assert_eq!(
        (here.code, &here.stdout[..]),
        (Some(0), &["from afar".to_owned()][..])
    );
    assert!(here.stderr.contains("eth0 (10.77.0.1)"), "{}", here.stderr);
    let far = std::fs::read_to_string(folder.path().join("far")).unwrap();
    assert_eq!(far, "from here\n");
}

#[test]
fn without_a_network_the_person_is_told_what_to_do() {
    let script = "\"$0\" meet --passphrase-file phrase --message hi";
    let test = "without_a_network_the_person_is_told_what_to_do";
    let Some((ended, _)) = in_namespace(test, script) else {
        return;
    };
    assert_eq!(ended.code, Some(3));
    assert_eq!(ended.stdout, [""; 0]);
    assert!(
        ended.stderr.contains("error: there is no network"),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains("hint: "), "{}", ended.stderr);
}

#[test]
fn the_demonstration_needs_only_loopback() {
    let script = "ip link set lo up; exec \"$0\" demo";
    let Some((ended, _)) = in_namespace("the_demonstration_needs_only_loopback", script) else {
        return;
    };
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
}
