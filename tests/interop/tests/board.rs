//! At a server, ours and theirs.

use anyhow::Result;
use interop::{ours, program::Program, room::Room, said::Said, theirs};

#[test]
fn ours_meets_theirs_at_their_server() -> Result<()> {
    let room = Room::of_one_host()?;
    let host = room.host(0);
    let _server = theirs::server(host)?;
    let ours = ours::at_board(host, URL, &Said::right("from ours"), &[])?;
    let theirs = theirs::at_board(host, 45, &Said::right("from theirs"))?;
    both_have_it(&ours, &theirs)
}

#[test]
fn ours_meets_theirs_at_our_server() -> Result<()> {
    let room = Room::of_one_host()?;
    let host = room.host(0);
    let _server = ours::server(host)?;
    let theirs = theirs::at_board(host, 45, &Said::right("from theirs"))?;
    let ours = ours::at_board(host, URL, &Said::right("from ours"), &[])?;
    both_have_it(&ours, &theirs)
}

#[test]
fn two_of_ours_meet_at_their_server() -> Result<()> {
    let room = Room::of_one_host()?;
    let host = room.host(0);
    let _server = theirs::server(host)?;
    let one = ours::at_board(host, URL, &Said::right("from one"), &[])?;
    let two = ours::at_board(host, URL, &Said::right("from two"), &[])?;
    one.says(&matched("from two"))?;
    two.says(&matched("from one"))?;
    Ok(())
}

#[test]
fn two_of_theirs_meet_at_our_server() -> Result<()> {
    let room = Room::of_one_host()?;
    let host = room.host(0);
    let _server = ours::server(host)?;
    let one = theirs::at_board(host, 45, &Said::right("from one"))?;
    let two = theirs::at_board(host, 45, &Said::right("from two"))?;
    one.says(&printed("from two"))?;
    two.says(&printed("from one"))?;
    Ok(())
}

#[test]
fn three_with_mixed_programs_all_meet() -> Result<()> {
    let room = Room::of_one_host()?;
    let host = room.host(0);
    let _server = ours::server(host)?;
    let one = ours::at_board(host, URL, &Said::right("from one"), &[])?;
    let two = ours::at_board(host, URL, &Said::right("from two"), &[])?;
    let theirs = theirs::at_board(host, 45, &Said::right("from theirs"))?;
    for (program, others) in [
        (&one, ["from two", "from theirs"]),
        (&two, ["from one", "from theirs"]),
    ] {
        for message in others {
            program.says(&matched(message))?;
        }
    }
    theirs.says(&printed("from one"))?;
    theirs.says(&printed("from two"))?;
    Ok(())
}

#[test]
fn a_wrong_passphrase_gets_nothing_whoever_has_it() -> Result<()> {
    let room = Room::of_one_host()?;
    let host = room.host(0);
    let _server = ours::server(host)?;
    let wrong_ours = ours::at_board(host, URL, &Said::wrong("from wrong ours"), &[])?;
    let ours = ours::at_board(host, URL, &Said::right("from ours"), &[])?;
    // Theirs runs long enough to answer everyone, then ends by itself.
    let wrong_theirs = theirs::at_board(
        host,
        20,
        &Said {
            passphrase: "a third one",
            message: "from wrong theirs",
        },
    )?;
    let theirs = theirs::at_board(host, 45, &Said::right("from theirs"))?;
    both_have_it(&ours, &theirs)?;
    let ended = wrong_theirs.ends()?;
    assert!(ended.out.is_empty(), "{ended:?}");
    assert!(!wrong_ours.to_string().contains("match"), "{wrong_ours}");
    for said in [ours.to_string(), theirs.to_string()] {
        assert!(!said.contains("from wrong"), "{said}");
    }
    Ok(())
}

const URL: &str = "http://127.0.0.1:5000";

fn both_have_it(ours: &Program, theirs: &Program) -> Result<()> {
    ours.says(&matched("from theirs"))?;
    theirs.says(&printed("from ours"))?;
    Ok(())
}

/// What ours prints for a match, in part.
fn matched(message: &str) -> String {
    format!(r#""text":"{message}""#)
}

/// What theirs prints for a match, in part: it leaves the padding.
fn printed(message: &str) -> String {
    format!(r#"["utf8", "{message} "#)
}
