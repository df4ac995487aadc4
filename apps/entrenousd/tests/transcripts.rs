//! What the program prints, word for word. After a wanted change: `TRYCMD=overwrite cargo test`.

#[test]
fn every_transcript_is_as_written() {
    trycmd::TestCases::new().case("tests/cmd/*.trycmd").run();
}
