use super::*;

const FILE: &str = r#"
    rendezvous = ["Meet.Example", "meet.example.net:443"]
    home = "home.example"
    proxy = "socks5://127.0.0.1:9050"
    ca_file = "own.pem"
    keyring = true

    [profiles.work]
    home = "work.example:1"
    proxy = ""
    rendezvous = []
    keyring = false

    [profiles.other]
    ca_file = "/etc/other.pem"
"#;

fn places() -> Places {
    Places {
        config: "/c/entrenous/config.toml".into(),
        data: "/d".into(),
        state: "/s".into(),
        socket: None,
    }
}

fn resolve(
    profile: &str,
    file: &str,
    given: &Given,
    env: &[(&str, &str)],
) -> Result<Settings, Failure> {
    let profile = Setting {
        value: profile.parse().unwrap(),
        from: Origin::Default,
    };
    let look_up = |name: &str| {
        let found = env.iter().find(|(key, _)| *key == name)?;
        Some(OsString::from(found.1))
    };
    Settings::resolve(profile, places(), file, (given, &look_up))
}

fn from_file(profile: &str) -> Settings {
    resolve(profile, FILE, &Given::default(), &[]).unwrap()
}

fn refused(file: &str) -> (String, String) {
    let failure = resolve("default", file, &Given::default(), &[]).unwrap_err();
    let text = failure.text.strip_prefix("/c/entrenous/config.toml: ");
    (text.unwrap().to_owned(), failure.hint.unwrap())
}

fn named(host: &str) -> Option<Host> {
    Some(Host::typed(host).unwrap())
}

#[test]
fn a_file_sets_what_it_names() {
    let settings = from_file("default");
    let hosts: Vec<_> = settings.rendezvous.value.iter().map(Host::as_str).collect();
    assert_eq!(hosts, ["meet.example:7447", "meet.example.net:443"]);
    assert_eq!(settings.home.value, named("home.example"));
    assert_eq!(settings.home.from, Origin::File);
    assert_eq!(settings.proxy.value.unwrap().port(), 9050);
    let beside = PathBuf::from("/c/entrenous/own.pem");
    assert_eq!(settings.ca_file.value, Some(beside));
    assert!(settings.keyring.value);
}

#[test]
fn a_section_of_the_profile_wins_over_the_file_and_can_take_away() {
    let settings = from_file("work");
    assert_eq!(settings.home.value, named("work.example:1"));
    assert_eq!(settings.home.from, Origin::Profile);
    assert_eq!(
        settings.proxy,
        Setting {
            value: None,
            from: Origin::Profile
        }
    );
    assert_eq!(settings.rendezvous.value, []);
    assert_eq!(settings.ca_file.from, Origin::File);
    assert!(!settings.keyring.value);
    assert_eq!(settings.keyring.from, Origin::Profile);
    let other = from_file("other");
    assert_eq!(other.home.from, Origin::File);
    assert_eq!(other.ca_file.value, Some("/etc/other.pem".into()));
}

#[test]
fn the_environment_wins_over_the_file_and_flags_win_over_both() {
    let env = [
        ("ENTRENOUS_HOME", "env.example"),
        ("ENTRENOUS_RENDEZVOUS", "a.example, b.example:2"),
        ("ENTRENOUS_CA_FILE", "here.pem"),
        ("ENTRENOUS_KEYRING", "1"),
    ];
    let settings = resolve("work", FILE, &Given::default(), &env).unwrap();
    assert_eq!(settings.home.value, named("env.example"));
    assert_eq!(settings.home.from, Origin::Environment);
    assert_eq!(settings.rendezvous.value.len(), 2);
    assert_eq!(settings.ca_file.value, Some("here.pem".into()));
    assert!(settings.keyring.value);
    assert_eq!(settings.keyring.from, Origin::Environment);
    let given = Given {
        home: named("flag.example"),
        ..Given::default()
    };
    let settings = resolve("work", FILE, &given, &env).unwrap();
    assert_eq!(settings.home.value, named("flag.example"));
    assert_eq!(settings.home.from, Origin::Flag);
    assert_eq!(settings.rendezvous.from, Origin::Environment);
}

#[test]
fn without_anything_there_are_defaults() {
    let settings = resolve("default", "", &Given::default(), &[]).unwrap();
    assert_eq!(settings.rendezvous.value, []);
    assert_eq!(settings.home.value, None);
    assert!(!settings.keyring.value);
    for from in [
        settings.rendezvous.from,
        settings.home.from,
        settings.proxy.from,
        settings.ca_file.from,
        settings.keyring.from,
    ] {
        assert_eq!(from, Origin::Default);
    }
}

#[test]
fn an_unknown_setting_is_refused_with_the_most_similar_one() {
    let meant = |file| refused(file).1;
    assert_eq!(meant("rendezvouz = []"), "did you mean rendezvous?");
    assert_eq!(meant("[profile.work]"), "did you mean profiles?");
    assert_eq!(
        meant("[profiles.work]\nhom = \"x\""),
        "did you mean profiles.work.home?"
    );
    assert_eq!(meant("zzzz = 1"), KNOWN);
    assert_eq!(refused("cafile = \"x\"").0, "unknown setting cafile");
    assert_eq!(
        refused("[profiles.work]\nprofiles = 1").0,
        "unknown setting profiles.work.profiles",
        "also in a profile that is not used"
    );
}

#[test]
fn a_value_of_the_wrong_kind_is_named() {
    for (file, expected) in [
        ("home = 1", "home: expected a text in quotes"),
        (
            "home = \"a_b\"",
            "home: not the name or address of a server",
        ),
        (
            "rendezvous = \"x\"",
            "rendezvous: expected a list of servers such as [\"host:7447\"]",
        ),
        (
            "rendezvous = [\"x:0\"]",
            "rendezvous: \"x:0\": port is not a number from 1 to 65535",
        ),
        (
            "proxy = \"http://x\"",
            "proxy: proxy is neither socks5h:// nor socks5://",
        ),
        ("keyring = 1", "keyring: expected true or false"),
        (
            "profiles = 1",
            "profiles: expected sections such as [profiles.work]",
        ),
        (
            "[profiles]\nwork = 1",
            "profiles.work: expected a section [profiles.work]",
        ),
        (
            "[profiles.Work]",
            "profiles: a profile's name is 1 to 32 of a-z, 0-9 and -",
        ),
        (
            "\n\nhome = ",
            "line 3: string values must be quoted, expected literal string",
        ),
    ] {
        assert_eq!(refused(file).0, expected);
    }
}

#[test]
fn a_variable_that_is_wrong_is_named() {
    let wrong = |name, value| {
        resolve("default", "", &Given::default(), &[(name, value)])
            .unwrap_err()
            .text
    };
    assert_eq!(
        wrong("ENTRENOUS_HOME", "a b"),
        "ENTRENOUS_HOME: not the name or address of a server"
    );
    assert_eq!(
        wrong("ENTRENOUS_KEYRING", "yes"),
        "ENTRENOUS_KEYRING: expected true or false"
    );
    let proxy = wrong("ENTRENOUS_PROXY", "socks5://me:secret@");
    assert!(proxy.starts_with("ENTRENOUS_PROXY: proxy is not of the form"));
    assert!(!proxy.contains("secret"), "{proxy}");
}

#[test]
fn a_variable_turns_the_keyring_on_and_off() {
    for (value, expected) in [("1", true), ("true", true), ("0", false), ("false", false)] {
        let env = [("ENTRENOUS_KEYRING", value)];
        let settings = resolve("default", FILE, &Given::default(), &env).unwrap();
        assert_eq!(settings.keyring.value, expected, "{value}");
    }
}

#[test]
fn a_profile_comes_from_the_flag_then_the_environment() {
    let env = |_: &str| Some(OsString::from("home"));
    let none = |_: &str| None;
    let flag: Profile = "work".parse().unwrap();
    let chosen = |flag, env: &dyn Fn(&str) -> Option<OsString>| {
        let chosen = Profile::choose(flag, env).unwrap();
        (chosen.value.to_string(), chosen.from)
    };
    assert_eq!(chosen(Some(&flag), &env), ("work".into(), Origin::Flag));
    assert_eq!(chosen(None, &env), ("home".into(), Origin::Environment));
    assert_eq!(chosen(None, &none), ("default".into(), Origin::Default));
    let wrong = Profile::choose(None, &|_: &str| Some("../x".into()));
    assert!(wrong.unwrap_err().text.starts_with("ENTRENOUS_PROFILE: "));
}

#[test]
fn a_profile_has_1_to_32_small_letters_digits_and_dashes() {
    for good in ["a", "work-2", &"x".repeat(32)] {
        assert_eq!(good.parse::<Profile>().unwrap().as_str(), good);
    }
    for bad in ["", "Work", "a.b", "a/b", "..", "é", &"x".repeat(33)] {
        assert!(bad.parse::<Profile>().is_err(), "{bad}");
    }
}

#[test]
fn a_proxy_is_shown_without_its_login() {
    let shown = |text: &str| shown_proxy(&text.parse().unwrap());
    assert_eq!(shown("socks5h://127.0.0.1:9050"), "socks5://127.0.0.1:9050");
    assert_eq!(shown("socks5://me:pw@[::1]"), "socks5://...@[::1]:1080");
}
