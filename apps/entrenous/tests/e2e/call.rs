//! Calls: two built programs that talk to each other.

use serde_json::Value;

use crate::person::Person;
use crate::profile::{Owner, parsed, text};
use crate::tmux::Terminal;

pub(crate) const HERE: &str = "127.0.0.1:0";
/// For calls of contacts, for a program.
const LISTEN: [&str; 6] = [
    "listen",
    "--accept-known",
    "--json",
    "--no-input",
    "--tcp",
    HERE,
];

/// The program for a shell, as it opens somebody's profile.
pub(crate) fn opens(owner: &Owner) -> String {
    let folder = owner.folder.path().display();
    let homes = ["HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME"];
    let homes: Vec<_> = homes
        .iter()
        .map(|name| format!("{name}={folder}"))
        .collect();
    let program = env!("CARGO_BIN_EXE_entrenous");
    let homes = homes.join(" ");
    format!("env {homes} ENTRENOUS_KEY_FILE={folder}/key {program}")
}

fn knows(one: &Owner, other: &Owner) {
    let card = text(&other.told(&["id"], "", "profile")["card"]);
    one.told(&["contacts", "add", &card], "", "contact_added");
}

/// The next event of this kind.
#[track_caller]
pub(crate) fn event(person: &Person, name: &str) -> Value {
    loop {
        let line = person.line();
        let told: Value = serde_json::from_str(&line).expect(&line);
        if told["event"] == name {
            return told;
        }
        assert_ne!(told["event"], "error", "{line}");
    }
}

#[test]
fn two_people_compare_say_yes_and_talk_and_are_not_asked_again() {
    let (alice, bob) = (Owner::init("Alice", &[]), Owner::init("Bob", &[]));
    let words = bob.words();
    let Some(here) = Terminal::open("listens") else {
        return;
    };
    let there = Terminal::open("calls").unwrap();
    here.enter(&format!(
        "clear; {} listen --accept-known --tcp {HERE}; echo \"code $?.\"",
        opens(&alice)
    ));
    here.wait_for("waiting for calls");
    // The link stands above its QR code, which fills the screen; without the fingerprint, people are asked.
    let above = here.tmux(&["capture-pane", "-p", "-S", "-100"]);
    let link = above.lines().find(|line| line.starts_with("tcp://"));
    let (link, _) = link.expect(&above).split_once("?fp=").unwrap();
    there.enter(&format!(
        "clear; {} call {link}; echo \"code $?.\"",
        opens(&bob)
    ));
    let asked = here.wait_for("The same on their screen? [y/N]");
    let words: Vec<_> = words.split(' ').take(4).collect();
    assert!(asked.contains(&words.join(" ")), "{asked}");
    here.enter("yes");
    there.wait_for("The same on their screen? [y/N]");
    there.enter("perhaps");
    there.wait_for("yes or no? [y/N]");
    there.enter("y");
    for terminal in [&here, &there] {
        terminal.wait_for("each line is sent");
    }
    here.enter("good evening");
    there.wait_for("\"Alice\": good evening");
    there.enter("and to you");
    here.wait_for("\"Bob\": and to you");
    there.enter("/quit");
    there.wait_for("code 0.");
    here.wait_for("waiting for calls");

    // known by key now, on both sides; the earlier screen is gone first
    there.enter("clear; echo re''ady.");
    there.wait_for("ready.");
    there.enter(&format!(
        "clear; {} call {link}; echo \"code $?.\"",
        opens(&bob)
    ));
    let screen = there.wait_for("each line is sent");
    assert!(
        !screen.contains("[y/N]") && !screen.contains("not verified"),
        "{screen}"
    );
    there.enter("again");
    here.wait_for("\"Bob\": again");
    here.press("C-c");
    here.wait_for("code 0.");
    there.wait_for("code 0.");
}

#[test]
fn programs_that_know_each_other_talk_without_a_terminal() {
    let (alice, bob) = (Owner::init("Alice", &[]), Owner::init("Bob", &[]));
    knows(&alice, &bob);
    let words = alice.words();
    let mut here = alice.run(&LISTEN, "");
    let link = text(&event(&here, "listening")["link"]);
    let mut there = bob.run(&["call", &link, "--json", "--no-input"], "");
    assert!(text(&event(&here, "incoming")["from"]).starts_with("127.0.0.1:"));
    let established = event(&here, "established");
    assert_eq!(established["name"], "Bob");
    assert_eq!(established["contact"], true);
    let established = event(&there, "established");
    assert_eq!(
        (&established["name"], &established["contact"]),
        (&"Alice".into(), &false.into())
    );
    assert_eq!(text(&established["words"]), words);

    here.say("from here\u{1b}[2J");
    let message = event(&there, "message");
    assert_eq!(
        (&message["name"], &message["text"]),
        (&"Alice".into(), &"from here\u{1b}[2J".into())
    );
    there.say(&"x".repeat(30_001));
    assert!(text(&event(&there, "warning")["text"]).contains("at most 30000 fit"));
    there.say("from there");
    assert_eq!(event(&here, "message")["text"], "from there");
    there.say("last words");
    there.end_input();
    let ended = event(&there, "ended");
    assert_eq!(
        (&ended["reason"], &ended["waiting"]),
        (&"left".into(), &0.into())
    );
    assert_eq!(there.end().code, Some(0));
    assert_eq!(event(&here, "message")["text"], "last words");
    assert_eq!(event(&here, "ended")["reason"], "closed");

    // what is piped in is said, and the next call is the same person's
    let there = bob.run(&["call", "alice", "--at", &link, "--no-input"], "piped\n");
    assert_eq!(event(&here, "message")["text"], "piped");
    let ended = there.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(event(&here, "ended")["reason"], "closed");
    here.interrupt();
    let ended = here.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    parsed(&ended);

    // all of it is kept on both sides
    let said = ["from here\u{1b}[2J", "from there", "last words", "piped"];
    for (owner, name, by) in [
        (&alice, "bob", ["you", "them", "them", "them"]),
        (&bob, "alice", ["them", "you", "you", "you"]),
    ] {
        let ended = owner.run(&["history", name, "--json"], "").end();
        let lines = parsed(&ended);
        let lines: Vec<_> = lines
            .iter()
            .filter(|line| line["event"] == "line")
            .collect();
        let shown: Vec<_> = lines.iter().map(|line| text(&line["text"])).collect();
        assert_eq!(shown, said);
        for (line, by) in lines.iter().zip(by) {
            assert_eq!(
                (text(&line["by"]), text(&line["standing"])),
                (by.into(), "delivered".into())
            );
        }
    }
    let found = bob
        .run(&["history", "alice", "--search", "FROM T"], "")
        .end();
    assert!(
        found.stdout.len() == 1 && found.stdout[0].ends_with("you: from there"),
        "{found:?}"
    );
    // nothing that a terminal obeys comes out
    let shown = bob.run(&["history", "alice"], "").end();
    assert!(
        shown.stdout.len() == 4 && !shown.stdout.concat().contains('\u{1b}'),
        "{shown:?}"
    );
    let file = bob.folder.path().join("alice.txt");
    let export = ["history", "alice", "--export", file.to_str().unwrap()];
    assert_eq!(bob.run(&export, "").end().code, Some(0));
    assert_eq!(std::fs::read_to_string(&file).unwrap().lines().count(), 4);
    assert_eq!(
        bob.run(&export, "").end().code,
        Some(1),
        "it is there already"
    );
    bob.run(&["history", "alice", "--forget"], "").end();
    let shown = bob.run(&["history", "alice"], "").end();
    assert_eq!((shown.code, shown.stdout.len()), (Some(0), 0), "{shown:?}");
    // whoever was only called can be verified
    let words = alice.words();
    let ended = bob.run(&["verify", "alice", "--matches", &words], "").end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let people = parsed(&bob.run(&["contacts", "--offline", "--json"], "").end());
    let pin = people.iter().find(|one| one["event"] == "pin").unwrap();
    assert_eq!(
        (text(&pin["name"]), &pin["verified"]),
        ("Alice".into(), &true.into())
    );
}

#[test]
fn what_was_said_to_nobody_comes_with_the_next_call_and_once() {
    let (alice, bob) = (Owner::init("Alice", &[]), Owner::init("Bob", &[]));
    knows(&alice, &bob);
    let here = alice.run(&LISTEN, "");
    let link = text(&event(&here, "listening")["link"]);
    let mut there = bob.run(&["call", &link, "--json", "--no-input"], "");
    event(&there, "established");
    there.say("one");
    assert_eq!(event(&here, "message")["text"], "one");
    assert_eq!(event(&there, "standing")["standing"], "delivered");
    here.signal("-KILL");
    event(&there, "lost");
    there.say("two");
    event(&there, "said");
    there.signal("-KILL");
    there.end();

    let here = alice.run(&LISTEN, "");
    let link = text(&event(&here, "listening")["link"]);
    let mut there = bob.run(&["call", &link, "--json", "--no-input"], "");
    let waiting = event(&there, "established");
    assert_eq!(waiting["resumed"], false);
    there.say("three");
    for expected in ["two", "three"] {
        assert_eq!(event(&here, "message")["text"], expected);
    }
    there.end_input();
    assert_eq!(event(&there, "ended")["waiting"], 0);
    assert_eq!(there.end().code, Some(0));
}

#[test]
fn whoever_is_hung_up_on_learns_that_not_all_of_the_input_was_said() {
    let (alice, bob) = (Owner::init("Alice", &[]), Owner::init("Bob", &[]));
    knows(&alice, &bob);
    let mut here = alice.run(&LISTEN, "");
    let link = text(&event(&here, "listening")["link"]);
    // More than is said before she hangs up: each line is kept before the next one is read.
    let lines = "line\n".repeat(12_000);
    let there = bob.run(&["call", &link, "--no-input"], &lines);
    assert_eq!(event(&here, "message")["text"], "line");
    here.say("/quit");
    let ended = there.end();
    assert_eq!(ended.code, Some(3), "{ended:?}");
    let said = "they hung up before all was said";
    assert!(ended.stderr.contains(said), "{}", ended.stderr);
    event(&here, "ended");

    // a pipe that stays open, and in which nothing is left, is not waited for
    let mut there = bob.run(&["call", &link, "--json", "--no-input"], "");
    event(&there, "established");
    there.say("all");
    while event(&here, "message")["text"] != "all" {}
    event(&there, "standing");
    here.say("/quit");
    assert_eq!(there.end().code, Some(0));
}

#[test]
fn nobody_is_taken_whom_nobody_knows_and_nobody_else_is_reached() {
    let (alice, bob) = (Owner::init("Alice", &[]), Owner::init("Bob", &[]));
    let carol = Owner::init("Carol", &[]);
    knows(&bob, &alice);
    let here = carol.run(
        &["listen", "--accept-known", "--no-input", "--tcp", HERE],
        "",
    );
    let link = here.line();
    let (place, sum) = link.split_once("?fp=").unwrap();

    // Carol does not know Bob, and has nobody to ask
    let ended = bob.run(&["call", &link, "--no-input"], "hello\n").end();
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(
        ended.stderr.contains("they hung up before the call began"),
        "{ended:?}"
    );
    here.talk_with("is not known, and nobody is here to say whether it is them");

    // she does now, but it is not Alice whom he reaches
    let changed = match sum.starts_with('A') {
        true => format!("B{}", &sum[1..]),
        false => format!("A{}", &sum[1..]),
    };
    let other = format!("{place}?fp={changed}");
    drop(here);
    knows(&carol, &bob);
    let here = carol.run(
        &["listen", "--accept-known", "--no-input", "--tcp", HERE],
        "",
    );
    let link = here.line();
    let (place, _) = link.split_once("?fp=").unwrap();
    let other = other
        .split_once('?')
        .map(|(_, sum)| format!("{place}?{sum}"))
        .unwrap();
    for args in [&["call", "alice", "--at", place][..], &["call", &other]] {
        let ended = bob.run(&[args, &["--no-input"]].concat(), "secret\n").end();
        assert_eq!(ended.code, Some(4), "{ended:?}");
        assert!(
            ended
                .stderr
                .contains("another key than the one that was called"),
            "{ended:?}"
        );
    }
    // without a name or a fingerprint he would have to say whether it is her
    let ended = bob.run(&["call", place, "--no-input"], "secret\n").end();
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("?fp="), "{ended:?}");
    here.interrupt();
    let ended = here.end();
    // Bob knows her key, and so may have been there, for as long as it took to refuse her.
    assert!(matches!(ended.code, Some(0 | 130)), "{ended:?}");
    assert_eq!(
        ended.stdout,
        [link],
        "nothing was said to her: {}",
        ended.stderr
    );
}
