//! The known answers for the parts below the key API, on every back end.

extern crate std;

use core::marker::PhantomData;
use std::{string::String, vec::Vec};

use crate::{
    field::Field,
    set::{Array, Set, Set511, Set1024},
};

mod curve;
mod field;
mod file;
mod keys;
mod numbers;

/// Runs one generic check for both sets on every field this machine has.
macro_rules! on_every_field {
    ($check:ident, $section:literal, $count511:literal, $count1024:literal) => {
        #[test]
        fn $check() {
            let file = crate::tests::file();
            for (set, count) in [("ctidh511", $count511), ("ctidh1024", $count1024)] {
                let cases = file[set].pointer($section).unwrap().as_array().unwrap();
                assert_eq!(cases.len(), count, "cases of {set} {}", $section);
            }
            for backend in crate::Backend::available() {
                backend.run(Check::<Set511>(&file, PhantomData));
                backend.run(Check::<Set1024>(&file, PhantomData));
            }

            struct Check<'a, S>(&'a serde_json::Value, PhantomData<S>);

            impl<S: Set> crate::backend::Task for Check<'_, S> {
                type Set = S;
                type Output = ();

                fn run<F: Field<Set = S>>(self) {
                    let set = &self.0[S::NAME];
                    check::<F>(set.pointer($section).unwrap().as_array().unwrap(), set);
                }
            }
        }
    };
}
use on_every_field;

fn file() -> serde_json::Value {
    serde_json::from_str(include_str!("../../../vectors/ctidh/ctidh.json")).unwrap()
}

fn text<'a>(case: &'a serde_json::Value, name: &str) -> &'a str {
    case[name].as_str().unwrap()
}

fn bytes(case: &serde_json::Value, name: &str) -> Vec<u8> {
    hex::decode(text(case, name)).unwrap()
}

/// Reads the field element `name` of a case.
fn element<F: Field>(case: &serde_json::Value, name: &str) -> F {
    let mut limbs = <F::Set as Set>::Limbs::filled(0);
    let bytes = bytes(case, name);
    assert_eq!(bytes.len(), 8 * limbs.as_ref().len());
    for (limb, bytes) in limbs.as_mut().iter_mut().zip(bytes.chunks(8)) {
        *limb = u64::from_le_bytes(bytes.try_into().unwrap());
    }
    F::from_limbs(&limbs)
}

/// Writes a field element as the vectors do.
fn hex<F: Field>(element: &F) -> String {
    let bytes: Vec<u8> = element
        .to_limbs()
        .as_ref()
        .iter()
        .flat_map(|limb| limb.to_le_bytes())
        .collect();
    hex::encode(bytes)
}
