use alloc::string::String;

use crate::name;

/// What is known of a file before it is there.
///
/// # Spec
///
/// `spec/23-files.md` 4.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct File {
    name: String,
    size: u64,
    media_type: String,
}

impl File {
    /// A file of `size` bytes. Of `name`, of anybody's choice, is made a bare file name; of
    /// `media_type` nothing, if it is none.
    #[must_use]
    pub fn new(name: &str, size: u64, media_type: &str) -> Self {
        let is_one = is_media_type(media_type);
        Self {
            name: name::clean(name),
            size,
            media_type: if is_one { media_type } else { "" }.into(),
        }
    }

    /// A name of 1 to 255 bytes that means one file in one folder, on Unix and Windows. The sender has
    /// chosen it: there may be a file of that name already.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many bytes it has, as the sender says: 0 to 2^64 - 1.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// What is in it, as the sender says: up to 127 visible ASCII characters with one `/` among them.
    #[must_use]
    pub fn media_type(&self) -> Option<&str> {
        (!self.media_type.is_empty()).then_some(&self.media_type)
    }
}

fn is_media_type(text: &str) -> bool {
    let is_visible = text.bytes().all(|byte| byte.is_ascii_graphic());
    let halves = text.split_once('/');
    let are_halves =
        |(one, other): (&str, &str)| !one.is_empty() && !other.is_empty() && !other.contains('/');
    text.len() <= MEDIA_TYPE && is_visible && halves.is_some_and(are_halves)
}

const MEDIA_TYPE: usize = 127;

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn a_media_type_is_two_words_and_no_more() {
        let longest = ["a/", &"b".repeat(125)].concat();
        for text in ["text/plain", "image/svg+xml", "a/b", &longest] {
            assert_eq!(File::new("x", 0, text).media_type(), Some(text));
        }
        let too_long = longest.clone() + "b";
        for text in [
            "",
            "text",
            "/",
            "text/",
            "/plain",
            "a/b/c",
            "text/plain; charset=utf-8",
            "a/\u{fc}",
            "a/\n",
            &too_long,
        ] {
            assert_eq!(File::new("x", 0, text).media_type(), None, "{text:?}");
        }
    }

    #[test]
    fn the_name_is_a_bare_one() {
        let file = File::new("../../etc/passwd", 7, "");
        assert_eq!((file.name().to_string(), file.size()), ("passwd".into(), 7));
    }
}
