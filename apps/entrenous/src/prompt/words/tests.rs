//! Words typed in a real terminal. The program in it is this test again, in a process of its own.

use std::process::Command;

use clap::Parser;

use super::*;
use crate::args::Cli;
use crate::prompt::line;
use crate::tmux::Terminal;

/// Asks, where a test below has it run; says nothing elsewhere.
#[test]
fn asks_in_a_terminal() {
    let Ok(accept) = std::env::var("ENTRENOUS_TEST_ASKS") else {
        return;
    };
    let accept = match accept.as_str() {
        "phrase" => Accept::Phrase,
        _ => Accept::Anything,
    };
    let cli = Cli::parse_from(["entrenous", "demo"]);
    let mut ui = Ui::new(&cli.global);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let result = runtime.block_on(async {
        let mut stop = Stop::listen().unwrap();
        let mut fault = {
            use tokio::signal::unix::{SignalKind, signal};
            signal(SignalKind::user_defined1()).unwrap()
        };
        tokio::select! {
            answered = answer(&mut ui, &mut stop, accept) => answered,
            _ = fault.recv() => panic!("as it should in this test"),
        }
    });
    runtime.shutdown_background();
    let code = match result {
        Ok(()) => 0,
        Err(failure) => {
            ui.fail(&failure);
            i32::from(failure.exit_code() != std::process::ExitCode::SUCCESS)
        }
    };
    std::process::exit(code);
}

async fn answer(ui: &mut Ui, stop: &mut Stop, accept: Accept) -> Result<(), Failure> {
    let label = format!("Words of {} (Tab completes)", std::process::id());
    let question = Question {
        label: &label,
        flag: "--words-file PATH",
        accept,
    };
    let typed = words(ui, stop, &question).await?;
    let got = match typed.phrase {
        Some(phrase) => format!("the phrase <{}>\n", phrase.to_text().as_str()),
        None => format!("the text <{}>\n", typed.text.as_str()),
    };
    ui.print(got.as_bytes())?;
    let next = line(ui, stop, "Next", "--next").await?;
    ui.print(format!("then <{}>\n", next.as_str()).as_bytes())
}

/// A terminal in which somebody is asked; `None` where there is no tmux.
fn asked(name: &str, accept: &str) -> Option<Terminal> {
    let terminal = Terminal::open(name)?;
    let program = std::env::current_exe().ok()?;
    let test = "prompt::words::tests::asks_in_a_terminal";
    terminal.enter(&format!(
        "clear; m=$(stty -g); ENTRENOUS_TEST_ASKS={accept} {} --exact {test} --nocapture; \
         echo \"code $?.\"; [ \"$m\" = \"$(stty -g)\" ] && echo as before.",
        program.display()
    ));
    terminal.wait_for("(Tab completes):");
    Some(terminal)
}

fn write(terminal: &Terminal, text: &str) {
    terminal.tmux(&["send-keys", "-l", text]);
}

#[test]
fn words_are_completed_and_corrected_while_they_are_typed() {
    let Some(terminal) = asked("words", "phrase") else {
        return;
    };
    write(&terminal, "tig");
    terminal.press("Tab");
    terminal.wait_for("completes): tiger");
    write(&terminal, "ti");
    terminal.press("Tab");
    terminal.wait_for("tidbit");
    terminal.press("C-w");
    write(&terminal, "ZEBAR zzz ");
    terminal.wait_for("tiger ZEBAR zzz?");
    terminal.press("Enter");
    terminal.wait_for("word 3, \"zzz\", is not in the list");
    terminal.press("BSpace");
    terminal.press("C-w");
    terminal.enter("yog");
    let screen = terminal.wait_for("the phrase <tiger zebra yogurt>");
    assert!(
        screen.contains("completes): tiger zebra yogurt\n"),
        "the answer stays as it was understood: {screen}"
    );
    terminal.enter("more");
    terminal.wait_for("then <more>");
    terminal.wait_for("code 0.");
    terminal.wait_for("as before.");
}

#[test]
fn a_paste_of_all_words_at_once_may_have_them_on_lines() {
    let Some(terminal) = asked("paste", "phrase") else {
        return;
    };
    terminal.tmux(&["set-buffer", "tiger\nzebra\nyogurt\n"]);
    terminal.tmux(&["paste-buffer", "-p"]);
    terminal.wait_for("completes): tiger zebra yogurt");
    terminal.press("Enter");
    terminal.wait_for("the phrase <tiger zebra yogurt>");
}

#[test]
fn what_is_typed_ahead_stays_for_the_next_question() {
    let Some(terminal) = asked("ahead", "phrase") else {
        return;
    };
    write(&terminal, "tig zeb yog\rthe next line\r");
    terminal.wait_for("the phrase <tiger zebra yogurt>");
    terminal.wait_for("then <the next line>");
}

#[test]
fn a_text_that_is_no_phrase_is_taken_at_the_second_enter_where_it_may_be() {
    let Some(terminal) = asked("text", "anything") else {
        return;
    };
    terminal.enter("Größe: zwölf Bäume");
    terminal.wait_for("Enter again takes it as it is");
    terminal.press("Enter");
    terminal.wait_for("the text <Größe: zwölf Bäume>");
}

#[test]
fn an_answer_of_several_rows_is_drawn_once() {
    let Some(terminal) = asked("rows", "phrase") else {
        return;
    };
    let phrase = ["tiger"; 12].join(" ");
    write(&terminal, &phrase);
    write(&terminal, " zzz");
    terminal.wait_for("zzz");
    for _ in 0..4 {
        terminal.press("BSpace");
    }
    terminal.press("Enter");
    let screen = terminal.wait_for("the phrase <tiger");
    let (answer, _) = screen.split_once("the phrase").unwrap();
    assert_eq!(answer.matches("Words of").count(), 1, "{screen}");
    let answer = answer.split_once("completes): ").unwrap().1;
    // A space at the end of a row does not show.
    let bare = |text: &str| text.replace(['\n', ' '], "");
    assert_eq!(bare(answer), bare(&phrase), "{screen}");
}

#[test]
fn the_terminal_is_as_before_however_the_question_ends() {
    let kill = |signal: &str, terminal: &Terminal| {
        let screen = terminal.wait_for("Words of ");
        let id = screen.split_once("Words of ").unwrap().1;
        let id = id.split(' ').next().unwrap();
        let killed = Command::new("kill").args([signal, id]).status();
        assert!(killed.unwrap().success());
    };
    for (name, code) in [("int", 1), ("term", 1), ("panic", 101), ("end", 1)] {
        let Some(terminal) = asked(name, "phrase") else {
            return;
        };
        write(&terminal, if name == "end" { "" } else { "tig" });
        match name {
            "int" => terminal.press("C-c"),
            "term" => kill("-TERM", &terminal),
            "panic" => kill("-USR1", &terminal),
            _ => terminal.press("C-d"),
        }
        terminal.wait_for(&format!("code {code}."));
        terminal.wait_for("as before.");
        terminal.enter("true that you see this");
        terminal.wait_for("true that you see this");
    }
}
