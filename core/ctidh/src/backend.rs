use crate::{arch, field::Field, set::Set};

/// An implementation of the field arithmetic. All give the same bytes.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Backend {
    /// 64-bit limbs and `u128` products: any processor.
    Portable,
    /// x86-64 with MULX, ADCX and ADOX.
    Adx,
    /// x86-64 with AVX-512 IFMA.
    Ifma,
}

impl Backend {
    /// Those this processor can run, slowest first. The first is always [`Portable`](Self::Portable).
    pub fn available() -> impl Iterator<Item = Self> {
        [Self::Portable, Self::Adx, Self::Ifma]
            .into_iter()
            .filter(|backend| backend.runs_here())
    }

    /// The fastest that this processor can run.
    #[must_use]
    pub fn best() -> Self {
        Self::available().last().unwrap_or(Self::Portable)
    }

    /// The name used in benches and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            Self::Adx => "adx",
            Self::Ifma => "ifma",
        }
    }

    fn runs_here(self) -> bool {
        match self {
            Self::Portable => true,
            Self::Adx => arch::runs_adx(),
            Self::Ifma => arch::runs_ifma(),
        }
    }

    /// Runs `task` with the field of this back end, or with the portable one if this processor
    /// cannot run it.
    pub fn run<T: Task>(self, task: T) -> T::Output {
        match self {
            Self::Adx if self.runs_here() => task.run::<<T::Set as Set>::Adx>(),
            Self::Ifma if self.runs_here() => task.run::<<T::Set as Set>::Ifma>(),
            _ => task.run::<<T::Set as Set>::Portable>(),
        }
    }
}

/// Something to compute in any field of a set.
pub trait Task {
    /// The parameter set.
    type Set: Set;
    /// What comes out.
    type Output;
    /// Computes it.
    fn run<F: Field<Set = Self::Set>>(self) -> Self::Output;
}
