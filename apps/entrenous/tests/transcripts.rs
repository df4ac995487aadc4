//! What a person sees, word for word: help, refusals, errors. `TRYCMD=overwrite` renews them.

#[test]
fn transcripts_are_what_the_program_says() {
    trycmd::TestCases::new()
        .case("tests/cmd/*.trycmd")
        .env("NO_COLOR", "1")
        .env("COLUMNS", "80");
}
