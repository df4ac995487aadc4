//! Lines, alone and joined with their words.

use rendezvous::bucket::{Hash, Line, Passphrase};

use crate::file::{self, Lines};

#[test]
fn lines_match_vectors() {
    let lines: Lines = file::read("lines");
    for case in lines.good {
        let hash = Hash::from_bytes(&case.hash.0).unwrap();
        let line = Line::new(case.host.parse().unwrap(), hash);
        let words = Passphrase::new(case.passphrase.text()).unwrap();
        assert_eq!(line.to_string(), case.line, "{}", case.name);
        assert_eq!(*line.joined(&words), case.joined, "{}", case.name);
        assert_eq!(Line::read(&case.line), Ok((line.clone(), None)));
        assert_eq!(Line::read(&case.joined), Ok((line, Some(words))));
    }
}

#[test]
fn what_people_paste_is_read() {
    let lines: Lines = file::read("lines");
    for case in lines.also_read {
        let (line, words) = Line::read(&case.text).unwrap();
        assert_eq!(line.to_string(), case.line, "{}", case.name);
        let words = words.map(|words| words.expose().as_bytes().to_vec());
        assert_eq!(words, case.passphrase.map(|words| words.0), "{}", case.name);
    }
}

#[test]
fn what_is_no_line_is_refused_by_name() {
    let lines: Lines = file::read("lines");
    for case in lines.refused {
        let error = Line::read(&case.text).unwrap_err();
        assert_eq!(error.name(), case.refusal, "{}", case.name);
    }
}
