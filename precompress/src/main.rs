//! Writes `.br` and `.gz` beside the files of a folder and below it, as small as they get: they are made once and served
//! often. The lab's page server gives a browser the form that it asks for, and compresses nothing itself.

use std::ffi::OsStr;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs, io};

use brotli::enc::BrotliEncoderParams;
use flate2::Compression;
use flate2::write::GzEncoder;

/// Names of files that are texts, or as good as texts.
const KINDS: [&str; 6] = ["css", "html", "js", "json", "svg", "wasm"];

fn main() -> ExitCode {
    let Some(folder) = env::args_os().nth(1) else {
        eprintln!("usage: precompress FOLDER");
        return ExitCode::FAILURE;
    };
    match compress_all(Path::new(&folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}: {error}", folder.display());
            ExitCode::FAILURE
        }
    }
}

/// Compresses the files of this folder and of those in it.
fn compress_all(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            compress_all(&path)?;
        } else if path.extension().and_then(OsStr::to_str).is_some_and(|kind| KINDS.contains(&kind)) {
            compress(&path)?;
        }
    }
    Ok(())
}

fn compress(path: &Path) -> io::Result<()> {
    let plain = fs::read(path)?;
    keep_if_smaller(with(path, ".br"), &plain, &brotli(&plain)?)?;
    keep_if_smaller(with(path, ".gz"), &plain, &gzip(&plain)?)
}

fn with(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// What does not gain anything is better not there.
fn keep_if_smaller(path: PathBuf, plain: &[u8], compressed: &[u8]) -> io::Result<()> {
    if compressed.len() < plain.len() { fs::write(path, compressed) } else { Ok(()) }
}

fn brotli(plain: &[u8]) -> io::Result<Vec<u8>> {
    let best = BrotliEncoderParams { quality: 11, lgwin: 22, size_hint: plain.len(), ..Default::default() };
    let mut compressed = Vec::new();
    brotli::BrotliCompress(&mut &*plain, &mut compressed, &best)?;
    Ok(compressed)
}

fn gzip(plain: &[u8]) -> io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain)?;
    encoder.finish()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    #[test]
    fn files_are_found_again_in_both_forms() {
        let folder = tempfile::tempdir().unwrap();
        let text = "the same again and again, ".repeat(500);
        let at = |name: &str| folder.path().join(name);
        fs::write(at("page-1.js"), &text).unwrap();
        fs::write(at("short-1.css"), "a{}").unwrap();
        fs::write(at("picture.png"), &text).unwrap();
        fs::create_dir_all(at("lessons/new")).unwrap();
        fs::write(at("lessons/new/use.json"), &text).unwrap();
        compress_all(folder.path()).unwrap();

        let (mut from_brotli, mut from_gzip) = (Vec::new(), String::new());
        brotli::BrotliDecompress(&mut &*fs::read(at("page-1.js.br")).unwrap(), &mut from_brotli).unwrap();
        flate2::read::GzDecoder::new(&*fs::read(at("page-1.js.gz")).unwrap())
            .read_to_string(&mut from_gzip)
            .unwrap();
        assert_eq!((from_brotli, from_gzip), (text.clone().into_bytes(), text.clone()));
        assert!(at("lessons/new/use.json.br").exists() && at("lessons/new/use.json.gz").exists());
        for not_there in ["short-1.css.br", "short-1.css.gz", "picture.png.br", "page-1.js.br.br"] {
            assert!(!at(not_there).exists(), "{not_there}");
        }
        assert_eq!(fs::read_to_string(at("page-1.js")).unwrap(), text);
    }
}
