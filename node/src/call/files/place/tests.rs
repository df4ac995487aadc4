use super::*;

fn whole(folder: &Path, name: &str, text: &str) -> Target {
    let target = prepare(folder, name, 4).unwrap();
    fs::write(target.partial(), text).unwrap();
    target
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn never_puts_a_file_over_another_one() {
    let folder = tempfile::tempdir().unwrap();
    for text in ["one", "two", "three"] {
        let target = whole(folder.path(), "a.b.txt", text);
        let path = place(&target).unwrap();
        assert_eq!(fs::read_to_string(path).unwrap(), text);
    }
    let expected = ["a.b (2).txt", "a.b (3).txt", "a.b.txt"];
    assert_eq!(names(folder.path()), expected);
    let first = fs::read_to_string(folder.path().join("a.b.txt"));
    assert_eq!(first.unwrap(), "one");
}

#[test]
fn goes_on_where_it_was_interrupted() {
    let folder = tempfile::tempdir().unwrap();
    let target = whole(folder.path(), "name", "text");
    fs::hard_link(target.partial(), &target.path).unwrap();
    assert_eq!(place(&target), Ok(target.path.clone()));
    assert_eq!(names(folder.path()), ["name"]);
    // and once more, with nothing left to do
    assert_eq!(place(&target), Ok(target.path));
    assert_eq!(names(folder.path()), ["name"]);
}

#[test]
fn a_whole_path_is_taken_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other");
    assert_eq!(prepare(&path, "name", 0).unwrap().path, path);
    let missing = folder.path().join("missing");
    for into in [missing.join(""), missing.join("name")] {
        assert_eq!(prepare(&into, "name", 0), Err(FileError::NoFolder));
    }
}

#[test]
fn asks_for_room_before_it_begins() {
    let folder = tempfile::tempdir().unwrap();
    let prepared = prepare(folder.path(), "name", u64::MAX);
    assert_eq!(prepared, Err(FileError::NoRoom));
    assert!(names(folder.path()).is_empty());
}

#[cfg(unix)]
#[test]
fn the_owner_alone_can_read_it() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    let target = prepare(folder.path(), "name", 0).unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&target.partial()), 0o600);
    assert_eq!(mode(&place(&target).unwrap()), 0o600);
}

#[test]
fn says_how_much_is_there_and_cuts_what_is_too_much() {
    let folder = tempfile::tempdir().unwrap();
    let target = whole(folder.path(), "name", "text");
    assert_eq!(there(&target, 9), 4);
    assert_eq!(there(&target, 3), 3);
    assert_eq!(fs::read_to_string(target.partial()).unwrap(), "tex");
    fs::remove_file(target.partial()).unwrap();
    assert_eq!(there(&target, 9), 0);
}

#[test]
fn a_name_with_a_number_is_no_longer_than_names_may_be() {
    let name = "\u{e4}".repeat(125) + ".text";
    assert_eq!(name.len(), 255);
    let path = numbered(&Path::new("/folder").join(&name), 10);
    let short = path.file_name().unwrap().to_str().unwrap();
    assert_eq!(short, "\u{e4}".repeat(122) + " (10).text");
}
