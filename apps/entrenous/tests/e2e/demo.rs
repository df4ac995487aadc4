use serde_json::Value;

use crate::folder::Folder;
use crate::person::Person;

#[test]
fn the_demonstration_tells_its_story_and_leaves_nothing_behind() {
    let folder = Folder::new();
    let ended = Person::run_in(folder.path(), &["demo"], "").end();
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let story = ended.stdout.join("\n");
    assert!(
        ended.stdout.iter().all(|line| line.chars().count() <= 80),
        "{story}"
    );
    for chapter in [
        "At a server",
        "On a local network",
        "By a link",
        "In a call",
    ] {
        assert!(story.contains(chapter), "{story}");
    }
    for told in [
        "    Ana     gets   \"I have the maps.\"",
        "    Cleo    gets   nothing",
        "    6   answers to them     96 bytes each",
        "    Ben has Ana  ",
        "    Ana has Ben  ",
        "    tcp://127.0.0.1:",
        "    Ben sees  ",
        "    Ana   \"The one of the coast. I see your light.\"  delivered",
        "    coast.txt  17400 bytes  all there, and the same",
        "    2      connections",
        "    entrenous chat  ",
    ] {
        assert!(story.contains(told), "{story}");
    }
    assert_eq!(folder.names(), [""; 0]);
}

#[test]
fn the_demonstration_speaks_json() {
    let ended = Person::run(&["demo", "--json"], "").end();
    assert_eq!(ended.code, Some(0));
    assert_eq!(ended.stderr, "");
    let mut chapters = Vec::new();
    for line in &ended.stdout {
        let line: Value = serde_json::from_str(line).expect(line);
        assert!(line["event"].is_string());
        chapters.extend(line["chapter"].as_str().map(str::to_owned));
    }
    chapters.dedup();
    assert_eq!(
        chapters,
        ["beginning", "board", "lan", "invite", "call", "end"]
    );
}
