use serde_json::{Value, json};

use crate::cli::{File, NewPin, Pins};
use crate::control;
use crate::failure::Failure;
use crate::ui::Ui;

/// `pins`
pub(crate) fn run(pins: &Pins, ui: &Ui) -> Result<(), Failure> {
    match pins {
        Pins::New(new) => create(new, ui),
        Pins::List(file) => list(file, ui),
        Pins::Revoke(revoke) => {
            let path = format!("/pins/{}", revoke.handle);
            control::ask(&revoke.file, "DELETE", &path)?;
            let handle = revoke.handle.to_string();
            ui.show(
                &format!("{handle} is revoked\n"),
                &json!({"event": "pin_revoked", "handle": handle}),
            )
        }
    }
}

fn create(new: &NewPin, ui: &Ui) -> Result<(), Failure> {
    let lasts_s = new.lasts.as_secs();
    let path = format!("/pins?lasts_s={lasts_s}&tries={}", new.tries);
    let mut made = control::ask(&new.file, "POST", &path)?;
    let text = text(&made, "pin").to_owned();
    ui.note("this pin makes one account; it is shown only now\n");
    if let Some(made) = made.as_object_mut() {
        made.insert("event".into(), json!("pin_made"));
    }
    ui.show(&format!("{text}\n"), &made)
}

fn list(file: &File, ui: &Ui) -> Result<(), Failure> {
    let answer = control::ask(file, "GET", "/pins")?;
    let pins = answer.get("pins").and_then(Value::as_array);
    let mut lines = String::new();
    for pin in pins.into_iter().flatten() {
        let handle = text(pin, "handle");
        let tries = pin.get("tries_left").and_then(Value::as_u64).unwrap_or(0);
        let is_used = pin.get("used").and_then(Value::as_bool).unwrap_or(false);
        let hours = left_h(pin.get("expires_s").and_then(Value::as_u64).unwrap_or(0));
        let state = match is_used {
            true => "used".to_owned(),
            false => format!("{tries} tries left"),
        };
        lines.push_str(&format!("{handle}-*******  {hours} h left  {state}\n"));
    }
    if lines.is_empty() {
        lines.push_str("no pins\n");
    }
    ui.show(&lines, &json!({"event": "pins", "pins": pins}))
}

/// Hours until `expires_s`, rounded up.
fn left_h(expires_s: u64) -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let left = expires_s.saturating_sub(now.unwrap_or_default().as_secs());
    left.div_ceil(3600)
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}
