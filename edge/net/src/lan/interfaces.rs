use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use super::StartError;

/// Which interfaces to use.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Interfaces {
    /// Every one that is up, can do multicast and is not the loopback; their first IPv4 address.
    All,
    /// Those with these names (first IPv4 address) or IPv4 addresses, the loopback too.
    /// `0.0.0.0` stands for all.
    Named(Vec<String>),
}

impl Interfaces {
    /// The interfaces there are now that are asked for.
    ///
    /// # Errors
    ///
    /// The system does not list them, or one that was named is missing.
    pub(super) fn find(&self) -> Result<Vec<Interface>, StartError> {
        self.choose(Found::list().map_err(|_| StartError::NoList)?)
    }

    /// As [`find`](Self::find), passing over what is missing.
    pub(super) fn find_again(&self) -> Vec<Interface> {
        let found = Found::list().unwrap_or_default();
        match self {
            Self::All => Self::all(found),
            Self::Named(names) => {
                let chosen = names.iter().flat_map(|name| choose(name, &found));
                unique(chosen.collect())
            }
        }
    }

    fn choose(&self, found: Vec<Found>) -> Result<Vec<Interface>, StartError> {
        let chosen = match self {
            Self::All => Self::all(found),
            Self::Named(names) => {
                let mut chosen = Vec::new();
                for name in names {
                    let some = choose(name, &found);
                    if some.is_empty() && !is_all(name) {
                        return Err(StartError::UnknownInterface {
                            name: name.clone(),
                            there: names_of(&found),
                        });
                    }
                    chosen.extend(some);
                }
                unique(chosen)
            }
        };
        if chosen.is_empty() {
            return Err(StartError::NoInterface);
        }
        Ok(chosen)
    }

    fn all(found: Vec<Found>) -> Vec<Interface> {
        let usable = found
            .into_iter()
            .filter(|f| f.is_multicast && !f.interface.is_loopback());
        first_of_each(usable.map(|f| f.interface).collect())
    }
}

/// One interface: its name and the IPv4 address that is used there.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub struct Interface {
    /// As the system calls it.
    pub name: String,
    /// The address that peers see.
    pub address: Ipv4Addr,
    /// The system's number for it, which changes when it is taken away and comes back.
    pub index: Option<u32>,
}

impl Interface {
    const fn is_loopback(&self) -> bool {
        self.address.is_loopback()
    }
}

/// An interface that is up.
#[derive(Clone, Debug)]
struct Found {
    interface: Interface,
    is_multicast: bool,
}

impl Found {
    fn list() -> std::io::Result<Vec<Self>> {
        let all = if_addrs::get_if_addrs()?;
        let up = all.into_iter().filter(|each| {
            let down = [
                if_addrs::IfOperStatus::Down,
                if_addrs::IfOperStatus::NotPresent,
            ];
            !down.contains(&each.oper_status)
        });
        let found = up.filter_map(|each| match each.ip() {
            IpAddr::V4(address) => Some(Self {
                is_multicast: is_multicast(&each.name),
                interface: Interface {
                    name: each.name,
                    address,
                    index: each.index,
                },
            }),
            IpAddr::V6(_) => None,
        });
        Ok(found.collect())
    }
}

/// What `name` asks for.
fn choose(name: &str, found: &[Found]) -> Vec<Interface> {
    if is_all(name) {
        return Interfaces::all(found.to_vec());
    }
    let address = name.parse::<Ipv4Addr>();
    let matches = |interface: &Interface| match address {
        Ok(address) => interface.address == address,
        Err(_) => interface.name == name,
    };
    let chosen = found.iter().map(|f| &f.interface).filter(|i| matches(i));
    first_of_each(chosen.cloned().collect())
}

fn is_all(name: &str) -> bool {
    name.parse() == Ok(Ipv4Addr::UNSPECIFIED)
}

fn first_of_each(mut interfaces: Vec<Interface>) -> Vec<Interface> {
    let mut names = BTreeSet::new();
    interfaces.retain(|interface| names.insert(interface.name.clone()));
    interfaces
}

fn unique(mut interfaces: Vec<Interface>) -> Vec<Interface> {
    let mut seen = BTreeSet::new();
    interfaces.retain(|interface| seen.insert(interface.clone()));
    interfaces
}

fn names_of(found: &[Found]) -> String {
    let names = found
        .iter()
        .map(|f| format!("{} {}", f.interface.name, f.interface.address));
    names.collect::<Vec<_>>().join(", ")
}

/// The interface's own flag, where the system shows it as a file; elsewhere trying will tell.
#[cfg(target_os = "linux")]
fn is_multicast(name: &str) -> bool {
    const IFF_MULTICAST: u32 = 0x1000;
    let flags = std::fs::read_to_string(format!("/sys/class/net/{name}/flags"));
    let flags = flags.ok().and_then(|text| {
        let digits = text.trim().strip_prefix("0x")?;
        u32::from_str_radix(digits, 16).ok()
    });
    flags.is_none_or(|flags| flags & IFF_MULTICAST != 0)
}

#[cfg(not(target_os = "linux"))]
fn is_multicast(_name: &str) -> bool {
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found() -> Vec<Found> {
        let each = |name: &str, address: [u8; 4], is_multicast| Found {
            interface: interface(name, address),
            is_multicast,
        };
        vec![
            each("lo", [127, 0, 0, 1], false),
            each("eth0", [192, 168, 1, 5], true),
            each("eth0", [192, 168, 2, 5], true),
            each("ppp0", [10, 1, 1, 1], false),
            each("wlan0", [10, 0, 0, 5], true),
        ]
    }

    fn interface(name: &str, address: [u8; 4]) -> Interface {
        Interface {
            name: name.into(),
            address: address.into(),
            index: None,
        }
    }

    fn named(names: &[&str]) -> Result<Vec<Interface>, StartError> {
        let names = names.iter().map(|&name| name.into()).collect();
        Interfaces::Named(names).choose(found())
    }

    #[test]
    fn all_are_those_that_do_multicast_with_one_address_each() {
        let all = [
            interface("eth0", [192, 168, 1, 5]),
            interface("wlan0", [10, 0, 0, 5]),
        ];
        assert_eq!(Interfaces::All.choose(found()).unwrap(), all);
        assert_eq!(named(&["0.0.0.0"]).unwrap(), all);
    }

    #[test]
    fn a_name_or_an_address_chooses_one_the_loopback_too() {
        assert_eq!(named(&["lo"]).unwrap(), [interface("lo", [127, 0, 0, 1])]);
        assert_eq!(
            named(&["127.0.0.1", "lo"]).unwrap(),
            [interface("lo", [127, 0, 0, 1])]
        );
        let second = named(&["192.168.2.5"]).unwrap();
        assert_eq!(second, [interface("eth0", [192, 168, 2, 5])]);
    }

    #[test]
    fn a_name_that_is_not_there_is_an_error_that_lists_what_is() {
        let error = named(&["eth0", "eth1"]).unwrap_err();
        assert!(error.to_string().contains("\"eth1\""), "{error}");
        assert!(error.to_string().contains("wlan0 10.0.0.5"), "{error}");
    }

    #[test]
    fn nothing_to_use_is_an_error_with_a_hint() {
        let mut found = found();
        found.retain(|f| !f.is_multicast);
        let error = Interfaces::All.choose(found).unwrap_err();
        assert_eq!(error, StartError::NoInterface);
        assert!(error.hint().unwrap().contains("127.0.0.1"));
    }
}
