//! Profiles, homes, invitations, contacts: the built program, and servers inside the test.

use crate::person::Person;
use crate::profile::{Owner, Place, parsed, text};

#[test]
fn two_profiles_and_two_servers_make_two_contacts_with_equal_fingerprints() {
    let (messaging, rendezvous) = (Place::start(), Place::start());
    let (alice, bob) = (messaging.resident("Alice"), Owner::init("Bob", &[]));
    let invite = ["invite", "--split", "--no-wait", "--at", &rendezvous.host];
    let invited = alice.told(&invite, "", "invited");
    assert!(invited.get("joined_line").is_none(), "{invited}");
    let (line, words) = (text(&invited["line"]), text(&invited["passphrase"]));
    assert!(!line.contains(&messaging.host), "{line}");

    // typed as people type: capitals, dashes, beginnings
    let typed: Vec<_> = words
        .split(' ')
        .map(|word| word[..3].to_uppercase())
        .collect();
    let file = bob.folder.file("words", &typed.join("-"));
    let joined = bob.told(
        &["join", "-", "--words-file", &file],
        &line,
        "contact_added",
    );
    assert_eq!(
        (&joined["name"], &joined["origin"]),
        (&"Alice".into(), &"link".into())
    );
    assert_eq!(text(&joined["words"]), alice.words());

    let events = alice.json(&["contacts"], "");
    let told: Vec<_> = events.iter().map(|event| text(&event["event"])).collect();
    assert_eq!(told, ["contact_added", "contact", "contacts_done"]);
    assert_eq!(text(&events[1]["words"]), bob.words());
    let listed = bob.told(&["contacts"], "", "contact");
    assert_eq!(text(&listed["words"]), alice.words());
    assert_eq!(listed["home"], messaging.host.as_str());
    assert_eq!(
        alice.told(&["invitations"], "", "invitations_done")["invitations"],
        0
    );

    // used up
    let carol = Owner::init("Carol", &[]);
    let both = format!("{line}\n{words}\n");
    let ended = carol.run(&["join", "-", "--json"], &both).end();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let events = parsed(&ended);
    let error = events.last().unwrap();
    assert_eq!(error["event"], "error");
    assert!(text(&error["text"]).contains("used up"), "{error}");
}

#[test]
fn an_inviter_who_waits_is_told_and_the_line_is_enough() {
    let (messaging, rendezvous) = (Place::start(), Place::start());
    let (alice, bob) = (messaging.resident("Alice"), Owner::init("Bob", &[]));
    let waiting = alice.run(&["invite", "--at", &rendezvous.host], "");
    let line = waiting.line();
    assert!(
        line.starts_with("entrenous:r/") && line.contains('#'),
        "{line}"
    );
    waiting.talk_with("waiting for them");
    let joined = bob.run(&["join", "-"], &line).end();
    assert_eq!(joined.code, Some(0), "{joined:?}");
    assert!(joined.stdout[0].starts_with("\"Alice\" is a contact now: "));
    let ended = waiting.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(
        ended.stdout[1].starts_with("\"Bob\" is a contact now: "),
        "{ended:?}"
    );
}

#[test]
fn leaving_a_wait_leaves_the_invitation_and_withdrawing_takes_it_back() {
    let (messaging, rendezvous) = (Place::start(), Place::start());
    let alice = messaging.resident("Alice");
    let waiting = alice.run(&["invite", "--at", &rendezvous.host], "");
    let line = waiting.line();
    waiting.talk_with("waiting for them");
    waiting.interrupt();
    assert_eq!(waiting.end().code, Some(0));
    let listed = alice.told(&["invitations"], "", "invitation");
    assert!(line.starts_with(&text(&listed["line"])), "{listed}");
    alice.told(
        &["invitations", "withdraw", "1"],
        "",
        "invitation_withdrawn",
    );
    let bob = Owner::init("Bob", &[]);
    let ended = bob.run(&["join", "-"], &line).end();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(
        ended.stderr.contains("used up, withdrawn or expired"),
        "{ended:?}"
    );
}

#[test]
fn people_with_profiles_swap_cards_when_they_meet() {
    let place = Place::start();
    let (alice, bob) = (Owner::init("Alice", &[]), Owner::init("Bob", &[]));
    let url = format!("http://{}", place.host);
    let args = [
        "meet",
        "--at",
        &url,
        "--board",
        "garden",
        "--passphrase",
        "tulip anchor",
    ];
    let meet = |owner: &Owner| owner.run(&[&args[..], &["--reveal-once"]].concat(), "");
    let meetings = [meet(&alice), meet(&bob)];
    for (meeting, other) in meetings.into_iter().zip(["Bob", "Alice"]) {
        let ended = meeting.end();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let begins = format!("\"{other}\" is a contact now: ");
        assert!(ended.stdout[0].starts_with(&begins), "{ended:?}");
    }
    let listed = alice.told(&["contacts"], "", "contact");
    assert_eq!(
        (&listed["name"], &listed["origin"]),
        (&"Bob".into(), &"met".into())
    );
    assert_eq!(text(&listed["words"]), bob.words());

    // a card does not fit everywhere
    let ended = alice
        .run(&["meet", "--at", &url, "--passphrase", "tulip anchor"], "")
        .end();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("--board NAME"), "{ended:?}");
}

#[test]
fn a_card_is_added_verified_renamed_and_removed() {
    let (alice, bob) = (Owner::init("Alice", &[]), Owner::init("Bob", &[]));
    let card = bob.run(&["id", "--card"], "").end().stdout.remove(0);
    alice.told(&["contacts", "add", "-"], &card, "contact_added");
    let again = alice.told(&["contacts", "add", &card], "", "contact_added");
    assert_eq!(again["new"], false);

    let wrong = alice
        .run(&["verify", "bob", "--matches", &alice.words()], "")
        .end();
    assert_eq!(wrong.code, Some(4), "{wrong:?}");
    let words = bob.words().to_uppercase();
    let verified = alice.told(&["verify", "bob", "--matches", &words], "", "contact");
    assert_eq!(verified["verified"], true);
    let renamed = alice.told(&["contacts", "rename", "bob", "Bobby"], "", "contact");
    assert_eq!(
        (&renamed["name"], &renamed["card_name"]),
        (&"Bobby".into(), &"Bob".into())
    );
    let shown = alice.told(&["contacts", "show", "BOB"], "", "contact");
    assert_eq!(shown["verified"], true);
    let part = alice.run(&["contacts", "remove", "bob"], "").end();
    assert_eq!(part.code, Some(1), "the whole name is wanted");
    alice.told(&["contacts", "remove", "Bobby"], "", "contact_removed");
    assert_eq!(
        alice.told(&["contacts"], "", "contacts_done")["contacts"],
        0
    );
    let own = alice.run(&["id", "--card"], "").end().stdout.remove(0);
    let refused = alice.run(&["contacts", "add", &own], "").end();
    assert!(
        refused.stderr.contains("your own contact card"),
        "{refused:?}"
    );
}

#[test]
fn a_profile_comes_back_from_its_backup_on_another_device() {
    let (alice, bob) = (Owner::init("Alice", &[]), Owner::init("Bob", &[]));
    let card = bob.run(&["id", "--card"], "").end().stdout.remove(0);
    alice.told(&["contacts", "add", "-"], &card, "contact_added");
    let file = alice.folder.path().join("alice.backup");
    let file = file.to_str().unwrap();
    assert_eq!(
        alice.told(&["backup", file], "", "backup_done")["records"],
        2
    );
    let twice = alice.run(&["backup", file], "").end();
    assert_eq!(twice.code, Some(1), "{twice:?}");

    // over a profile that is there nothing is restored
    let refused = alice.run(&["restore", file], "").end();
    assert!(refused.stderr.contains("--profile NAME"), "{refused:?}");
    let restored = alice.told(&["restore", file, "--profile", "other"], "", "profile");
    assert_eq!(text(&restored["words"]), alice.words());
    let listed = alice.told(&["contacts", "--profile", "other"], "", "contact");
    assert_eq!(text(&listed["words"]), bob.words());
    let wrong = bob.run(&["restore", file, "--profile", "other"], "").end();
    assert_eq!(wrong.code, Some(1), "{wrong:?}");
    assert!(wrong.stderr.contains("hint: it opens with"), "{wrong:?}");
}

#[test]
fn a_profile_opens_with_its_passphrase_alone_and_for_one_program_at_a_time() {
    let folder = crate::folder::Folder::new();
    let phrase = folder.file("phrase", "grated moon under 4 tame kettles\n");
    let run = |args: &[&str]| Person::run_in(folder.path(), args, "");
    let init = ["init", "--no-input", "--name", "Alice", "--unlock-file"];
    let weak = folder.file("weak", "summer");
    let ended = run(&[&init[..], &[&weak]].concat()).end();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains("too easy to guess"), "{ended:?}");
    let ended = run(&[&init[..], &[&phrase]].concat()).end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let again = run(&[&init[..], &[&phrase]].concat()).end();
    assert!(
        again
            .stderr
            .contains("there is a profile \"default\" already"),
        "{again:?}"
    );

    let ended = run(&["id", "--unlock-file", &phrase]).end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let ended = run(&["id", "--unlock-file", &weak]).end();
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let nobody = run(&["id", "--no-input"]).end();
    assert_eq!(nobody.code, Some(2), "{nobody:?}");
    assert!(nobody.stderr.contains("--unlock-file PATH"), "{nobody:?}");
    let none = run(&["id", "--profile", "nobody", "--unlock-file", &phrase]).end();
    assert!(none.stderr.contains("`entrenous init`"), "{none:?}");
}
