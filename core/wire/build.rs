//! Compiles `proto/` with protox: the messages with prost, and for each message a table of the
//! bounds that are written beside its fields.

use std::env;
use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use prost_reflect::{Cardinality, FieldDescriptor, Kind, MessageDescriptor, Value};

fn main() -> Result<()> {
    let files = FILES.map(|name| format!("proto/{name}.proto"));
    for file in &files {
        println!("cargo::rerun-if-changed={file}");
    }
    let mut compiler = protox::Compiler::new(["proto"])?;
    compiler.include_imports(true).include_source_info(true);
    compiler.open_files(&files)?;
    let pool = compiler.descriptor_pool();
    let mut set = compiler.file_descriptor_set();
    set.file.retain(|file| {
        PACKAGES
            .iter()
            .any(|(package, _)| *package == file.package())
    });
    prost_build::Config::new()
        .enable_type_names()
        .skip_debug(SECRET)
        .compile_fds(set)?;

    let mut tables = String::new();
    for message in pool.all_messages() {
        if module(&message).is_some() {
            table(&message, &mut tables)
                .with_context(|| format!("message {}", message.full_name()))?;
        }
    }
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("bounds.rs"), tables)?;
    Ok(())
}

/// Writes the table of one message.
fn table(message: &MessageDescriptor, out: &mut String) -> Result<()> {
    let path = path(message)?;
    writeln!(out, "impl Bounded for {path} {{")?;
    writeln!(out, "    const SHAPE: &'static Shape = &Shape(&[")?;
    for field in message.fields() {
        let rule = rule(&field).with_context(|| format!("field {}", field.name()))?;
        writeln!(out, "        {rule},")?;
    }
    writeln!(out, "    ]);\n}}")?;
    Ok(())
}

/// The module that a message is in, if it is ours to compile.
fn module(message: &MessageDescriptor) -> Option<&'static str> {
    let package = message.package_name();
    let found = PACKAGES.iter().find(|(name, _)| *name == package)?;
    Some(found.1)
}

/// Where a message is, as Rust.
fn path(message: &MessageDescriptor) -> Result<String> {
    let module = module(message).context("a message of another package")?;
    Ok(format!("super::{module}::{}", message.name()))
}

/// The rule of one field, as Rust.
fn rule(field: &FieldDescriptor) -> Result<String> {
    let bound = |name: &str| -> Option<u32> {
        let options = field.options();
        let mut extensions = options.extensions();
        let (_, value) = extensions.find(|(extension, _)| extension.name() == name)?;
        match value {
            Value::U32(number) => Some(*number),
            _ => None,
        }
    };
    ensure!(!field.is_map(), "maps have no bound");
    let length = [
        bound("exact"),
        bound("either"),
        bound("some"),
        bound("most"),
    ];
    ensure!(
        length.iter().flatten().count() <= 1,
        "two bounds of a length"
    );
    let is_list = field.cardinality() == Cardinality::Repeated;
    ensure!(
        is_list == bound("count").is_some(),
        "a list needs a count, and only a list"
    );
    let what = match field.kind() {
        Kind::Bytes | Kind::String => {
            let (low, high) = match length {
                [Some(n), ..] | [_, Some(n), ..] => (n, n),
                [_, _, Some(n), _] => (1, n),
                [_, _, _, Some(n)] => (0, n),
                _ => bail!("bytes and text need a bound"),
            };
            format!("What::Bytes {{ low: {low}, high: {high} }}")
        }
        Kind::Message(inner) => {
            format!("What::Message(<{} as Bounded>::SHAPE)", path(&inner)?)
        }
        Kind::Bool | Kind::Uint32 | Kind::Uint64 if !is_list => "What::Number".to_owned(),
        other => bail!("{other:?} is not used here"),
    };
    let is_needed = length[0].is_some() || length[2].is_some();
    // A list may be empty, and of a choice something else may be there.
    let is_free = is_list || field.containing_oneof().is_some();
    Ok(format!(
        "Field {{ number: {}, what: {what}, count: {}, is_needed: {}, choice: {:?} }}",
        field.number(),
        bound("count").unwrap_or(1),
        is_needed && !is_free,
        field
            .containing_oneof()
            .map(|choice| choice.path().last().copied().unwrap_or_default()),
    ))
}

/// What is compiled, and the module that it goes to.
const PACKAGES: [(&str, &str); 3] = [
    ("entrenous.v1", "v1"),
    ("kamune.relay", "relay"),
    ("kamune.v0", "kamune"),
];
const FILES: [&str; 9] = [
    "entrenous/bound",
    "entrenous/v1/channel",
    "entrenous/v1/file",
    "entrenous/v1/frame",
    "entrenous/v1/kept",
    "entrenous/v1/operation",
    "entrenous/v1/stored",
    "kamune/relay",
    "kamune/v0",
];
/// Hold a pin, keys, words, a password, tokens, what somebody said.
const SECRET: [&str; 13] = [
    ".entrenous.v1.Register",
    ".entrenous.v1.StoredServer",
    ".entrenous.v1.KeptProfile",
    ".entrenous.v1.KeptContact",
    ".entrenous.v1.KeptInvitation",
    ".entrenous.v1.KeptJoin",
    ".entrenous.v1.KeptLine",
    ".entrenous.v1.KeptSession",
    ".entrenous.v1.KeptReached",
    ".entrenous.v1.KeptToken",
    ".kamune.relay.Auth",
    ".kamune.relay.Register",
    ".kamune.relay.Registered",
];
