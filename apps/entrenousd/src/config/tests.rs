use super::*;

fn hint(text: &str) -> Option<String> {
    Values::parse(text).unwrap_err().hint
}

fn wrong(text: &str) -> String {
    Values::parse(text).unwrap_err().text
}

#[test]
fn the_example_sets_every_key_to_its_default() {
    let values = Values::parse(&example()).unwrap();
    assert_eq!(values.set.len(), keys::all().count());
    let defaults = Values::default();
    for key in keys::all() {
        assert_eq!((key.show)(&values), (key.show)(&defaults), "{}", key.path);
    }
    assert_eq!(values.need_restart(&defaults).count(), 0);
}

#[test]
fn settings_written_out_stand_for_themselves() {
    let text = r#"tls = { cert = "\u007F\u001B\"\\", key = "\n'" }"#;
    let all = settle(text).unwrap();
    assert_eq!(settle(&all), Ok(all.clone()));
    assert_eq!(all.lines().count(), keys::all().count());
}

#[test]
fn an_unknown_setting_is_refused_with_the_most_similar_one() {
    let meant = |text| hint(text).unwrap_or_default();
    assert_eq!(meant("lisen = []"), "did you mean listen?");
    assert_eq!(
        meant("limits.lifetme = \"1h\""),
        "did you mean limits.lifetime?"
    );
    assert_eq!(meant("lifetime = \"1h\""), "did you mean limits.lifetime?");
    assert_eq!(
        meant("[tls]\ncertificate = \"x\""),
        "did you mean tls.cert?"
    );
    assert_eq!(hint("zzzz = 1"), None);
    assert_eq!(
        wrong("[limits.bord]\nrecords = 1"),
        "unknown setting limits.bord"
    );
}

#[test]
fn a_value_of_the_wrong_kind_is_named() {
    for (text, expected) in [
        (
            "listen = \"x\"",
            "listen: expected a list of addresses such as \"127.0.0.1:7447\"",
        ),
        (
            "listen = [\"x\"]",
            "listen: \"x\" does not fit; expected addresses such as \"127.0.0.1:7447\"",
        ),
        (
            "trusted_proxies = [\"10.0.0.0/33\"]",
            "trusted_proxies: \"10.0.0.0/33\" does not fit; expected addresses or ranges such as \"10.0.0.0/8\"",
        ),
        ("behind_proxy = 1", "behind_proxy: expected true or false"),
        ("limits.boards = 1", "unknown setting limits.boards"),
        (
            "limits.server.boards = -1",
            "limits.server.boards: expected a whole number",
        ),
        (
            "log.format = \"xml\"",
            "log.format: \"xml\" is neither \"text\" nor \"json\"",
        ),
        ("tls.cert = \"x\"", "tls.cert and tls.key need each other"),
        (
            "tls = { cert = \"x\", key = \"y\", acme.contact = \"a@b\" }",
            "tls.cert and tls.acme are two sources of a certificate",
        ),
        (
            "tls.acme.contact = \"a\"",
            "tls.acme.contact: \"a\" is not a mail address such as \"admin@example.org\"",
        ),
        (
            "tls.acme.directory = \"http://x\"",
            "tls.acme.directory: \"http://x\" is not an https URL",
        ),
        (
            "name = \"a.example\"\ntls.acme.contact = \"a@b\"",
            "tls.acme needs data, the directory where it keeps the certificate",
        ),
        (
            "data = \"d\"\ntls.acme.contact = \"a@b\"",
            "tls.acme needs a DNS name, and name is \"localhost\"",
        ),
        ("limits = 3", "unknown setting limits"),
        (
            "switch.tcp = \"[::]:1\"",
            "switch.tcp: expected a list of addresses such as \"[::]:8889\"",
        ),
        (
            "broker.listen = [\"4788\"]",
            "broker.listen: \"4788\" does not fit; expected addresses such as \"[::]:4788\"",
        ),
        (
            "\n\nlisten = ",
            "line 3: string values must be quoted, expected literal string",
        ),
    ] {
        assert_eq!(wrong(text), expected);
    }
}

/// Whether a setting only works above zero.
fn has_bound(path: &str) -> bool {
    let is_else = [
        "switch.ws",
        "switch.tcp",
        "switch.tls",
        "switch.password_file",
        "switch.session_lifetime",
        "broker.listen",
    ];
    let groups = ["limits.", "switch.", "broker."];
    groups.iter().any(|group| path.starts_with(group)) && !is_else.contains(&path)
}

#[test]
fn a_limit_of_zero_is_refused_by_the_name_of_its_key() {
    for key in keys::all().filter(|key| has_bound(key.path)) {
        let default = (key.show)(&Values::default());
        let zero = match default.trim_matches('"') {
            number if number == default => "0",
            size if size.ends_with('B') => "\"0B\"",
            _ => "\"0s\"",
        };
        let checked = match Values::parse(&format!("{} = {zero}", key.path)) {
            Ok(values) => values.server().check().map_err(|error| error.to_string()),
            Err(wrong) => Err(wrong.text),
        };
        if key.path.starts_with("limits.waiting.") {
            assert_eq!(checked, Ok(()), "without waiting, clients ask more often");
            continue;
        }
        let text = checked.unwrap_err();
        let name = text.split([' ', ':']).next();
        assert_eq!(name, Some(key.path), "{text}");
    }
}

#[test]
fn a_trusted_proxy_is_a_range_or_one_address() {
    let text = "trusted_proxies = [\"10.0.0.0/8\", \"192.0.2.7\", \"fd00::/8\", \"::1\"]";
    let values = Values::parse(text).unwrap();
    let proxies = &values.settings.trusted_proxies;
    let ranges: Vec<String> = proxies.iter().map(ToString::to_string).collect();
    assert_eq!(
        ranges,
        ["10.0.0.0/8", "192.0.2.7/32", "fd00::/8", "::1/128"]
    );
}

#[test]
fn a_relay_runs_where_it_is_wanted_and_talks_without_end_if_that_is_wanted() {
    let relay = |text: &str| Values::parse(text).unwrap().server().relay;
    assert!(!relay("").is_on());
    for on in ["ws = true", "tcp = [\"[::]:1\"]", "tls = [\"[::]:1\"]"] {
        let text = format!("switch.{on}");
        assert!(relay(&text).is_on(), "{on}");
    }
    let hour = Some(Duration::from_secs(3600));
    assert_eq!(relay("").limits.session_lasts, hour);
    let endless = relay("switch.session_lifetime = \"0s\"");
    assert_eq!(endless.limits.session_lasts, None);
    let text = "switch.tls = [\"[::]:8890\"]";
    let refused = Values::parse(text).unwrap().server().check();
    let text = refused.unwrap_err().to_string();
    assert_eq!(text, "switch.tls needs a certificate");
}

#[test]
fn changes_that_take_a_restart_are_known() {
    let old = Values::default();
    let new = Values::parse("listen = [\"127.0.0.1:1\"]\nlimits.lifetime = \"2h\"").unwrap();
    let keys: Vec<&str> = new.need_restart(&old).collect();
    assert_eq!(keys, ["listen"]);
    assert_eq!(new.settings.limits.lifetime, Duration::from_secs(7200));
}

#[test]
fn a_certificate_comes_from_files_or_from_an_authority() {
    use host::http::Certificate;

    let certificate = |text| Values::parse(text).unwrap().server().tls;
    assert_eq!(certificate(""), None);
    let files = certificate("tls = { cert = \"x\", key = \"y\" }");
    assert!(matches!(files, Some(Certificate::Files(_))));
    let acme = "name = \"relay.example.org\"\ndata = \"/d\"\ntls.acme = { contact = \"a@b\" }";
    let Some(Certificate::Acme(acme)) = certificate(acme) else {
        panic!("no authority");
    };
    assert_eq!(acme.name, "relay.example.org");
    assert_eq!(
        acme.directory,
        "https://acme-v02.api.letsencrypt.org/directory"
    );
    assert_eq!(acme.cache, Path::new("/d/acme"));
}

#[test]
fn an_authority_certifies_dns_names_only() {
    for good in ["a.b", "relay.example.org", "xn--a.example", "a-1.2x"] {
        assert!(is_dns(good), "{good}");
    }
    for bad in [
        "localhost",
        "192.0.2.7",
        "a..b",
        "-a.b",
        "a-.b",
        "a.b.",
        "a_b.c",
        "::1",
        "",
    ] {
        assert!(!is_dns(bad), "{bad}");
    }
    let long = |length| format!("{}.org", "a".repeat(length));
    assert!(is_dns(&long(63)) && !is_dns(&long(64)));
}
