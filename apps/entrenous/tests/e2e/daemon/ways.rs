//! Calls between daemons by every way.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use host::http::{Config, Server};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use super::client::Client;
use super::{HERE, dials, talks, two};
use crate::folder::Folder;
use crate::person::Person;
use crate::profile::text;

/// A relay and a broker on loopback; they end when dropped.
struct Servers {
    relay: String,
    broker: String,
    _server: Server,
    _runtime: Runtime,
}

impl Servers {
    /// With a password, which is in a file of `folder`.
    fn start(folder: &Folder, password: &str) -> Self {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let runtime = Runtime::new().unwrap();
        let mut config = Config::default();
        config.listen = vec![any];
        config.relay.web = true;
        config.relay.limits.starts = usize::MAX;
        config.relay.password = Some(folder.file("password", password).into());
        config.broker.listen = vec![any];
        let server = runtime.block_on(Server::start(config, None)).unwrap();
        Self {
            relay: format!("ws://{}", server.addresses().first().unwrap()),
            broker: server.broker().unwrap().addresses()[0].to_string(),
            _server: server,
            _runtime: runtime,
        }
    }
}

/// Calls until somebody waits there again; the session.
fn dials_again(here: &mut Client<Person>, params: &Value) -> Value {
    for _ in 0..600 {
        let id = here.says("dial", params.clone());
        let told = here.told_of(&id);
        if told["evt"] == "session_started" {
            return told["data"].clone();
        }
        assert_eq!(told["data"]["code"], "dial_failed");
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("nobody waits there any more");
}

/// The tokens of a list.
fn listed(told: &Value) -> Vec<String> {
    let tokens = told["data"]["tokens"].as_array().unwrap();
    tokens.iter().map(|token| text(&token["token"])).collect()
}

#[test]
fn two_daemons_talk_over_udp() {
    let folders = (Folder::new(), Folder::new());
    let (mut alice, mut bob) = two(&folders);
    let params = json!({ "addr": HERE, "transport": "udp" });
    let started = alice.asks_for("server_started", "start_server", params);
    assert_eq!(started["data"]["transport"], "udp");
    let addr = text(&started["data"]["addr"]);
    let params = json!({ "addr": addr, "transport": "udp" });
    let [here, there] = dials(&mut bob, &mut alice, params);
    for session in [&here, &there] {
        assert_eq!(session["transport_type"], "udp");
        assert_eq!(session["remote_version"], "0.7.0");
    }
    talks(&mut bob, &mut alice, &here);
    let share = alice.asks("get_share_info", json!({}));
    assert_eq!(text(&share["data"]["url"]), format!("udp://{addr}"));
    // a link goes by its own way
    let params = json!({ "addr": share["data"]["entrenous_link"] });
    let [here, _] = dials(&mut bob, &mut alice, params);
    assert_eq!(here["transport_type"], "udp");
    talks(&mut bob, &mut alice, &here);

    // whose address is known is knocked at
    alice.asks("stop_server", json!({}));
    let params = json!({
        "addr": HERE, "transport": "direct-p2p", "direct_peer_addr": "127.0.0.1:9"
    });
    let started = alice.asks_for("server_started", "start_server", params);
    let addr = text(&started["data"]["addr"]);
    let params = json!({ "transport": "direct-p2p", "direct_peer_addr": addr });
    let [here, there] = dials(&mut bob, &mut alice, params);
    assert_eq!(here["transport_type"], "direct-p2p");
    assert_eq!(there["transport_type"], "direct-p2p");
    assert_eq!(here["remote_addr"], *addr);
    talks(&mut bob, &mut alice, &here);
}

#[test]
fn two_daemons_talk_through_a_relay() {
    let folders = (Folder::new(), Folder::new());
    let (mut alice, mut bob) = two(&folders);
    let servers = Servers::start(&folders.0, "psk-secret");
    let params = json!({ "transport": "relay", "relay_addr": servers.relay, "password": "wrong" });
    assert_eq!(alice.fails("start_server", params), "relay_listen_failed");
    let status = alice.asks("get_status", json!({}));
    assert_eq!(status["data"]["status"], "error");

    let params =
        json!({ "transport": "relay", "relay_addr": servers.relay, "password": "psk-secret" });
    let started = alice.asks_for("server_started", "start_server", params);
    assert_eq!(started["data"]["transport"], "relay");
    let token = alice.event("relay_token")["data"]["token"].clone();
    assert_eq!(listed(&alice.event("relay_tokens")), [text(&token)]);
    let status = alice.asks("get_server_status", json!({}));
    assert_eq!(status["data"]["relay_addr"], *servers.relay);
    let share = alice.asks("get_share_info", json!({}));
    let (address, url) = (
        servers.relay.trim_start_matches("ws://"),
        text(&share["data"]["url"]),
    );
    let wanted = format!(
        "relay://{address}?token={}&scheme=ws&password=1",
        text(&token)
    );
    assert_eq!(url, wanted);
    assert_eq!(
        share["data"]["relay_info"],
        json!({ "address": address, "scheme": "ws", "token": token, "password": true })
    );

    let dial = |token: &Value| {
        json!({
            "transport": "relay", "relay_addr": servers.relay, "token": token,
            "password": "psk-secret",
        })
    };
    let [here, there] = dials(&mut bob, &mut alice, dial(&token));
    assert_eq!(here["transport_type"], "relay");
    assert_eq!(there["transport_type"], "relay");
    assert_eq!(here["remote_addr"], *servers.relay);
    talks(&mut bob, &mut alice, &here);

    // a second token, and one of both keys
    let second = alice.asks("generate_relay_token", json!({}));
    let second = second["data"]["token"].clone();
    let key = bob.asks("get_fingerprint", json!({}))["data"]["b64"].clone();
    let given = json!({ "peer_pub_b64": key });
    let fixed = alice.asks("generate_relay_token", given.clone());
    let fixed = fixed["data"]["token"].clone();
    let again = alice.asks("generate_relay_token", given);
    assert_eq!(again["data"]["token"], fixed);
    let tokens = alice.asks("list_relay_tokens", json!({}));
    let all = [&token, &second, &fixed].map(text);
    assert_eq!(listed(&tokens), all);
    let last = &tokens["data"]["tokens"][2];
    assert_eq!(
        (&last["mode"], &last["peer_pub_b64"]),
        (&json!("static"), &key)
    );
    for token in [&second, &fixed] {
        let [here, _] = dials(&mut bob, &mut alice, dial(token));
        talks(&mut bob, &mut alice, &here);
    }
    // it leads here again and again
    let here = dials_again(&mut bob, &dial(&token));
    alice.event("session_started");
    talks(&mut bob, &mut alice, &here);
    let removed = alice.asks("remove_relay_token", json!({ "token": second }));
    assert_eq!(removed["data"], json!({ "status": "removed" }));
    assert_eq!(bob.fails("dial", dial(&second)), "dial_failed");

    // another mode starts the server anew, with another token
    alice.asks("set_verification_mode", json!({ "mode": 1 }));
    let again = alice.event("server_started");
    assert!(again["id"].is_null());
    let anew = alice.asks("list_relay_tokens", json!({}));
    let anew = anew["data"]["tokens"][0]["token"].clone();
    assert_ne!(anew, token);
    let [here, _] = dials(&mut bob, &mut alice, dial(&anew));
    talks(&mut bob, &mut alice, &here);
    alice.asks("stop_server", json!({}));
    let tokens = alice.asks("list_relay_tokens", json!({}));
    assert_eq!(tokens["data"], json!({ "tokens": [] }));
}

#[test]
fn two_daemons_find_each_other_by_a_broker() {
    let folders = (Folder::new(), Folder::new());
    let (mut alice, mut bob) = two(&folders);
    let servers = Servers::start(&folders.0, "unused");
    let params = json!({ "transport": "p2p", "addr": HERE, "broker_addr": servers.broker });
    let started = alice.asks_for("server_started", "start_server", params);
    assert_eq!(started["data"]["transport"], "p2p");
    let tokens = listed(&alice.event("p2p_tokens"));
    let [token] = &tokens[..] else {
        panic!("{tokens:?}");
    };
    // 16 bytes, as programs of Kamune have them
    assert_eq!(token.len(), 32);
    // where this is waited for already, there is no other token
    let given = json!({ "broker_addr": servers.broker });
    let made = alice.asks("generate_p2p_token", given);
    assert_eq!(
        made["data"],
        json!({ "token": token, "broker_addr": servers.broker, "peer_pub_b64": "" })
    );
    let key = bob.asks("get_fingerprint", json!({}))["data"]["b64"].clone();
    let given = json!({ "broker_addr": servers.broker, "peer_pub_b64": key });
    let fixed = alice.asks("generate_p2p_token", given)["data"]["token"].clone();
    assert_ne!(text(&fixed), *token);
    for token in [json!(token), fixed.clone(), json!(token)] {
        let params =
            json!({ "transport": "p2p", "broker_addr": servers.broker, "p2p_token": token });
        let [here, there] = dials(&mut bob, &mut alice, params);
        for session in [&here, &there] {
            assert_eq!(session["transport_type"], "p2p");
        }
        assert_eq!(here["remote_addr"], "p2p");
        talks(&mut bob, &mut alice, &here);
    }
    let removed = alice.asks("remove_p2p_token", json!({ "token": fixed }));
    assert_eq!(removed["data"], json!({ "status": "removed" }));
    let tokens = alice.asks("list_p2p_tokens", json!({}));
    assert_eq!(listed(&tokens), std::slice::from_ref(token));
}

#[test]
fn a_start_that_waits_for_its_server_can_be_cancelled() {
    let folders = (Folder::new(), Folder::new());
    let (mut alice, _) = two(&folders);
    // It takes what comes, and says nothing.
    let silent = std::net::TcpListener::bind(HERE).unwrap();
    let relay = format!("tcp://{}", silent.local_addr().unwrap());
    let params = json!({ "transport": "relay", "relay_addr": relay });
    let starting = alice.says("start_server", params.clone());
    assert_eq!(
        alice.fails("start_server", params),
        "server_start_in_progress"
    );
    let cancelled = alice.asks("cancel_start_server", json!({}));
    assert_eq!(cancelled["data"], json!({ "status": "cancelled" }));
    assert_eq!(alice.error_of(&starting), "server_start_cancelled");
    alice.event("server_start_cancelled");
    // the same for somebody who waits for a token
    let silent = std::net::UdpSocket::bind(HERE).unwrap();
    let broker = silent.local_addr().unwrap().to_string();
    let waiting = alice.says("generate_p2p_token", json!({ "broker_addr": broker }));
    alice.asks("stop_server", json!({}));
    assert_eq!(alice.error_of(&waiting), "server_stopped");
    let params = json!({ "addr": HERE });
    alice.asks_for("server_started", "start_server", params);
}
