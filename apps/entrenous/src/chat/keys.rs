//! What a terminal tells, as what the screen takes.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::action::{Code, Input, Press};

/// `None`: it means nothing here.
pub(super) fn input(event: Event) -> Option<Input> {
    match event {
        Event::Key(key) if key.kind != KeyEventKind::Release => press(key).map(Input::Key),
        Event::Paste(text) => Some(Input::Paste(text)),
        Event::Resize(columns, rows) => Some(Input::Resize { columns, rows }),
        _ => None,
    }
}

fn press(key: KeyEvent) -> Option<Press> {
    let code = match key.code {
        KeyCode::Char(c) => Code::Char(c),
        KeyCode::Enter => Code::Enter,
        KeyCode::Esc => Code::Esc,
        KeyCode::Tab => Code::Tab,
        KeyCode::BackTab => Code::BackTab,
        KeyCode::Backspace => Code::Back,
        KeyCode::Delete => Code::Delete,
        KeyCode::Left => Code::Left,
        KeyCode::Right => Code::Right,
        KeyCode::Up => Code::Up,
        KeyCode::Down => Code::Down,
        KeyCode::Home => Code::Home,
        KeyCode::End => Code::End,
        KeyCode::PageUp => Code::PageUp,
        KeyCode::PageDown => Code::PageDown,
        KeyCode::F(number) => Code::F(number),
        _ => return None,
    };
    let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
    let alt = key.modifiers.contains(KeyModifiers::ALT);
    match (code, ctrl && alt) {
        // A keyboard's third level, where a system tells it so.
        (Code::Char(_), true) => Some(Press::plain(code)),
        (Code::Char(c), _) if ctrl => Some(Press::ctrl(c.to_ascii_lowercase())),
        _ => Some(Press { code, ctrl, alt }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(code: KeyCode, modifiers: KeyModifiers) -> Option<Input> {
        input(Event::Key(KeyEvent::new(code, modifiers)))
    }

    #[test]
    fn keys_keep_their_meaning() {
        let none = KeyModifiers::NONE;
        let pressed = |press| Some(Input::Key(press));
        assert_eq!(
            key(KeyCode::Char('é'), none),
            pressed(Press::plain(Code::Char('é')))
        );
        assert_eq!(
            key(KeyCode::Char('C'), KeyModifiers::CONTROL),
            pressed(Press::ctrl('c'))
        );
        assert_eq!(
            key(KeyCode::Enter, KeyModifiers::ALT),
            pressed(Press::alt(Code::Enter))
        );
        let third_level = KeyModifiers::CONTROL | KeyModifiers::ALT;
        assert_eq!(
            key(KeyCode::Char('@'), third_level),
            pressed(Press::plain(Code::Char('@')))
        );
        assert_eq!(key(KeyCode::CapsLock, none), None);
    }

    #[test]
    fn a_key_that_is_let_go_means_nothing() {
        let released =
            KeyEvent::new_with_kind(KeyCode::Enter, KeyModifiers::NONE, KeyEventKind::Release);
        assert_eq!(input(Event::Key(released)), None);
        assert_eq!(input(Event::FocusGained), None);
    }
}
