use super::*;

fn sizes(window: &mut Window, acks: usize, count: u32) -> u32 {
    for _ in 0..acks {
        window.grow(count, u32::MAX, 1000);
    }
    window.size()
}

#[test]
fn the_classic_window_begins_with_one_and_slows_down_at_two() {
    let mut window = Window::new(&Config::default());
    assert_eq!(window.size(), 1);
    assert_eq!(sizes(&mut window, 1, 1), 2);
    // 2 * 1376 + 688 + 86, then + 537 + 86: three segments after two acks, not after one
    assert_eq!(sizes(&mut window, 1, 1), 2);
    assert_eq!(sizes(&mut window, 1, 1), 3);
}

#[test]
fn the_classic_window_stays_within_the_peers() {
    let mut window = Window::new(&Config::default());
    for _ in 0..10_000 {
        window.grow(1, 1, 32);
    }
    assert_eq!(window.size(), 32);
    window.grow(1, 1, 0);
    assert_eq!(window.size(), 32);
}

#[test]
fn the_classic_window_falls_to_half_or_to_one() {
    let mut window = Window::new(&Config::default());
    window.shrink(Loss::Skipped, 0, 20, 20);
    assert_eq!((window.size(), window.threshold), (10, 10));
    window.shrink(Loss::Timeout { window: 10 }, 0, 20, 20);
    assert_eq!((window.size(), window.threshold), (1, 5));
    window.shrink(Loss::Timeout { window: 1 }, 0, 20, 20);
    assert_eq!((window.size(), window.threshold), (1, 2));
    window.fast_resend = 2;
    window.shrink(Loss::Skipped, 0, 20, 20);
    assert_eq!((window.size(), window.threshold), (12, 10));
}

#[test]
fn the_prompt_window_doubles_then_adds_one_a_round_trip() {
    let mut window = Window::new(&Config::own());
    assert_eq!(window.size(), 10);
    assert_eq!(sizes(&mut window, 1, 10), 20);
    window.shrink(Loss::Skipped, 5, 20, 20);
    assert_eq!(sizes(&mut window, 1, 9), 10);
    assert_eq!(sizes(&mut window, 1, 1), 11);
    assert_eq!(sizes(&mut window, 1, 10), 11);
    assert_eq!(sizes(&mut window, 1, 1), 12);
    assert_eq!(sizes(&mut window, 100_000, 11), 256);
}

#[test]
fn the_prompt_window_grows_only_when_it_is_used() {
    let mut window = Window::new(&Config::own());
    window.grow(9, 9, 256);
    assert_eq!(window.size(), 10);
    window.grow(9, 10, 256);
    assert_eq!(window.size(), 19);
}

#[test]
fn the_prompt_window_falls_once_a_round_trip() {
    let mut window = Window::new(&Config::own());
    window.shrink(Loss::Skipped, u32::MAX, 3, 40);
    assert_eq!(window.size(), 20);
    window.shrink(Loss::Timeout { window: 20 }, 2, 9, 40);
    assert_eq!(window.size(), 20);
    window.shrink(Loss::Timeout { window: 20 }, 3, 9, 2);
    assert_eq!(window.size(), 2);
}
