//! The reference meets itself: if this fails, the harness is broken, not we.

use anyhow::Result;
use interop::{room::Room, said::Said, theirs};

#[test]
fn two_of_theirs_meet_on_one_host() -> Result<()> {
    let room = Room::of_one_host()?;
    let first = theirs::on_lan(&room, 0, &Said::right("from the first"))?;
    first.says(theirs::ANNOUNCED)?;
    let second = theirs::on_lan(&room, 0, &Said::right("from the second"))?;
    first.prints("from the second")?;
    second.prints("from the first")?;
    assert!(first.ends()?.status.success());
    Ok(())
}

#[test]
fn two_of_theirs_meet_between_two_hosts() -> Result<()> {
    let room = Room::of_two_hosts()?;
    let first = theirs::on_lan(&room, 0, &Said::right("from the first"))?;
    first.says(theirs::ANNOUNCED)?;
    let second = theirs::on_lan(&room, 1, &Said::right("from the second"))?;
    first.prints("from the second")?;
    second.prints("from the first")
}

#[test]
fn two_of_theirs_meet_at_their_server() -> Result<()> {
    let room = Room::of_one_host()?;
    let host = room.host(0);
    let _server = theirs::server(host)?;
    let first = theirs::at_board(host, 45, &Said::right("from the first"))?;
    let second = theirs::at_board(host, 45, &Said::right("from the second"))?;
    first.says(r#"["utf8", "from the second "#)?;
    second.says(r#"["utf8", "from the first "#)?;
    Ok(())
}
