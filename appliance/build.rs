//! Holds what is made before the program is compiled: the files of the page, compressed and hashed, and the rules, compressed.
//! It never reaches the network and never writes outside Cargo's output folder.
//! Cargo runs it; `http::assets` and the engine's rules include what it makes.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

/// Endings that are served, with their content type. Other files in the folder (licences, notes) are left out.
const TYPES: [(&str, &str); 9] = [
    ("css", "text/css; charset=utf-8"),
    ("js", "text/javascript; charset=utf-8"),
    ("mjs", "text/javascript; charset=utf-8"),
    ("svg", "image/svg+xml"),
    ("png", "image/png"),
    ("ico", "image/x-icon"),
    ("webmanifest", "application/manifest+json"),
    ("woff2", "font/woff2"),
    ("json", "application/json"),
];

/// The rules that tell kinds of devices apart.
const RULES: &str = "profiles/devices.rules";

fn main() -> Result<(), Box<dyn Error>> {
    let house = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?);
    let root = house.join("web");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    println!("cargo::rerun-if-changed=web");
    println!("cargo::rerun-if-changed={RULES}");
    println!("cargo::rerun-if-changed=build.rs");
    let mut files = Vec::new();
    list(&root, &mut files)?;
    files.sort();
    let mut table =
        String::from("/// Every file of the page, in the order of their paths.\npub static ASSETS: &[Asset] = &[\n");
    for (number, file) in files.iter().enumerate() {
        write_asset(&mut table, &root, file, &out, number)?;
    }
    table.push_str("];\n");
    fs::write(out.join("assets.rs"), table)?;
    fs::write(out.join("devices.rules.gz"), pack(&fs::read(house.join(RULES))?)?)?;
    Ok(())
}

fn pack(content: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    Ok(encoder.finish()?)
}

fn list(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    if !folder.exists() {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            list(&path, files)?;
        } else if content_type(&path).is_some() {
            files.push(path);
        }
    }
    Ok(())
}

fn content_type(path: &Path) -> Option<&'static str> {
    let ending = path.extension()?.to_str()?;
    TYPES.iter().find(|(known, _)| *known == ending).map(|(_, content_type)| *content_type)
}

fn write_asset(table: &mut String, root: &Path, file: &Path, out: &Path, number: usize) -> Result<(), Box<dyn Error>> {
    let content = fs::read(file)?;
    let packed = pack(&content)?;
    // Whichever is shorter is carried, once.
    let (packed_is_shorter, kept) =
        if packed.len() < content.len() { (true, packed) } else { (false, content.clone()) };
    let blob = out.join(format!("asset{number}.bin"));
    fs::write(&blob, &kept)?;
    let path = file.strip_prefix(root)?.to_str().ok_or("a file name is not UTF-8")?.replace('\\', "/");
    let digest = Sha256::digest(&content);
    let tag: String = digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    let include = format!("Some(include_bytes!({:?}))", blob.to_str().ok_or("a folder name is not UTF-8")?);
    let (plain, gzip) = if packed_is_shorter { ("None", include.as_str()) } else { (include.as_str(), "None") };
    let content_type = content_type(file).unwrap_or("application/octet-stream");
    writeln!(
        table,
        "    Asset {{ path: {path:?}, content_type: {content_type:?}, tag: \"\\\"{tag}\\\"\", plain: {plain}, gzip: {gzip} }},"
    )?;
    Ok(())
}
