//! The screen in a real terminal. The program in it is this test again, in a process of its own.

use std::io::Write;

use tokio::sync::mpsc;

use super::*;
use crate::stop::Stop;

/// Shows a screen, where a test below has it run; says nothing elsewhere.
#[test]
fn shows_a_screen() {
    if std::env::var_os("ENTRENOUS_TEST_SHOWS").is_none() {
        return;
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let code = runtime.block_on(async {
        let mut stop = Stop::listen().unwrap();
        let (tell, happened) = mpsc::channel(64);
        let (actions, mut wanted) = mpsc::channel(64);
        let node = tokio::spawn(async move {
            let mut said = Vec::new();
            let mut everybody = people();
            everybody[2].name = format!("pid {} of it", std::process::id());
            tell.send(Happened::People(everybody)).await.unwrap();
            while let Some(action) = wanted.recv().await {
                match action {
                    Action::Open(with) => {
                        let entries = vec![text(1, From::Them, "a\u{1b}[31mb")];
                        tell.send(page(with, entries)).await.unwrap();
                    }
                    Action::Say { to, text } if text == "panic" => {
                        panic!("{to:?}, as it should in this test")
                    }
                    Action::Say { to, text: words } => {
                        said.push(words.clone());
                        let entry = text(
                            u64::try_from(said.len()).unwrap().saturating_add(1),
                            From::Me(State::Sent),
                            &words,
                        );
                        tell.send(Happened::Entry { with: to, entry })
                            .await
                            .unwrap();
                    }
                    Action::Quit => said.push("quit".to_owned()),
                    _ => {}
                }
            }
            said
        });
        let wires = Wires { happened, actions };
        let ended = run(Screen::new(settings()), wires, &mut stop).await;
        let said = node.await.unwrap_or_default();
        let how = if ended.is_ok() { "well" } else { "badly" };
        writeln!(std::io::stdout(), "said {said:?}, ended {how}").unwrap();
        i32::from(ended.is_err())
    });
    runtime.shutdown_background();
    std::process::exit(code);
}

/// A terminal in which the screen is shown; `None` where there is no tmux.
fn shown(name: &str) -> Option<crate::tmux::Terminal> {
    let terminal = crate::tmux::Terminal::open(name)?;
    let program = std::env::current_exe().ok()?;
    let test = "chat::tests::terminal::shows_a_screen";
    terminal.enter(&format!(
        "clear; m=$(stty -g); ENTRENOUS_TEST_SHOWS=1 RUST_BACKTRACE=0 {} --exact {test} --nocapture; \
         echo \"code $?.\"; [ \"$m\" = \"$(stty -g)\" ] && echo as before.",
        program.display()
    ));
    terminal.wait_for("F1 help");
    Some(terminal)
}

fn write(terminal: &crate::tmux::Terminal, text: &str) {
    terminal.tmux(&["send-keys", "-l", text]);
}

#[test]
fn one_talks_and_leaves_and_the_terminal_is_as_before() {
    let Some(terminal) = shown("chat") else {
        return;
    };
    terminal.enter("/open bob");
    terminal.wait_for("a\u{fffd}[31mb");
    write(&terminal, "first");
    terminal.press("M-Enter");
    terminal.enter("line é日");
    terminal.wait_for("✓ │ first");
    terminal.tmux(&["set-buffer", "pasted\nlines"]);
    terminal.tmux(&["paste-buffer", "-p"]);
    terminal.wait_for("  lines");
    terminal.press("Enter");
    terminal.wait_for("│ pasted");
    terminal.tmux(&["resize-window", "-x", "40", "-y", "10"]);
    terminal.press("F1");
    terminal.wait_for("more rows");
    terminal.press("Escape");
    terminal.tmux(&["resize-window", "-x", "80", "-y", "24"]);
    terminal.wait_for("People 3");
    terminal.press("C-c");
    terminal.wait_for("Ctrl-C again leaves");
    terminal.press("C-c");
    let screen = terminal.wait_for("as before.");
    let said = "said [\"first\\nline é日\", \"pasted\\nlines\", \"quit\"], ended well";
    assert!(
        screen.contains(said) && screen.contains("code 0."),
        "{screen}"
    );
    assert!(!screen.contains("People 3"), "{screen}");
}

#[test]
fn it_stops_and_goes_on_with_the_shell() {
    let Some(terminal) = shown("chat-stop") else {
        return;
    };
    terminal.enter("/open bob");
    terminal.wait_for("verified: bob");
    terminal.press("C-z");
    terminal.wait_for("Stopped");
    terminal.enter("clear; echo in the shell of $((40 + 2))");
    terminal.wait_for("in the shell of 42");
    terminal.enter("fg");
    terminal.wait_for("verified: bob");
    terminal.enter("still there");
    terminal.wait_for("│ still there");
    terminal.enter("/quit");
    terminal.wait_for("said [\"still there\", \"quit\"], ended well");
}

#[test]
fn a_signal_ends_it_and_the_terminal_is_as_before() {
    for signal in ["TERM", "HUP"] {
        let Some(terminal) = shown(&format!("chat-{signal}")) else {
            return;
        };
        let screen = terminal.wait_for(" of it");
        let (_, pid) = screen.split_once("pid ").unwrap();
        let (pid, _) = pid.split_once(' ').unwrap();
        let kill = ["-s", signal, pid];
        let killed = std::process::Command::new("kill").args(kill).status();
        assert!(killed.unwrap().success());
        let screen = terminal.wait_for("as before.");
        assert!(screen.contains("ended well"), "{signal}: {screen}");
    }
}

#[test]
fn a_panic_anywhere_is_told_on_a_terminal_that_is_as_before() {
    let Some(terminal) = shown("chat-panic") else {
        return;
    };
    terminal.enter("/open bob");
    terminal.wait_for("verified: bob");
    terminal.enter("panic");
    let screen = terminal.wait_for("as before.");
    assert!(screen.contains("as it should in this test"), "{screen}");
    assert!(
        screen.contains("ended badly") && screen.contains("code 1."),
        "{screen}"
    );
}
