//! Whatever the server stores is in the operator's page.

#[test]
fn every_stored_field_is_in_the_operators_page() {
    let stored = include_str!("../../core/wire/proto/entrenous/v1/stored.proto");
    let page = include_str!("../../docs/operator.md");
    let mut message = "";
    let mut fields = 0;
    for line in stored.lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix("message ") {
            message = rest.trim_end_matches(" {");
            let named = page.contains(&format!("`{message}`"));
            assert!(
                named,
                "{message} is stored, and docs/operator.md does not say so"
            );
        }
        if let Some((field, _)) = line.split_once(" = ")
            && !line.starts_with("//")
            && !message.is_empty()
        {
            let field = field.split_whitespace().last().unwrap();
            let row = page.lines().filter(|line| line.contains(message));
            let is_named = row.into_iter().any(|row| {
                row.contains(&format!("`{field}`")) || row.contains(&format!("{message}.{field}`"))
            });
            assert!(
                is_named,
                "{message}.{field} is stored, and docs/operator.md does not say so"
            );
            fields += 1;
        }
    }
    assert_eq!(
        fields, 26,
        "a field was added or removed: look at the page as a whole"
    );
}
