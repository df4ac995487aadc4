use std::io::{BufRead, BufReader};
use std::process::Stdio;

use wire::Code;

use crate::home::Home;
use crate::person::Person;

#[test]
fn pins_are_made_listed_used_and_revoked_and_the_rest_outlives_a_restart() {
    let home = Home::new("kept");
    let server = home.start();
    let (pin, other) = (home.pin_new(), home.pin());
    let person = Person::new(1);
    assert!(
        person
            .call(&server.address, &person.register(&pin))
            .unwrap()
            .is_ok()
    );
    let listed = home.run(&["pins", "list"]);
    let listed = String::from_utf8(listed.stdout).unwrap();
    assert!(
        listed.starts_with(&other[..3]) && listed.lines().count() == 1,
        "{listed}"
    );
    assert!(
        listed.contains("5 tries left") && !listed.contains(&other[4..]),
        "{listed}"
    );
    let status = home.ask(&["status"]);
    assert_eq!(
        (&status["accounts"], &status["pins"]),
        (&1.into(), &1.into())
    );
    server.stop();

    let away = home.run(&["status"]);
    assert_eq!(away.status.code(), Some(3));
    let server = home.start();
    assert!(person.has_account(&server.address));
    assert_eq!(
        home.ask(&["pins", "revoke", &other[..3]])["event"],
        "pin_revoked"
    );
    let twice = home.run(&["pins", "revoke", &other[..3]]);
    assert_eq!(twice.status.code(), Some(1));
    let late = Person::new(2);
    let refused = late
        .call(&server.address, &late.register(&other))
        .unwrap()
        .unwrap_err();
    assert_eq!(refused.code, Ok(Code::Pin));
    server.stop();
}

#[test]
fn a_backup_made_while_it_runs_is_restored_elsewhere() {
    let (home, other) = (Home::new("backup"), Home::new("restore"));
    let server = home.start();
    let (pin, unused) = (home.pin(), home.pin());
    let person = Person::new(1);
    assert!(
        person
            .call(&server.address, &person.register(&pin))
            .unwrap()
            .is_ok()
    );
    let file = home.0.join("backup");
    let file = file.to_str().unwrap();
    assert_eq!(home.ask(&["backup", file])["event"], "backup_made");
    let twice = home.run(&["backup", file]);
    assert!(!twice.status.success(), "a backup was overwritten");
    server.stop();

    assert_eq!(other.ask(&["restore", file])["event"], "backup_restored");
    let onto = other.run(&["restore", file]);
    assert!(!onto.status.success(), "a store was overwritten");
    let server = other.start();
    assert!(person.has_account(&server.address));
    let late = Person::new(2);
    assert!(
        late.call(&server.address, &late.register(&unused))
            .unwrap()
            .is_ok()
    );
    server.stop();
}

#[test]
fn a_second_server_on_the_same_data_is_refused_and_names_the_first() {
    let home = Home::new("twice");
    let server = home.start();
    let second = home.run(&["run"]);
    assert_eq!(second.status.code(), Some(3));
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(said.contains("is in use by another process"), "{said}");
    assert_eq!(home.ask(&["status"])["accounts"], 0);
    server.stop();
}

#[test]
fn sighup_takes_a_new_rule_and_keeps_the_old_ones_when_the_file_is_wrong() {
    let home = Home::new("reload");
    let mut server = home.start_with(Stdio::piped());
    let log = BufReader::new(server.child.stderr.take().unwrap());
    let mut lines = log.lines().map(Result::unwrap);
    let person = Person::new(1);
    let address = server.address.clone();
    let refused = || {
        let said = person.call(&address, &person.register("")).unwrap();
        said.err().and_then(|refusal| refusal.code.ok())
    };
    home.configure("registration = \"nonsense\"\n");
    server.signal("HUP");
    assert!(lines.any(|line| line.contains("not reloaded, the old one stays")));
    assert_eq!(refused(), Some(Code::Pin));
    home.configure("registration = \"closed\"\n");
    server.signal("HUP");
    assert!(lines.any(|line| line.contains("configuration reloaded")));
    assert_eq!(refused(), Some(Code::Unsupported));
    server.signal("TERM");
    let rest: Vec<String> = lines.collect();
    assert!(server.child.wait().unwrap().success(), "{rest:?}");
}
