//! Every case of `vectors/ctidh/ctidh.json`, on every back end, named on failure and counted.

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
mod vectors;

use file::{File, Section};

/// Runs one generic check for both sets on every field this machine has.
macro_rules! on_every_field {
    ($check:ident, $($part:ident).+, $count511:literal, $count1024:literal) => {
        #[test]
        fn $check() {
            let file = File::read();
            for (section, count) in [(&file.ctidh511, $count511), (&file.ctidh1024, $count1024)] {
                let cases = section.$($part).+.len();
                assert_eq!(cases, count, "cases of {} bits", section.bits);
            }
            for backend in crate::Backend::available() {
                backend.run(Check::<Set511>(&file.ctidh511, PhantomData));
                backend.run(Check::<Set1024>(&file.ctidh1024, PhantomData));
            }

            struct Check<'a, S>(&'a Section, PhantomData<S>);

            impl<S: Set> crate::backend::Task for Check<'_, S> {
                type Set = S;
                type Output = ();

                fn run<F: Field<Set = S>>(self) {
                    check::<F>(&self.0.$($part).+, self.0);
                }
            }
        }
    };
}
use on_every_field;

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

/// Reads a field element.
fn element<F: Field>(text: &str) -> F {
    let mut limbs = <F::Set as Set>::Limbs::filled(0);
    let bytes = bytes(text);
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
