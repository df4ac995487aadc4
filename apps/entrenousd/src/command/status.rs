use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};

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
    let expires_s = status.get("certificate_expires_s").and_then(Value::as_u64);
    if let Some(expires_s) = expires_s {
        lines.push_str(&format!("certificate: {}\n", good_for(expires_s)));
    }
    if let Some(status) = status.as_object_mut() {
        status.insert("event".into(), json!("status"));
    }
    ui.show(&lines, &status)
}

/// How long a certificate is good that is over at `expires_s`, seconds since 1970.
fn good_for(expires_s: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now_s = now.unwrap_or_default().as_secs();
    match expires_s.checked_sub(now_s) {
        None | Some(0) => "is over".into(),
        Some(left) if left < 2 * DAY => format!("good for {} h", left.div_ceil(3600)),
        Some(left) => format!("good for {} days", left / DAY),
    }
}

const DAY: u64 = 86_400;
