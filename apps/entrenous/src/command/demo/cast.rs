/// Somebody in the story.
#[derive(Clone, Copy, Debug)]
pub(super) struct Person {
    pub(super) name: &'static str,
    pub(super) passphrase: &'static str,
    pub(super) message: &'static str,
}

pub(super) const ANA: Person = Person {
    name: "Ana",
    passphrase: "tulip anchor violin mosaic",
    message: "Six o'clock, at the old harbour.",
};

pub(super) const BEN: Person = Person {
    name: "Ben",
    passphrase: ANA.passphrase,
    message: "I have the maps.",
};

pub(super) const CLEO: Person = Person {
    name: "Cleo",
    passphrase: "tulip anchor violin guitar",
    message: "Hello? Anyone?",
};
