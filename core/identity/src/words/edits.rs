/// Whether one edit makes `b` of `a`: a byte put in, left out or changed, or two neighbours
/// swapped. Equal strings need none, so they do not count.
pub(super) fn one_edit(a: &[u8], b: &[u8]) -> bool {
    let same = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (Some(a), Some(b)) = (a.get(same..), b.get(same..)) else {
        return false;
    };
    match (a, b) {
        ([], []) => false,
        ([x, y, a @ ..], [v, w, b @ ..]) if (x, y) == (w, v) && a == b => true,
        ([_, a @ ..], [_, b @ ..]) if a == b => true,
        ([_, rest @ ..], b) if rest == b => true,
        (a, [_, rest @ ..]) => a == rest,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_edit_is_one() {
        for typed in [
            "iger", "tger", "tige", "ttiger", "tigers", "tiper", "itger", "tigre",
        ] {
            assert!(one_edit(b"tiger", typed.as_bytes()), "{typed}");
            assert!(one_edit(typed.as_bytes(), b"tiger"), "{typed}");
        }
    }

    #[test]
    fn none_and_two_edits_are_not_one() {
        for typed in ["tiger", "ti", "tgre", "tigersx", "riget", "", "gtier"] {
            assert!(!one_edit(b"tiger", typed.as_bytes()), "{typed}");
        }
        assert!(!one_edit(b"", b""));
        assert!(one_edit(b"", b"a"));
    }
}
