use clap::Parser;

use super::*;
use crate::args::Cli;

fn call(program: &'static str, args: &[&str]) -> Call {
    Call {
        program,
        ..Call::new(args)
    }
}

fn ui() -> Ui {
    Ui::new(&Cli::parse_from(["entrenous", "--quiet", "demo"]).global)
}

async fn ran(call: Call) -> Result<Answer, Failure> {
    run(call, &mut ui(), &mut Stop::listen().unwrap()).await
}

fn refusal(text: &str) -> Failure {
    refused(&Answer {
        succeeded: false,
        out: Zeroizing::default(),
        complaint: Some(text.to_owned()),
    })
}

#[tokio::test]
async fn as_much_is_read_as_an_item_may_have_and_no_more() {
    let zeros = |many: usize| ran(call("head", &["-c", &many.to_string(), "/dev/zero"]));
    assert_eq!(zeros(OUT_MAX).await.unwrap().out.len(), OUT_MAX);
    let failure = zeros(OUT_MAX + 1).await.unwrap_err();
    assert_eq!(
        failure.text,
        "`secret-tool` says more than 4096 bytes, so it is another program"
    );
    // Nobody reads what it goes on to say.
    assert!(ran(call("cat", &["/dev/zero"])).await.is_err());
}

#[tokio::test]
async fn a_key_goes_in_and_its_input_ends() {
    let key = primitives::Secret::new([7; 32]);
    let answer = ran(call("cat", &[]).giving(KeyText::of(&key)))
        .await
        .unwrap();
    assert_eq!(*answer.out, KeyText::of(&key).expose());
}

#[tokio::test(start_paused = true)]
async fn nobody_is_waited_for_longer_than_patience_lasts() {
    let begun = tokio::time::Instant::now();
    let failure = ran(call("sleep", &["infinity"])).await.unwrap_err();
    assert_eq!(failure.text, "the keyring does not answer");
    assert_eq!(begun.elapsed().as_secs(), (SOON + PATIENCE).as_secs());
}

#[tokio::test(start_paused = true)]
async fn what_undoes_something_is_waited_for_a_moment() {
    let begun = tokio::time::Instant::now();
    let failure = finish(call("sleep", &["infinity"])).await.unwrap_err();
    assert_eq!(failure.text, "the keyring does not answer");
    assert_eq!(begun.elapsed().as_secs(), MOMENT.as_secs());
}

#[tokio::test]
async fn a_command_that_is_missing_is_named_with_its_package() {
    let failure = ran(call("no-such-secret-tool", &[])).await.unwrap_err();
    assert!(failure.hint.unwrap().contains("libsecret-tools"));
}

#[test]
fn what_is_missing_is_told_apart() {
    for (says, text) in [
        (
            "Cannot autolaunch D-Bus without X11 $DISPLAY",
            "there is no D-Bus session, and so no keyring",
        ),
        (
            "Could not connect: No such file or directory",
            "there is no D-Bus session, and so no keyring",
        ),
        (
            "Failed to execute child process ?dbus-launch? (No such file or directory)",
            "there is no D-Bus session, and so no keyring",
        ),
        (
            "The name org.freedesktop.secrets was not provided by any .service files",
            "no keyring runs in this session",
        ),
        (
            "Cannot create an item in a locked collection",
            "the keyring stays locked",
        ),
        (
            "Object does not exist at path ?/org/freedesktop/secrets/collection/login?",
            "the keyring stays locked",
        ),
        ("something else", "the keyring refused"),
    ] {
        let failure = refusal(says);
        assert_eq!((&*failure.text, &*failure.causes[0]), (text, says));
        assert!(failure.hint.is_some());
    }
}

#[test]
fn only_the_command_itself_is_quoted() {
    let err = b"(secret-tool:7): GLib-WARNING **: no matter\nsecret-tool: it is locked\n";
    assert_eq!(complaint(err).unwrap(), "it is locked");
    assert_eq!(complaint(b"attribute.service = entrenous\n"), None);
}
