use super::*;

fn press(editor: &mut Editor, presses: &[Press]) {
    for press in presses {
        editor.press(*press);
    }
}

/// The text with the cursor as `|`.
fn shown(editor: &Editor) -> String {
    let (head, tail) = editor.text.split_at(editor.at);
    format!("{head}|{tail}")
}

fn after(text: &str, presses: &[Press]) -> String {
    let mut editor = Editor::new();
    editor.insert(text);
    press(&mut editor, presses);
    shown(&editor)
}

const LEFT: Press = Press::plain(Code::Left);
const UP: Press = Press::plain(Code::Up);
const DOWN: Press = Press::plain(Code::Down);

#[test]
fn characters_with_marks_are_one_step() {
    assert_eq!(after("ae\u{301}", &[LEFT]), "a|e\u{301}");
    assert_eq!(after("a👩‍🚀", &[Press::plain(Code::Back)]), "a|");
    let home = Press::plain(Code::Home);
    assert_eq!(after("👩‍🚀b", &[home, Press::plain(Code::Delete)]), "|b");
    assert_eq!(after("日", &[LEFT, LEFT]), "|日");
}

#[test]
fn words_are_jumped_over_and_cut() {
    assert_eq!(after("one two ", &[Press::ctrl('w')]), "one |");
    assert_eq!(
        after("one two", &[Press::ctrl('w'), Press::ctrl('y')]),
        "one two|"
    );
    assert_eq!(
        after("one\u{3000}two", &[Press::alt(Code::Char('b'))]),
        "one\u{3000}|two"
    );
    let begin = Press::ctrl('a');
    assert_eq!(
        after("one two", &[begin, Press::alt(Code::Char('f'))]),
        "one| two"
    );
    assert_eq!(
        after("one two", &[begin, Press::alt(Code::Char('d'))]),
        "| two"
    );
    assert_eq!(after("one two", &[LEFT, LEFT, Press::ctrl('k')]), "one t|");
    assert_eq!(after("a\none two", &[Press::ctrl('u')]), "a\n|");
}

#[test]
fn lines_are_made_and_moved_between() {
    let newline = Press::alt(Code::Enter);
    assert_eq!(
        after("a", &[newline, Press::plain(Code::Char('b'))]),
        "a\nb|"
    );
    assert_eq!(after("a", &[Press::ctrl('j')]), "a\n|");
    assert_eq!(after("abc\nde", &[UP]), "ab|c\nde");
    assert_eq!(after("ab\ncdef", &[UP, UP]), "ab|\ncdef");
    assert_eq!(after("abc\nde", &[UP, DOWN]), "abc\nde|");
    assert_eq!(after("日本\nabc", &[UP]), "日|本\nabc");
}

#[test]
fn what_was_sent_comes_back() {
    let mut editor = Editor::new();
    for text in ["one", "two"] {
        editor.insert(text);
        assert_eq!(editor.take(), text);
    }
    editor.insert("draft");
    press(&mut editor, &[UP]);
    assert_eq!(shown(&editor), "two|");
    press(&mut editor, &[UP]);
    assert_eq!(shown(&editor), "one|");
    assert_eq!(editor.press(UP), Edit::Other, "there is nothing before");
    press(&mut editor, &[DOWN, DOWN]);
    assert_eq!(shown(&editor), "draft|");
    assert_eq!(editor.press(DOWN), Edit::Other);
}

#[test]
fn what_was_sent_is_kept_up_to_a_bound() {
    let mut editor = Editor::new();
    for number in 0..=HISTORY {
        editor.insert(&number.to_string());
        editor.take();
    }
    assert_eq!(editor.history.len(), HISTORY);
    assert_eq!(editor.history[0], "1");
}

#[test]
fn a_paste_is_text_and_nothing_else() {
    let mut editor = Editor::new();
    editor.insert("a\r\nb\rc\td\u{1b}[31m\u{202e}\u{9b}e");
    assert_eq!(editor.text(), "a\nb\nc    d[31me");
    let line = Editor::one_line("a\r\nb\nc");
    assert_eq!(line.text(), "a b c");
}

#[test]
fn more_than_the_most_is_refused_whole() {
    let mut editor = Editor::new();
    let most = "x".repeat(MOST);
    assert_eq!(editor.insert(&most), Edit::Done);
    assert_eq!(editor.insert("y"), Edit::Full);
    assert_eq!(editor.text().len(), MOST);
}

#[test]
fn the_cursor_has_a_place_in_every_row() {
    let rows = |text: &str, columns| {
        let mut editor = Editor::new();
        editor.insert(text);
        let Rows { rows, row, column } = editor.rows(columns);
        (rows.len(), row, column)
    };
    assert_eq!(rows("", 4), (1, 0, 0));
    assert_eq!(rows("abc", 4), (1, 0, 3));
    assert_eq!(rows("abcd", 4), (2, 1, 0));
    assert_eq!(rows("ab cd", 4), (2, 1, 2));
    assert_eq!(rows("a\n", 4), (2, 1, 0));
    assert_eq!(rows("日本", 5), (1, 0, 4));
}
