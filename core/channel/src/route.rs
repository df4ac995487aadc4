/// What a message is.
///
/// # Spec
///
/// `spec/20-channel.md` 4.2.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Route {
    /// Who somebody says to be.
    Identity,
    /// The caller's half of an agreement.
    RequestHandshake,
    /// The called side's half.
    AcceptHandshake,
    /// Not used by anyone.
    FinalizeHandshake,
    /// 32 bytes that both sides know by now.
    SendChallenge,
    /// The same bytes, back.
    VerifyChallenge,
    /// Text.
    ExchangeMessages,
    /// The end.
    CloseTransport,
    /// Is somebody there?
    Ping,
    /// Yes.
    Pong,
    /// A wish to go on with a session.
    ResumeRequest,
    /// The answer to it.
    ResumeAccept,
    /// Named values, from program to program.
    SessionData,
}

impl Route {
    /// The route of a number; `None` for 0 and above 13.
    #[must_use]
    pub fn of(number: u32) -> Option<Self> {
        ALL.into_iter().find(|route| route.number() == number)
    }

    /// Its number on the wire.
    #[must_use]
    pub const fn number(self) -> u32 {
        match self {
            Self::Identity => 1,
            Self::RequestHandshake => 2,
            Self::AcceptHandshake => 3,
            Self::FinalizeHandshake => 4,
            Self::SendChallenge => 5,
            Self::VerifyChallenge => 6,
            Self::ExchangeMessages => 7,
            Self::CloseTransport => 8,
            Self::Ping => 9,
            Self::Pong => 10,
            Self::ResumeRequest => 11,
            Self::ResumeAccept => 12,
            Self::SessionData => 13,
        }
    }
}

const ALL: [Route; 13] = [
    Route::Identity,
    Route::RequestHandshake,
    Route::AcceptHandshake,
    Route::FinalizeHandshake,
    Route::SendChallenge,
    Route::VerifyChallenge,
    Route::ExchangeMessages,
    Route::CloseTransport,
    Route::Ping,
    Route::Pong,
    Route::ResumeRequest,
    Route::ResumeAccept,
    Route::SessionData,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_lead_back_to_their_routes_and_others_nowhere() {
        for number in 1..=13 {
            assert_eq!(Route::of(number).map(Route::number), Some(number));
        }
        for number in [0, 14, 256 + 7, u32::MAX] {
            assert_eq!(Route::of(number), None);
        }
    }
}
