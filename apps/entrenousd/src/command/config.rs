use serde_json::{Map, Value, json};

use crate::cli::File;
use crate::config::{Origin, Values, example as text};
use crate::failure::Failure;
use crate::ui::Ui;

/// `config check`
pub(crate) fn check(file: &File, ui: &Ui) -> Result<(), Failure> {
    let values = Values::load(file.config.as_deref())?;
    values.server().check_files().map_err(Failure::from)?;
    let name = match &file.config {
        Some(path) => path.display().to_string(),
        None => "the default configuration".into(),
    };
    ui.show(
        &format!("{name} is good\n"),
        &json!({"event": "config_checked", "file": file.config}),
    )
}

/// `config example`
pub(crate) fn example(ui: &Ui) -> Result<(), Failure> {
    ui.show(&text(), &json!({"event": "config_example", "toml": text()}))
}

/// `config show`
pub(crate) fn show(file: &File, ui: &Ui) -> Result<(), Failure> {
    let values = Values::load(file.config.as_deref())?;
    let mut lines = String::new();
    let mut object = Map::new();
    for (key, value, origin) in values.all() {
        let origin = match origin {
            Origin::Default => "default",
            Origin::File => "file",
        };
        lines.push_str(&format!("{key} = {value}  # {origin}\n"));
        object.insert(key.into(), json!({"value": value, "from": origin}));
    }
    ui.show(
        &lines,
        &json!({"event": "config_shown", "settings": Value::Object(object)}),
    )
}
