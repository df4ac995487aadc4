//! `vectors/channel/ours.json`: sections 13 to 15 of the spec.

use alloc::string::String;
use alloc::vec::Vec;

use primitives::{open, seal};
use serde::Deserialize;
use serde_json::Value;

use super::file::Hex;
use super::tokens;
use crate::Role;
use crate::ratchet::Chain;
use crate::schedule::Schedule;
use crate::trace::Trace;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(rename = "README")]
    _readme: Value,
    bindings: Vec<Binding>,
    schedules: Vec<Keys>,
    ratchets: Vec<Ratchet>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Binding {
    name: String,
    frames: [Hex; 3],
    data: [Hex; 2],
    binding: Hex,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    name: String,
    secret: Hex,
    exports: [Hex; 2],
    binding: Hex,
    data: [Hex; 2],
    confirm: Hex,
    transcript: Hex,
    caller: Side,
    called: Side,
    tokens: Vec<Hex>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Side {
    signed: Hex,
    confirm_key: Hex,
    confirm_sealed: Hex,
    root: Hex,
    chain: Hex,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Ratchet {
    name: String,
    by: u8,
    start: Hex,
    steps: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "lowercase")]
enum Step {
    Frame { plain: Hex, sealed: Hex },
    Light { offered: Hex, sent: Hex },
    Heavy { secret: Hex },
}

fn read() -> File {
    serde_json::from_str(include_str!("../../../../vectors/channel/ours.json")).unwrap()
}

#[test]
fn what_was_seen_is_hashed_alike() {
    let cases = read().bindings;
    assert_eq!(cases.len(), 2);
    for case in cases {
        let mut trace = Trace::default();
        for (number, frame) in (1..).zip(&case.frames) {
            trace.frame(number, &frame.0);
        }
        trace.said(Role::Caller, &case.data[0].0);
        trace.said(Role::Called, &case.data[1].0);
        assert_eq!(trace.binding()[..], case.binding.0, "{}", case.name);
        assert!(trace.agrees(&case.binding.0, true));
        assert!(!trace.agrees(&case.binding.0[1..], true) && !trace.agrees(&[], true));
        assert!(trace.agrees(&[], false));
    }
}

#[test]
fn keys_are_derived_alike() {
    let cases = read().schedules;
    assert_eq!(cases.len(), 2);
    for case in cases {
        let exports = case.exports.map(|export| export.secret());
        let data = [&case.data[0].0[..], &case.data[1].0];
        let secret = case.secret.secret();
        let schedule = Schedule::of(&secret, &exports, &case.binding.array(), data);
        for (role, side) in [(Role::Caller, &case.caller), (Role::Called, &case.called)] {
            assert_eq!(schedule.signed(role)[..], side.signed.0, "{}", case.name);
            assert_eq!(side.signed.0[..32], case.transcript.0);
            let key = schedule.confirm_key(role);
            assert_eq!(key, side.confirm_key.secret());
            assert_eq!(seal(&key, &case.confirm.0, &[]), side.confirm_sealed.0);
            assert_eq!(
                open(&key, &side.confirm_sealed.0, &[]).unwrap(),
                case.confirm.0
            );
            let shown = schedule.chain(role).shown();
            assert_eq!(shown, [side.root.secret(), side.chain.secret()]);
        }
        assert_eq!(schedule.tokens(), tokens(&case.tokens));
    }
}

#[test]
fn directions_go_on_alike() {
    let cases = read().ratchets;
    assert_eq!(cases.len(), 4);
    for case in cases {
        let by = match case.by {
            1 => Role::Caller,
            _ => Role::Called,
        };
        let [mut ours, mut theirs] = [(); 2].map(|()| Chain::new(&case.start.secret(), by));
        for step in &case.steps {
            match step {
                Step::Frame { plain, sealed } => {
                    assert_eq!(ours.seal_next(&plain.0), sealed.0, "{}", case.name);
                    let opened = theirs.open_next(&sealed.0);
                    assert_eq!(opened.as_ref(), Some(&plain.0), "{}", case.name);
                }
                Step::Light { offered, sent } => {
                    ours.step_light(&offered.secret(), &sent.array());
                    theirs.step_light(&offered.secret(), &sent.array());
                }
                Step::Heavy { secret } => {
                    ours.step_heavy(&secret.secret());
                    theirs.step_heavy(&secret.secret());
                }
            }
        }
        assert_eq!(ours.shown(), theirs.shown());
    }
}
