use journal::Subject;
use proptest::collection::vec;
use proptest::prelude::*;

/// One call. Numbers of entries and revisions are chosen among those that exist.
#[derive(Clone, Debug)]
pub(super) enum Call {
    Append {
        name: usize,
        expect: Option<Expect>,
        dedupe: Option<u8>,
        ttl_s: Option<u64>,
        max_live: Option<u32>,
        len: usize,
    },
    Read(usize, usize, u32, u32),
    Take(usize, u8),
    Remove(usize, usize),
    RemoveThrough(usize, usize),
    CellSet(usize, Expect, Option<usize>, Option<u64>),
    List(u8, Option<usize>, u32),
    Sweep,
    Step(u64),
    Reopen,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Expect {
    Nothing,
    Current,
    Wrong,
}

pub(super) fn calls() -> impl Strategy<Value = Vec<Call>> {
    let name = 0..NAMES.len();
    let expect = prop_oneof![
        Just(Expect::Nothing),
        Just(Expect::Current),
        Just(Expect::Wrong)
    ];
    let ttl = || prop::option::weighted(0.4, 0..70_u64);
    let append = (
        name.clone(),
        prop::option::weighted(0.2, expect.clone()),
        prop::option::weighted(0.4, 0..4_u8),
        ttl(),
        prop::option::weighted(0.3, 0..6_u32),
        prop_oneof![9 => 0..40_usize, 1 => 1_990..2_010_usize],
    );
    let append = append.prop_map(
        |(name, expect, dedupe, ttl_s, max_live, len)| Call::Append {
            name,
            expect,
            dedupe,
            ttl_s,
            max_live,
            len,
        },
    );
    let size = prop::option::weighted(0.8, 0..40_usize);
    let call = prop_oneof![
        8 => append,
        3 => (name.clone(), 0..9_usize, 0..9_u32, 0..80_u32).prop_map(|(a, b, c, d)| Call::Read(a, b, c, d)),
        3 => (name.clone(), 0..4_u8).prop_map(|(a, b)| Call::Take(a, b)),
        2 => (name.clone(), 0..9_usize).prop_map(|(a, b)| Call::Remove(a, b)),
        1 => (name.clone(), 0..9_usize).prop_map(|(a, b)| Call::RemoveThrough(a, b)),
        4 => (name.clone(), expect, size, ttl()).prop_map(|(a, b, c, d)| Call::CellSet(a, b, c, d)),
        1 => (prop_oneof![Just(0), Just(b'm'), Just(255)], prop::option::of(name), 0..9_u32)
            .prop_map(|(a, b, c)| Call::List(a, b, c)),
        1 => Just(Call::Sweep),
        3 => (0..40_000_u64).prop_map(Call::Step),
        1 => Just(Call::Reopen),
    ];
    vec(call, 1..80)
}

pub(super) const NAMES: [&[u8]; 5] = [b"m", b"m\0", b"mail", &[255; 64], &[0]];

pub(super) fn subject(name: usize) -> Subject {
    Subject::new(NAMES[name]).unwrap()
}
