//! The screen: two built programs in two terminals, used by keys.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;

use crate::call::{HERE, event, opens};
use crate::profile::{Owner, text};
use crate::proxy::Proxy;
use crate::tmux::Terminal;

/// Somebody before the screen.
struct Seat {
    owner: Owner,
    terminal: Terminal,
}

impl Seat {
    /// `None` where there is no terminal, which has then been said.
    fn take(name: &str) -> Option<Self> {
        // As high as the QR code of a link and what is below it.
        let terminal = Terminal::sized(&format!("chat-{name}"), 100, 45)?;
        let owner = Owner::init(name, &[]);
        Some(Self { owner, terminal })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.owner.folder.path().join(name)
    }

    /// Begins the program; the settings of the terminal before and behind it are kept.
    fn chat(&self, more: &str) {
        self.chat_at("127.0.0.1:0", more);
    }

    /// The same, where calls are taken at this address.
    fn chat_at(&self, address: &str, more: &str) {
        let folder = self.owner.folder.path().display();
        let program = opens(&self.owner);
        self.terminal.enter(&format!(
            "clear; stty -g > {folder}/before; \
             sh -c 'echo $$ > {folder}/pid; exec {program} chat --tcp {address} {more}'; code=$?; \
             stty -g > {folder}/after; echo \"code $code.\""
        ));
        self.terminal.wait_for("F1 help");
        assert_eq!(self.flag("alternate_on"), "1");
    }

    /// Whether something of the terminal is on.
    fn flag(&self, name: &str) -> String {
        let format = format!("#{{{name}}}");
        let shown = self.terminal.tmux(&["display-message", "-p", &format]);
        shown.trim().to_owned()
    }

    /// Has the program end in the middle of what it does; then there is another shell.
    fn kill(&self) {
        let number = fs::read_to_string(self.path("pid")).unwrap();
        let kill = format!("kill -9 {number}");
        let killed = Command::new("sh").args(["-c", &kill]).status();
        assert!(killed.unwrap().success());
        self.terminal.tmux(&["respawn-pane", "-k"]);
        self.gone("F1 help");
    }

    /// Leaves it, and finds the terminal as it was.
    #[track_caller]
    fn leave(&self) {
        self.terminal.enter("/quit");
        self.terminal.wait_for("code 0.");
        assert_eq!(self.flag("alternate_on"), "0");
        assert_eq!(self.flag("cursor_flag"), "1");
        let settings = |name| fs::read_to_string(self.path(name)).unwrap();
        assert_eq!(settings("before"), settings("after"));
        self.terminal.enter("true that you see this");
        self.terminal.wait_for("> true that you see this");
    }

    /// Reads the link and the emoji of the owner from the screen.
    #[track_caller]
    fn address(&self) -> (SocketAddr, Vec<String>) {
        self.terminal.enter("/address");
        let screen = self.terminal.wait_for("?fp=");
        let (_, link) = screen.split_once("tcp://").unwrap();
        let (address, _) = link.split_once("?fp=").unwrap();
        let emoji = emoji_behind(&screen, "?fp=");
        self.terminal.press("Escape");
        self.gone("y copies the link");
        (address.parse().unwrap(), emoji)
    }

    /// Waits until `text` is not on the screen any more.
    #[track_caller]
    fn gone(&self, text: &str) {
        let is_gone = |screen: &str| (!screen.contains(text)).then_some(());
        self.terminal.wait_until(&format!("end of {text}"), is_gone);
    }

    /// Is shown somebody new, whose emoji are read from the screen, and says that they are the same.
    #[track_caller]
    fn compare(&self, name: &str) -> Vec<String> {
        let screen = self.terminal.wait_for("take without comparing");
        assert!(screen.contains(&format!("goes by \"{name}\"")), "{screen}");
        let emoji = emoji_behind(&screen, "own key");
        self.terminal.press("Right");
        self.terminal.wait_for("[same]");
        self.terminal.press("Enter");
        emoji
    }

    /// How much of a file the screen says has come, once that is more than `than`.
    #[track_caller]
    fn percent(&self, than: u64) -> u64 {
        self.terminal.wait_until("a progress", |screen| {
            let words = screen.split_whitespace();
            let percents = words.filter_map(|word| word.strip_suffix('%')?.parse().ok());
            percents.filter(|percent| *percent > than).max()
        })
    }

    /// The row of a message, once it has this mark.
    #[track_caller]
    fn marked(&self, mark: &str, text: &str) {
        self.terminal
            .wait_until(&format!("{mark} before {text}"), |screen| {
                let mut rows = screen.lines();
                rows.any(|row| row.contains(mark) && row.contains(&format!("│ {text}")))
                    .then_some(())
            });
    }

    /// What was said with somebody, as it is kept.
    fn history(&self, name: &str) -> Vec<String> {
        let lines = self.owner.json(&["history", name], "");
        let lines = lines.iter().filter(|line| line["event"] == "line");
        lines.map(|line| text(&line["text"])).collect()
    }
}

/// The eight emoji in a row behind the row that ends with `text` or has it.
#[track_caller]
fn emoji_behind(screen: &str, text: &str) -> Vec<String> {
    let rows = screen.lines().skip_while(|row| !row.contains(text)).skip(1);
    let words = rows.map(|row| {
        let words = row.split_whitespace().filter(|word| !word.contains('│'));
        words.map(plain).collect::<Vec<_>>()
    });
    let is_emoji = |words: &Vec<String>| words.len() == 8 && words.iter().all(|it| !it.is_ascii());
    let found = words.into_iter().find(is_emoji);
    found.unwrap_or_else(|| panic!("no emoji behind {text:?} on:\n{screen}"))
}

/// Without the character that asks for colour, which a terminal may keep or not.
fn plain(emoji: &str) -> String {
    emoji.replace('\u{fe0f}', "")
}

/// The emoji that the profile has, by a command that knows no screen.
fn own(owner: &Owner) -> Vec<String> {
    let emoji = text(&owner.told(&["id"], "", "profile")["emoji"]);
    emoji.split(" • ").map(plain).collect()
}

/// Bytes without a pattern, enough to be caught in the middle.
fn bytes() -> Vec<u8> {
    let mut state = 11_u64;
    let next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(100_000_000).collect()
}

#[test]
fn two_people_meet_talk_and_send_a_file_over_a_network_that_is_cut() {
    let Some(alice) = Seat::take("Alice") else {
        return;
    };
    let bob = Seat::take("Bob").unwrap();
    let (own_alice, own_bob) = (own(&alice.owner), own(&bob.owner));
    let (from, into) = (bob.path("holiday.tar"), alice.path("in"));
    let sent = bytes();
    fs::write(&from, &sent).unwrap();
    fs::create_dir(&into).unwrap();

    // where she can be called, and what she shows of herself
    alice.chat(&format!("--files {}", into.display()));
    bob.chat("");
    let (address, shown) = alice.address();
    assert_eq!(shown, own_alice);
    let network = Proxy::start(address);

    // both compare what they read with what the other one has
    let link = format!("/call tcp://{}", network.address);
    bob.terminal.enter(&link);
    assert_eq!(alice.compare("Bob"), own_bob);
    assert_eq!(bob.compare("Alice"), own_alice);
    for (seat, name) in [(&alice, "Bob"), (&bob, "Alice")] {
        seat.terminal.wait_for(&format!("─ verified: {name}"));
        let screen = seat.terminal.wait_for("verified, PQ ratchet");
        assert!(!screen.contains("not verified"), "{screen}");
    }

    // talk
    bob.terminal.enter("good evening");
    alice.terminal.wait_for("│ good evening");
    bob.marked("✓✓", "good evening");
    alice.terminal.enter("and to you");
    bob.terminal.wait_for("│ and to you");

    // a file, whose way is watched on both sides
    bob.terminal.enter(&format!("/send {}", from.display()));
    alice.terminal.wait_for("A file for you");
    alice.terminal.press("Tab");
    alice.terminal.wait_for("[accept]");
    alice.terminal.press("Enter");
    let seen = [&alice, &bob].map(|seat| seat.percent(0));
    let more = [(&alice, seen[0]), (&bob, seen[1])].map(|(seat, than)| seat.percent(than));
    assert!(more.iter().all(|percent| *percent < 100), "{more:?}");

    // the network goes away; what is said waits
    network.cut();
    for seat in [&alice, &bob] {
        seat.terminal.wait_for("LOST: ");
        seat.terminal.wait_for("no connection to");
    }
    let screen = alice.terminal.screen();
    assert!(
        !screen.contains("saved as"),
        "in the middle of it: {screen}"
    );
    bob.terminal.enter("said to nobody yet");
    bob.marked("…", "said to nobody yet");
    assert!(!alice.terminal.screen().contains("said to nobody yet"));

    // and comes back: both go on
    network.mend();
    alice.terminal.wait_for("│ said to nobody yet");
    bob.marked("✓✓", "said to nobody yet");
    for seat in [&alice, &bob] {
        seat.gone("LOST: ");
    }
    alice.terminal.wait_for(": saved as");
    bob.terminal.wait_for(": sent");
    assert!(fs::read(into.join("holiday.tar")).unwrap() == sent);
    let screen = alice.terminal.screen();
    assert_eq!(screen.matches("said to nobody yet").count(), 1, "{screen}");
    bob.terminal.enter("good night");
    alice.terminal.wait_for("│ good night");
    bob.marked("✓✓", "good night");

    // the terminals are as before, and all is there the next time
    bob.leave();
    alice.terminal.wait_for("the call with \"Bob\" is over");
    alice.leave();
    let said = [
        "good evening",
        "and to you",
        "said to nobody yet",
        "good night",
    ];
    for (seat, name) in [(&alice, "bob"), (&bob, "alice")] {
        assert_eq!(seat.history(name), said);
    }
    bob.chat("");
    bob.terminal.wait_for("People 1");
    bob.terminal.enter("/open Alice");
    let screen = bob.terminal.wait_for("│ good night");
    for line in said {
        assert!(screen.contains(&format!("│ {line}")), "{screen}");
    }
    assert!(screen.contains("─ verified: Alice"), "{screen}");
    bob.leave();
}

#[test]
fn a_call_goes_on_by_itself_after_either_program_was_killed() {
    let Some(alice) = Seat::take("Alice-killed") else {
        return;
    };
    let bob = Seat::take("Bob-killed").unwrap();
    alice.chat("");
    bob.chat("");
    let (address, _) = alice.address();
    bob.terminal.enter(&format!("/call tcp://{address}"));
    alice.compare("Bob-killed");
    bob.compare("Alice-killed");
    bob.terminal.wait_for("─ verified: Alice-killed");
    bob.terminal.enter("good evening");
    bob.marked("✓✓", "good evening");

    // the one who was called: from here on, nobody decides anything
    alice.kill();
    bob.terminal.wait_for("LOST: ");
    bob.terminal.enter("while you were away");
    bob.marked("…", "while you were away");
    alice.chat_at(&address.to_string(), "");
    alice.terminal.wait_for("│ while you were away");
    bob.marked("✓✓", "while you were away");
    let screen = alice.terminal.screen();
    assert_eq!(screen.matches("while you were away").count(), 1, "{screen}");

    // the one who called
    bob.kill();
    alice.terminal.wait_for("LOST: ");
    alice.terminal.enter("and you were");
    alice.marked("…", "and you were");
    bob.chat("");
    bob.terminal.wait_for("│ and you were");
    alice.marked("✓✓", "and you were");
    bob.terminal.enter("good night");
    alice.terminal.wait_for("│ good night");
    for (seat, name) in [(&alice, "Bob-killed"), (&bob, "Alice-killed")] {
        let screen = seat.terminal.wait_for(&format!("─ verified: {name}"));
        assert_eq!(screen.matches("and you were").count(), 1, "{screen}");
    }

    // what ended as it should does not go on
    bob.leave();
    alice.terminal.wait_for("is over");
    alice.leave();
    bob.chat("");
    bob.terminal.enter("/open Alice-killed");
    let screen = bob.terminal.wait_for("│ good night");
    assert!(!screen.contains("was cut"), "{screen}");
    bob.leave();
}

#[test]
fn without_a_terminal_or_for_a_program_there_is_no_screen() {
    let alice = Owner::init("Alice", &[]);
    for (more, said) in [
        (&[][..], "this is no terminal that a screen can be drawn on"),
        (
            &["--no-input"],
            "this is no terminal that a screen can be drawn on",
        ),
        (&["--json"], "a screen has no JSON"),
    ] {
        let ended = alice.run(&[&["chat"], more].concat(), "").end();
        assert_eq!(ended.code, Some(2), "{ended:?}");
        let all = [ended.stdout, vec![ended.stderr]].concat().concat();
        assert!(all.contains(said), "{all}");
        assert!(all.contains("entrenous chat --plain"), "{all}");
    }
}

#[test]
fn line_by_line_it_calls_and_is_called_through_pipes() {
    let (alice, bob) = (Owner::init("Alice", &[]), Owner::init("Bob", &[]));
    for (one, other) in [(&alice, &bob), (&bob, &alice)] {
        let card = text(&other.told(&["id"], "", "profile")["card"]);
        one.told(&["contacts", "add", &card], "", "contact_added");
    }
    let plain = ["chat", "--plain", "--accept-known", "--json"];
    let mut here = alice.run(&[&plain[..], &["--tcp", HERE]].concat(), "");
    let link = text(&event(&here, "listening")["link"]);
    let mut there = bob.run(&[&plain[..], &["--no-listen"]].concat(), "");
    there.say(&format!("/call {link}"));
    assert_eq!(event(&here, "established")["name"], "Bob");
    event(&there, "established");
    there.say("hello");
    assert_eq!(event(&here, "message")["text"], "hello");
    here.say("and to you");
    assert_eq!(event(&there, "message")["text"], "and to you");
    here.say("/quit");
    // She takes one call at a time.
    for person in [&here, &there] {
        event(person, "ended");
    }
    // and again, by name; the end of the input is the end of it
    there.say("/call alice");
    there.say("me again");
    there.end_input();
    assert_eq!(event(&here, "message")["text"], "me again");
    assert_eq!(there.end().code, Some(0));
    here.interrupt();
    assert_eq!(here.end().code, Some(0));
}
