use core::fmt;

/// The bounds of one message: which fields it has, how long and how many they may be.
///
/// Compiled from the `.proto` files; see `build.rs`.
#[derive(Debug)]
pub struct Shape(pub(crate) &'static [Field]);

/// The bounds of one field.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) number: u32,
    pub(crate) what: What,
    /// How often it may occur.
    pub(crate) count: u32,
    pub(crate) is_needed: bool,
    /// Its `oneof`, of which at most one field may occur.
    pub(crate) choice: Option<i32>,
}

#[derive(Debug)]
pub(crate) enum What {
    Number,
    /// Bytes or text; present, it has `low` to `high` bytes.
    Bytes {
        low: usize,
        high: usize,
    },
    Message(&'static Shape),
}

/// What is wrong with bytes that should be a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// They end within a field, or a length points past their end.
    Cut,
    /// A field number or wire type that there is not, or a number of more than 64 bits.
    Tag,
    /// A field has another type than it should.
    Type {
        /// The field's number.
        field: u32,
    },
    /// A field is shorter or longer than its bounds.
    Length {
        /// The field's number.
        field: u32,
    },
    /// A field occurs too often.
    Count {
        /// The field's number.
        field: u32,
    },
    /// A field is absent that is always present.
    Missing {
        /// The field's number.
        field: u32,
    },
    /// Two fields of one choice.
    Choice {
        /// The number of the second one.
        field: u32,
    },
    /// More than 16 fields that we do not know.
    Unknown,
    /// Messages in messages, more than 8 deep.
    Depth,
    /// Text that is not UTF-8.
    Text,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cut => f.write_str("it ends early"),
            Self::Tag => f.write_str("not a field"),
            Self::Type { field } => write!(f, "field {field} has another type"),
            Self::Length { field } => write!(f, "field {field} has a wrong length"),
            Self::Count { field } => write!(f, "field {field} occurs too often"),
            Self::Missing { field } => write!(f, "field {field} is missing"),
            Self::Choice { field } => write!(f, "field {field} and another of the same choice"),
            Self::Unknown => f.write_str("too many unknown fields"),
            Self::Depth => f.write_str("nested too deeply"),
            Self::Text => f.write_str("text that is not UTF-8"),
        }
    }
}

impl Shape {
    /// Whether `bytes`, chosen by a peer, are within the bounds. Allocates nothing; costs one pass
    /// over the bytes.
    ///
    /// # Errors
    ///
    /// The first [`Fault`].
    pub fn check(&self, bytes: &[u8]) -> Result<(), Fault> {
        self.walk(bytes, MAX_DEPTH)
    }

    fn walk(&self, bytes: &[u8], depth: u8) -> Result<(), Fault> {
        let mut reader = Reader(bytes);
        let mut seen = [0_u32; MAX_FIELDS];
        let mut unknown = 0_u8;
        while !reader.0.is_empty() {
            let (number, wire) = reader.tag()?;
            let known = self.0.iter().zip(&mut seen);
            let known = known.into_iter().find(|(field, _)| field.number == number);
            let value = reader.value(wire)?;
            let Some((field, seen)) = known else {
                unknown = unknown.saturating_add(1);
                if unknown > MAX_UNKNOWN {
                    return Err(Fault::Unknown);
                }
                continue;
            };
            *seen = seen.saturating_add(1);
            if *seen > field.count {
                return Err(Fault::Count { field: number });
            }
            match (&field.what, value) {
                (What::Number, Value::Number) => {}
                (What::Bytes { low, high }, Value::Bytes(bytes)) => {
                    if bytes.len() < *low || bytes.len() > *high {
                        return Err(Fault::Length { field: number });
                    }
                }
                (What::Message(shape), Value::Bytes(bytes)) => {
                    let depth = depth.checked_sub(1).ok_or(Fault::Depth)?;
                    shape.walk(bytes, depth)?;
                }
                _ => return Err(Fault::Type { field: number }),
            }
        }
        self.whole(&seen)
    }

    /// Whether what must be there is, and of each choice only one.
    fn whole(&self, seen: &[u32; MAX_FIELDS]) -> Result<(), Fault> {
        let mut chosen = 0_u64;
        for (field, seen) in self.0.iter().zip(seen) {
            if field.is_needed && *seen == 0 {
                return Err(Fault::Missing {
                    field: field.number,
                });
            }
            if let Some(choice) = field.choice
                && *seen > 0
            {
                let bit = u32::try_from(choice)
                    .ok()
                    .and_then(|n| 1_u64.checked_shl(n));
                let bit = bit.unwrap_or(0);
                if chosen & bit != 0 {
                    return Err(Fault::Choice {
                        field: field.number,
                    });
                }
                chosen |= bit;
            }
        }
        Ok(())
    }
}

/// Reads tags and values off the front of some bytes.
struct Reader<'a>(&'a [u8]);

enum Value<'a> {
    Number,
    Bytes(&'a [u8]),
    /// Eight or four bytes; we have no such fields.
    Fixed,
}

impl<'a> Reader<'a> {
    fn tag(&mut self) -> Result<(u32, u8), Fault> {
        let tag = u32::try_from(self.number()?).map_err(|_| Fault::Tag)?;
        let wire = u8::try_from(tag & 7).map_err(|_| Fault::Tag)?;
        match tag >> 3 {
            0 => Err(Fault::Tag),
            number => Ok((number, wire)),
        }
    }

    fn value(&mut self, wire: u8) -> Result<Value<'a>, Fault> {
        match wire {
            0 => self.number().map(|_| Value::Number),
            1 => self.take(8).map(|_| Value::Fixed),
            2 => {
                let length = usize::try_from(self.number()?).map_err(|_| Fault::Cut)?;
                self.take(length).map(Value::Bytes)
            }
            5 => self.take(4).map(|_| Value::Fixed),
            // Groups, and numbers that are not given out.
            _ => Err(Fault::Tag),
        }
    }

    /// A base-128 number of at most ten bytes.
    fn number(&mut self) -> Result<u64, Fault> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.0.split_first().ok_or(Fault::Cut)?;
            self.0 = rest;
            let part = u64::from(byte & 0x7f);
            if shift == 63 && part > 1 {
                return Err(Fault::Tag);
            }
            number |= part << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Fault::Tag)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Fault> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Fault::Cut)?;
        self.0 = rest;
        Ok(taken)
    }
}

/// Messages in messages.
const MAX_DEPTH: u8 = 8;
/// Fields of a message that we do not know.
const MAX_UNKNOWN: u8 = 16;
/// At least the fields of our longest message; a test of `codec` compares.
pub(crate) const MAX_FIELDS: usize = 24;
