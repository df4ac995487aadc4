//! What a person sees, word for word: help, refusals, errors. `TRYCMD=overwrite` renews them.

#[test]
fn transcripts_are_what_the_program_says() {
    let home = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cmd/home");
    let cases = trycmd::TestCases::new();
    cases.case("tests/cmd/*.trycmd");
    for name in ["CONFIG", "DATA", "STATE"] {
        cases.env(format!("XDG_{name}_HOME"), home);
    }
    cases
        .insert_var("[HOME]", home)
        .unwrap()
        .env("XDG_RUNTIME_DIR", home)
        .env("NO_COLOR", "1")
        .env("COLUMNS", "80");
}
