use serde_json::json;

use crate::cli::File;
use crate::control;
use crate::failure::Failure;
use crate::ui::Ui;

/// `status`
pub(crate) fn run(file: &File, ui: &Ui) -> Result<(), Failure> {
    let mut status = control::ask(file, "GET", "/status")?;
    let mut lines = String::new();
    for name in ["name", "accounts", "pins", "connections", "stopping"] {
        let value = status.get(name).cloned().unwrap_or_default();
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        lines.push_str(&format!("{name}: {value}\n"));
    }
    if let Some(status) = status.as_object_mut() {
        status.insert("event".into(), json!("status"));
    }
    ui.show(&lines, &status)
}
