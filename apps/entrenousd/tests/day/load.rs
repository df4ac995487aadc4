use std::io;
use std::net::Ipv4Addr;
use std::time::{SystemTime, UNIX_EPOCH};

use rendezvous::bucket::Id;
use wire::v1::operation::Operation as Op;
use wire::v1::{AccountGet, BucketFetch, BucketLeave, InvitationLeave, InvitationsGet, answer};

use crate::client::Client;
use crate::ledger::{Kept, Ledger, Place};
use crate::person::Person;

/// Lives one life after the other, until the day is over.
pub(crate) fn run(ledger: &Ledger, thread: u32) {
    let mut number = thread * 100_000;
    while let Some(place) = ledger.place() {
        number += 1;
        let done = match ledger.has_room() {
            true => live(ledger, &place, number).map(|kept| ledger.keep(&place, kept)),
            false => look(ledger, &place, number),
        };
        if let Err(error) = done {
            assert!(ledger.is_excused(&place), "{error}");
        }
    }
}

/// Makes an account, leaves an invitation and an entry, and fetches the entry's bucket.
fn live(ledger: &Ledger, place: &Place, number: u32) -> io::Result<Kept> {
    let pin = pin(ledger)?;
    let mut client = connect(ledger, place, number)?;
    let person = Person::new(number);
    granted(client.call_as(&person, &person.register(&pin))?)?;
    let mut invitation = vec![7; 24];
    invitation[..4].copy_from_slice(&number.to_le_bytes());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let leave = Op::InvitationLeave(InvitationLeave {
        id: invitation.clone(),
        sealed: vec![1; 1000],
        until_s: now.as_secs() + 3600,
        uses: 1,
    });
    granted(client.call_as(&person, &leave)?)?;
    let mut entry = vec![9; 256];
    entry[..4].copy_from_slice(&number.to_le_bytes());
    let leave = Op::BucketLeave(BucketLeave {
        entry: entry.clone(),
    });
    let answer::Result::BucketLeft(left) = granted(client.call(&leave)?)? else {
        return Err(io::Error::other("no bucket"));
    };
    let kept = Kept {
        person: number,
        invitation,
        bucket: left.bucket,
        entry,
    };
    fetch(&mut client, &kept)?;
    Ok(kept)
}

/// Looks after one thing that is kept.
fn look(ledger: &Ledger, place: &Place, number: u32) -> io::Result<()> {
    let all = ledger.kept();
    let one = usize::try_from(number).unwrap() % all.len().max(1);
    let Some(kept) = all.get(one) else {
        return Ok(());
    };
    let mut client = connect(ledger, place, number)?;
    check(&mut client, kept)
}

/// Whether all of one life is at the server.
pub(crate) fn check(client: &mut Client, kept: &Kept) -> io::Result<()> {
    let person = Person::new(kept.person);
    granted(client.call_as(&person, &Op::Account(AccountGet {}))?)?;
    let listed = granted(client.call_as(&person, &Op::Invitations(InvitationsGet {}))?)?;
    let answer::Result::Invitations(listed) = listed else {
        return Err(io::Error::other("no invitations"));
    };
    let has = |id: &[u8]| {
        listed
            .invitations
            .iter()
            .any(|one| one.id == id && one.uses_left == 1)
    };
    if !has(&kept.invitation) {
        return Err(io::Error::other(format!("{listed:?} of {}", kept.person)));
    }
    fetch(client, kept)
}

fn fetch(client: &mut Client, kept: &Kept) -> io::Result<()> {
    let id = Id::from_bytes(&kept.bucket).unwrap();
    let fetch = Op::BucketFetch(BucketFetch {
        hash: id.hash().as_bytes().to_vec(),
    });
    let answer::Result::Bucket(bucket) = granted(client.call(&fetch)?)? else {
        return Err(io::Error::other("no bucket"));
    };
    match bucket.slots.chunks(256).any(|slot| slot == kept.entry) {
        true => Ok(()),
        false => Err(io::Error::other(format!("no entry of {}", kept.person))),
    }
}

/// A connection of a proxy that asks for a source of its own: each may leave a few entries only.
pub(crate) fn connect(ledger: &Ledger, place: &Place, number: u32) -> io::Result<Client> {
    let mut client = ledger.dial.connect(&place.address)?;
    client.ask_for(Ipv4Addr::from(0x0a00_0000 | number));
    Ok(client)
}

fn pin(ledger: &Ledger) -> io::Result<String> {
    // Not of the file that the operator tries things with.
    let config = ledger.home.file(PINS);
    let mut new = ledger.home.command_with(&config, &["pins", "new"]);
    let made = new.output()?;
    match made.status.success() {
        true => Ok(String::from_utf8(made.stdout).unwrap().trim().to_owned()),
        false => Err(io::Error::other(format!("no pin: {made:?}"))),
    }
}

fn granted(said: crate::client::Said) -> io::Result<answer::Result> {
    said.map_err(|refusal| io::Error::other(format!("{refusal:?}")))
}

/// A configuration that stays as it was at first.
pub(crate) const PINS: &str = "pins.toml";
