use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;

/// What a network does with addresses. All of them write their own into what leaves.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Nat {
    /// Ports stay, and whatever comes to one of them is let in (full cone).
    Open,
    /// Ports stay, and an address and port is let in once something was sent there (port restricted).
    Restricted,
    /// The same, with a random port for each address and port that something is sent to (symmetric).
    Symmetric,
}

/// By which address the two reach the broker.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// IPv4.
    Four,
    /// IPv6: each machine has an address of its own, and an address and port is let in once something was sent there.
    Six,
}

impl Nat {
    /// Its rules, where `host` is who lives in it.
    fn rules(self, host: &str) -> String {
        let (leaves, comes, through) = match self {
            Self::Open => (
                "masquerade",
                format!("iifname wan meta l4proto udp dnat to {host}"),
                "",
            ),
            Self::Restricted => ("masquerade", String::new(), "iifname wan ct state new drop"),
            Self::Symmetric => (
                "masquerade fully-random",
                String::new(),
                "iifname wan ct state new drop",
            ),
        };
        // What is for nobody is dropped where it arrives, as boxes in homes do. It would take the port of what leaves later.
        format!(
            "table ip box {{
                chain leaves {{ type nat hook postrouting priority srcnat; oifname wan {leaves}; }}
                chain comes {{ type nat hook prerouting priority dstnat; {comes}; }}
                chain through {{ type filter hook forward priority filter; {through}; }}
                chain here {{ type filter hook input priority filter; iifname wan drop; }}
            }}
            table ip6 box {{
                chain through {{ type filter hook forward priority filter; iifname wan ct state new drop; }}
            }}"
        )
    }
}

/// A network of three: 203.0.113.1 is where broker and relay are, and between the two others. $1 and $2 are rules.
const NETWORK: &str = r#"
    mount -t tmpfs none /run
    ip link set lo up
    ip addr add 203.0.113.1/32 dev lo
    ip addr add 2001:db8::1/128 dev lo
    echo 1 > /proc/sys/net/ipv4/ip_forward
    echo 1 > /proc/sys/net/ipv6/conf/all/forwarding
    side() {
        ip netns add "$1"
        ip netns add "box-$1"
        ip link add "$1" type veth peer name wan netns "box-$1"
        ip addr add "203.0.113.$2/30" dev "$1"
        ip addr add "2001:db8:$2::1/64" dev "$1" nodad
        ip link set "$1" up
        ip route add "2001:db8:$3::/64" via "2001:db8:$2::2"
        ip netns exec "box-$1" sh -euc '
            ip link set lo up
            ip link add lan type veth peer name eth0 netns "$0"
            ip addr add "203.0.113.$1/30" dev wan
            ip addr add "10.0.$1.1/24" dev lan
            ip addr add "2001:db8:$2::2/64" dev wan nodad
            ip addr add "2001:db8:$1::1/64" dev lan nodad
            ip link set wan up
            ip link set lan up
            ip route add default via "203.0.113.$2"
            ip route add default via "2001:db8:$2::1"
            echo 1 > /proc/sys/net/ipv4/ip_forward
            echo 1 > /proc/sys/net/ipv6/conf/all/forwarding
            echo "$3" | nft -f -' "$1" "$3" "$2" "$4"
        ip netns exec "$1" sh -euc '
            ip link set lo up
            ip addr add "10.0.$0.2/24" dev eth0
            ip addr add "2001:db8:$0::2/64" dev eth0 nodad
            ip link set eth0 up
            ip route add default via "10.0.$0.1"
            ip route add default via "2001:db8:$0::1"' "$3"
    }
    side caller 5 6 "$1"
    side called 9 10 "$2"
    set -- --exact part --ignored --nocapture
    PART=servers "$0" "$@" &
    PART=called ip netns exec called "$0" "$@" &
    called=$!
    PART=caller ip netns exec caller "$0" "$@"
    wait "$called"
"#;

/// One behind `caller` calls another behind `called`; both say that they talk by `path`.
pub(crate) fn between(caller: Nat, called: Nat, kind: Kind, path: &str) {
    let test = thread::current().name().unwrap().to_owned();
    let own = [
        "--map-root-user",
        "--net",
        "--mount",
        "--pid",
        "--fork",
        "--kill-child",
    ];
    let probe = "mount -t tmpfs none /run && ip netns add probe && nft list ruleset";
    let probed = Command::new("unshare")
        .args(own)
        .args(["sh", "-c", probe])
        .stderr(Stdio::null())
        .status();
    if !probed.is_ok_and(|status| status.success()) {
        return skipped(
            &test,
            "no network namespaces (unshare, ip netns, nft) on this machine",
        );
    }
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(&test);
    drop(fs::remove_dir_all(&folder));
    fs::create_dir_all(&folder).unwrap();
    let output = Command::new("unshare")
        .args(own)
        .args(["sh", "-euc", NETWORK])
        .arg(std::env::current_exe().unwrap())
        .args([caller.rules("10.0.6.2"), called.rules("10.0.10.2")])
        .env(
            "BROKER",
            match kind {
                Kind::Four => "203.0.113.1",
                Kind::Six => "2001:db8::1",
            },
        )
        .current_dir(&folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let shown = [&output.stdout[..], &output.stderr].concat();
    let shown = String::from_utf8_lossy(&shown);
    assert!(output.status.success(), "{caller:?} to {called:?}: {shown}");
    for name in ["caller", "called"] {
        let said = fs::read_to_string(folder.join(name)).unwrap();
        assert_eq!(said, path, "{name} of {caller:?} to {called:?}: {shown}");
    }
    fs::remove_dir_all(&folder).unwrap();
}

/// Says loudly that `test` did not run, because `reason`; where nothing may be left out, fails.
#[track_caller]
fn skipped(test: &str, reason: &str) {
    assert!(
        std::env::var_os("CI").is_none(),
        "{test} cannot run: {reason}"
    );
    // Not `eprintln`, which the test harness hides.
    let _ = writeln!(std::io::stderr(), "SKIPPED {test}: {reason}");
}
