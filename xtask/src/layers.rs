//! `cargo xtask layers`: crates depend downwards only.

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::steps::{self, cargo};

/// Checks every dependency between our crates, of every kind.
///
/// # Errors
///
/// Names each dependency that breaks a rule.
pub(crate) fn run() -> Result<()> {
    let crates = crates()?;
    let faults = faults(&crates)?;
    if !faults.is_empty() {
        bail!("{}", faults.join("\n"));
    }
    println!("{} crates, every arrow points down", crates.len());
    Ok(())
}

/// The package names of the cores.
///
/// # Errors
///
/// Cargo cannot read the workspace.
pub(crate) fn cores() -> Result<Vec<String>> {
    let mut cores = Vec::new();
    for one in crates()? {
        if layer(&one.folder)? == CORE {
            cores.push(one.name);
        }
    }
    Ok(cores)
}

/// One of our crates, and the names of what it depends on.
#[derive(Debug)]
struct Crate {
    name: String,
    /// Relative to the root, with `/`.
    folder: String,
    needs: Vec<Need>,
}

#[derive(Debug)]
struct Need {
    name: String,
    dev: bool,
}

fn faults(crates: &[Crate]) -> Result<Vec<String>> {
    let mut faults = Vec::new();
    for one in crates {
        let from = layer(&one.folder)?;
        for need in &one.needs {
            let name = &need.name;
            if CRYPTOGRAPHY.contains(&name.as_str()) && one.name != PRIMITIVES {
                faults.push(format!("{} names {name}: only {PRIMITIVES} may", one.name));
            }
            let Some(other) = crates.iter().find(|other| other.name == *name) else {
                continue;
            };
            if layer(&other.folder)? > from {
                faults.push(format!(
                    "{} depends on {name}, which lies above it",
                    one.name
                ));
            }
            if other.name == SIM && !need.dev && from != TOOLS {
                faults.push(format!(
                    "{} depends on {SIM}, which is for tests only",
                    one.name
                ));
            }
        }
    }
    Ok(faults)
}

/// The layer of a folder: a crate may depend on its own layer and on lower ones.
fn layer(folder: &str) -> Result<u8> {
    let first = folder.split('/').next().unwrap_or(folder);
    Ok(match first {
        "core" => CORE,
        "edge" => 2,
        "node" | "host" => 3,
        "apps" | "bindings" => 4,
        "tests" | "xtask" => TOOLS,
        _ => bail!("{folder} is in no layer: see ARCHITECTURE.md"),
    })
}

const CORE: u8 = 1;
const TOOLS: u8 = 5;
const PRIMITIVES: &str = "entrenous-primitives";
const SIM: &str = "entrenous-sim";

/// Crates that implement a cipher, hash, curve or KEM.
const CRYPTOGRAPHY: &[&str] = &[
    "aes",
    "argon2",
    "aws-lc-rs",
    "blake2",
    "chacha20",
    "chacha20poly1305",
    "curve25519-dalek",
    "curve25519-elligator2",
    "ed25519-dalek",
    "hkdf",
    "hmac",
    "libcrux-ml-dsa",
    "libcrux-ml-kem",
    "ml-dsa",
    "ml-kem",
    "poly1305",
    "ring",
    "sha2",
    "sha3",
    "sha3",
    "shake",
    "x25519-dalek",
];

fn crates() -> Result<Vec<Crate>> {
    let metadata = ["metadata", "--no-deps", "--format-version", "1", "--locked"];
    let text = steps::read(cargo().args(metadata))?;
    let metadata: Metadata = serde_json::from_str(&text)?;
    let packages = metadata.packages.into_iter().map(|package| {
        let path = package.manifest_path.replace('\\', "/");
        let root = metadata.workspace_root.replace('\\', "/");
        let folder = path
            .strip_prefix(&root)
            .and_then(|path| path.strip_suffix("/Cargo.toml"))
            .with_context(|| format!("{path} is outside the workspace"))?
            .trim_start_matches('/')
            .to_owned();
        let needs = package.dependencies.into_iter().map(|dependency| Need {
            name: dependency.name,
            dev: dependency.kind.as_deref() == Some("dev"),
        });
        Ok(Crate {
            name: package.name,
            folder,
            needs: needs.collect(),
        })
    });
    let crates: Vec<Crate> = packages.collect::<Result<_>>()?;
    ensure!(!crates.is_empty(), "the workspace has no crates");
    Ok(crates)
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_root: String,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: String,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn krate(name: &str, folder: &str, needs: &[(&str, bool)]) -> Crate {
        let needs = needs.iter().map(|&(name, dev)| Need {
            name: name.into(),
            dev,
        });
        Crate {
            name: name.into(),
            folder: folder.into(),
            needs: needs.collect(),
        }
    }

    #[test]
    fn an_arrow_down_is_fine() {
        let crates = [
            krate("entrenous-kernel", "core/kernel", &[]),
            krate(
                "entrenous-net",
                "edge/net",
                &[("entrenous-kernel", false), ("tokio", false)],
            ),
        ];
        assert_eq!(faults(&crates).unwrap(), Vec::<String>::new());
    }

    #[test]
    fn an_arrow_up_is_a_fault_even_in_tests() {
        let crates = [
            krate(
                "entrenous-kernel",
                "core/kernel",
                &[("entrenous-net", true)],
            ),
            krate("entrenous-net", "edge/net", &[]),
        ];
        assert_eq!(faults(&crates).unwrap().len(), 1);
    }

    #[test]
    fn the_simulator_is_for_tests_only() {
        let sim = || krate("entrenous-sim", "edge/sim", &[]);
        let used = [
            sim(),
            krate("entrenous-host", "host", &[("entrenous-sim", false)]),
        ];
        assert_eq!(faults(&used).unwrap().len(), 1);
        let tested = [
            sim(),
            krate("entrenous-host", "host", &[("entrenous-sim", true)]),
        ];
        assert!(faults(&tested).unwrap().is_empty());
    }

    #[test]
    fn only_primitives_names_a_cipher() {
        let crates = [
            krate("entrenous-primitives", "core/primitives", &[("aes", false)]),
            krate("entrenous-rendezvous", "core/rendezvous", &[("aes", true)]),
        ];
        assert_eq!(faults(&crates).unwrap().len(), 1);
    }

    #[test]
    fn a_folder_outside_the_layers_is_refused() {
        assert!(faults(&[krate("stray", "misc/stray", &[])]).is_err());
    }
}
