//! On a LAN, ours and theirs.

use anyhow::Result;
use interop::{ours, program::Program, room::Room, said::Said, theirs};

#[test]
fn ours_meets_theirs_that_came_first() -> Result<()> {
    let room = Room::of_one_host()?;
    let theirs = theirs::on_lan(&room, 0, &Said::right("from theirs"))?;
    theirs.says(theirs::ANNOUNCED)?;
    let ours = ours::on_lan(&room, 0, &Said::right("from ours"), &[])?;
    both_have_it(&ours, theirs)
}

#[test]
fn theirs_meets_ours_that_came_first() -> Result<()> {
    let room = Room::of_one_host()?;
    let ours = ours::on_lan(&room, 0, &Said::right("from ours"), &[])?;
    let theirs = theirs::on_lan(&room, 0, &Said::right("from theirs"))?;
    both_have_it(&ours, theirs)
}

#[test]
fn ours_meets_theirs_between_two_hosts() -> Result<()> {
    let room = Room::of_two_hosts()?;
    let theirs = theirs::on_lan(&room, 0, &Said::right("from theirs"))?;
    let ours = ours::on_lan(&room, 1, &Said::right("from ours"), &[])?;
    both_have_it(&ours, theirs)
}

#[test]
fn the_longest_message_passes_both_ways() -> Result<()> {
    let room = Room::of_one_host()?;
    let (long, other) = ("o".repeat(829), "t".repeat(829));
    let ours = ours::on_lan(&room, 0, &Said::right(&long), &[])?;
    let theirs = theirs::on_lan(&room, 0, &Said::right(&other))?;
    theirs.prints(&long)?;
    ours.says(&matched(&other))?;
    Ok(())
}

#[test]
fn two_of_ours_and_one_of_theirs_meet() -> Result<()> {
    let room = Room::of_one_host()?;
    let one = ours::on_lan(&room, 0, &Said::right("from one"), &[])?;
    let two = ours::on_lan(&room, 0, &Said::right("from two"), &[])?;
    one.says(&matched("from two"))?;
    two.says(&matched("from one"))?;
    // Theirs ends with the first message it gets, so one of ours may never get its.
    let theirs = theirs::on_lan(&room, 0, &Said::right("from theirs"))?;
    let ended = theirs.ends()?;
    assert!(
        ended
            .out
            .iter()
            .any(|line| line == "from one" || line == "from two"),
        "{ended:?}"
    );
    Ok(())
}

#[test]
fn theirs_with_a_wrong_passphrase_gets_nothing() -> Result<()> {
    let room = Room::of_one_host()?;
    let ours = ours::on_lan(&room, 0, &Said::right("from ours"), &[])?;
    let theirs = theirs::on_lan(&room, 0, &Said::wrong("from theirs"))?;
    // Our dummy T3 ends it with an empty line, as theirs would.
    let ended = theirs.ends()?;
    assert!(
        !ended.out.iter().any(|line| line.contains("from ours")),
        "{ended:?}"
    );
    // Whoever comes now with the right one is met; the other was not.
    let right = ours::on_lan(&room, 0, &Said::right("from right"), &[])?;
    right.says(&matched("from ours"))?;
    ours.says(&matched("from right"))?;
    assert!(!ours.to_string().contains("from theirs"), "{ours}");
    Ok(())
}

#[test]
fn ours_with_a_wrong_passphrase_gets_nothing_and_spoils_nothing() -> Result<()> {
    let room = Room::of_one_host()?;
    let wrong = ours::on_lan(&room, 0, &Said::wrong("from wrong"), &[])?;
    let ours = ours::on_lan(&room, 0, &Said::right("from ours"), &[])?;
    wrong.says(r#""others":1"#)?;
    let theirs = theirs::on_lan(&room, 0, &Said::right("from theirs"))?;
    both_have_it(&ours, theirs)?;
    let said = wrong.to_string();
    assert!(
        !said.contains("from ours") && !said.contains("from theirs"),
        "{said}"
    );
    Ok(())
}

fn both_have_it(ours: &Program, theirs: Program) -> Result<()> {
    ours.says(&matched("from theirs"))?;
    theirs.prints("from ours")?;
    assert!(theirs.ends()?.status.success());
    Ok(())
}

/// What ours prints for a match, in part.
fn matched(message: &str) -> String {
    format!(r#""text":"{message}""#)
}
