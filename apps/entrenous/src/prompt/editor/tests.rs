use super::*;

/// What the last of `keys` leads to, and the line then.
fn typed(accept: Accept, keys: &str) -> (Editor, Step) {
    let mut editor = Editor::new(accept);
    let mut step = Step::Draw;
    for byte in keys.bytes() {
        step = editor.press(byte);
    }
    (editor, step)
}

fn line(keys: &str) -> String {
    typed(Accept::Phrase, keys).0.shown().to_string()
}

fn said(accept: Accept, keys: &str) -> String {
    match typed(accept, keys).1 {
        Step::Say(text) => text,
        other => panic!("{other:?}"),
    }
}

fn answer(accept: Accept, keys: &str) -> (String, Option<String>) {
    match typed(accept, keys).1 {
        Step::Done(typed) => (
            typed.text.to_string(),
            typed.phrase.map(|phrase| phrase.to_text().to_string()),
        ),
        other => panic!("{other:?}"),
    }
}

#[test]
fn three_letters_dashes_capitals_and_one_typo_are_enough() {
    let phrase = Some("tiger zebra yogurt walrus".to_owned());
    for keys in [
        "tiger zebra yogurt walrus\r",
        "TIG-zebar_yog.  walrus,\n",
        "  tig zeb yog wal \r",
    ] {
        assert_eq!(answer(Accept::Phrase, keys).1, phrase, "{keys:?}");
    }
}

#[test]
fn tab_completes_a_word_and_goes_on_to_the_next() {
    assert_eq!(line("tig\t"), "tiger ");
    assert_eq!(line("tig\tZEB\t"), "tiger zebra ");
    assert_eq!(line("tigre\t"), "tiger ", "a typo too");
    assert_eq!(line("\t"), "");
    assert_eq!(line("tiger \t"), "tiger ");
}

#[test]
fn tab_goes_as_far_as_there_is_one_way_then_offers_the_choice() {
    let possible: Vec<&str> = complete("ti").map(Word::as_str).collect();
    assert_eq!(said(Accept::Phrase, "ti\t"), possible.join("  "));
    let offered = said(Accept::Phrase, "s\t");
    assert!(offered.ends_with(" more"), "{offered}");
    assert_eq!(offered.split("  ").count(), OFFERED + 1);
    assert_eq!(said(Accept::Phrase, "qqq\t"), "no word begins so");
    assert_eq!(common_start(&["timber", "time", "timid"]), "tim");
}

#[test]
fn a_finished_word_that_is_none_is_marked_at_once() {
    assert_eq!(line("tiger zzz"), "tiger zzz", "not yet finished");
    assert_eq!(line("tiger zzz "), "tiger zzz? ");
    assert_eq!(line("tiger zzz-ze"), "tiger zzz?-ze");
}

#[test]
fn enter_names_the_word_that_is_wrong_and_keeps_the_line() {
    let keys = "tiger zzz yogurt\r";
    let says = "word 2, \"zzz\", is not in the list";
    assert_eq!(said(Accept::Phrase, keys), says);
    assert_eq!(line(keys), "tiger zzz? yogurt");
    assert_eq!(line("tiger zebra zzz\r"), "tiger zebra zzz?");
    assert_eq!(
        said(Accept::Phrase, "tiger zebra\r"),
        "a phrase has 3 to 12 words"
    );
    assert_eq!(said(Accept::Phrase, "\r"), "type the words; Ctrl-C stops");
    let (phrase, again) = (Accept::Phrase, format!("{keys}\r"));
    assert_eq!(said(phrase, &again), says, "as often as it is tried");
}

#[test]
fn where_anything_is_accepted_a_second_enter_takes_the_text_as_it_is() {
    let keys = " Tiger, zzz yogurt ";
    let says = said(Accept::Anything, &format!("{keys}\r"));
    assert_eq!(
        says,
        "word 2, \"zzz\", is not in the list; Enter again takes it as it is"
    );
    let (text, phrase) = answer(Accept::Anything, &format!("{keys}\r\r"));
    assert_eq!((text.as_str(), phrase), ("Tiger, zzz yogurt", None));
    let changed = said(Accept::Anything, &format!("{keys}\rx\x7f\r"));
    assert_eq!(changed, says, "a change in between begins anew");
    let (text, phrase) = answer(Accept::Anything, "Tig zeb yog\r");
    assert_eq!(text, "Tig zeb yog");
    assert_eq!(phrase.unwrap(), "tiger zebra yogurt");
}

#[test]
fn letters_words_and_lines_can_be_taken_back() {
    assert_eq!(line("tigerr\x7f"), "tiger");
    assert_eq!(line("tiger zebra  \x17"), "tiger ");
    assert_eq!(line("tiger\x17\x17\x7f\x08"), "");
    assert_eq!(line("tiger zebra\x15yog"), "yog");
    assert_eq!(line("tiger é\x7f"), "tiger ");
}

#[test]
fn a_paste_of_all_words_at_once_may_have_them_on_lines() {
    let paste = "\x1b[200~tiger\r\nzebra\tyogurt\n\x1b[201~";
    assert_eq!(line(paste), "tiger  zebra yogurt ");
    let (_, phrase) = answer(Accept::Phrase, &format!("{paste}\r"));
    assert_eq!(phrase.unwrap(), "tiger zebra yogurt");
}

#[test]
fn ctrl_d_ends_an_empty_line_only() {
    assert!(matches!(typed(Accept::Phrase, "\x04").1, Step::End));
    assert!(matches!(typed(Accept::Phrase, "t\x04").1, Step::Draw));
}

#[test]
fn a_line_may_have_its_limit_and_not_a_byte_more() {
    let full = "x".repeat(MAX_BYTES);
    assert_eq!(line(&full).len(), MAX_BYTES);
    assert_eq!(
        said(Accept::Phrase, &format!("{full}x")),
        "no more than 512 bytes fit"
    );
    let almost = "x".repeat(MAX_BYTES - 1);
    assert_eq!(
        said(Accept::Phrase, &format!("{almost}é")),
        "no more than 512 bytes fit"
    );
}

#[test]
fn debug_output_shows_no_word() {
    let (_, step) = typed(Accept::Phrase, "tiger zebra yogurt\r");
    let Step::Done(typed) = step else { panic!() };
    assert_eq!(format!("{:?}", typed.phrase), "Some(Phrase)");
}
