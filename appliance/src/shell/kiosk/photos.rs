//! Holds photos of people: taken in as JPEG or PNG, made small, sealed with the person's key, one file each.
//! Never keeps what came: pixels are drawn anew, so that neither metadata nor whatever else was in the file is left. Works
//! on a thread of its own, one photo at a time, because a decoder may take seconds. The handle calls it.

use std::fs::{self, OpenOptions};
use std::io::{self, Cursor, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::PathBuf;

use image::codecs::jpeg::{JpegDecoder, JpegEncoder};
use image::codecs::png::PngDecoder;
use image::imageops::thumbnail;
use image::{GenericImageView as _, ImageDecoder, Limits};

use upright::Upright;

mod upright;

/// Bytes of a photo as it comes: what a phone makes.
pub const MAX_PHOTO_BYTES: usize = 5 * 1024 * 1024;
/// Bytes of a photo as it is kept.
pub const MAX_KEPT_BYTES: usize = 256 * 1024;
/// Pixels of a photo as it comes: 24 million, 72 MiB as RGB, which is the most the decoder may take for a moment.
const MAX_PIXELS: u64 = 24_000_000;
/// The same as bytes, with room for the decoder's own tables.
const MAX_DECODER_BYTES: u64 = 96 * 1024 * 1024;
/// Longer side of a photo as it is kept, in pixels.
const KEPT_SIDE: u32 = 512;
/// Qualities that are tried until the photo is small enough. At 512 pixels the first nearly always is.
const QUALITIES: [u8; 4] = [85, 70, 50, 30];

/// Why a photo is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadPhoto {
    /// More than [`MAX_PHOTO_BYTES`].
    TooLarge,
    /// More pixels than are looked at.
    TooManyPixels,
    /// Neither JPEG nor PNG, or damaged.
    NotAPhoto,
}

/// Makes a small JPEG without metadata of a JPEG or PNG; what it is, its bytes say.
///
/// # Errors
/// See [`BadPhoto`].
pub fn shrink(bytes: &[u8]) -> Result<Vec<u8>, BadPhoto> {
    if bytes.len() > MAX_PHOTO_BYTES {
        return Err(BadPhoto::TooLarge);
    }
    let pixels = match bytes {
        [0xff, 0xd8, 0xff, ..] => decode(JpegDecoder::new(Cursor::new(bytes)).map_err(|_| BadPhoto::NotAPhoto)?)?,
        [0x89, b'P', b'N', b'G', ..] => decode(PngDecoder::new(Cursor::new(bytes)).map_err(|_| BadPhoto::NotAPhoto)?)?,
        _ => return Err(BadPhoto::NotAPhoto),
    };
    let (width, height) = pixels.dimensions();
    let scaled = |side: u32| (u64::from(side) * u64::from(KEPT_SIDE) / u64::from(width.max(height))).max(1) as u32;
    let small = match width.max(height) {
        ..=KEPT_SIDE => thumbnail(&pixels, width, height),
        _ => thumbnail(&pixels, scaled(width), scaled(height)),
    };
    drop(pixels);
    for quality in QUALITIES {
        let mut out = Vec::new();
        JpegEncoder::new_with_quality(&mut out, quality).encode_image(&small).map_err(|_| BadPhoto::NotAPhoto)?;
        if out.len() <= MAX_KEPT_BYTES {
            return Ok(out);
        }
    }
    Err(BadPhoto::TooLarge)
}

fn decode(mut decoder: impl ImageDecoder) -> Result<Upright, BadPhoto> {
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 || u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(BadPhoto::TooManyPixels);
    }
    // Sixteen bits a sample and a channel that is not kept make up to eight bytes of a pixel.
    if decoder.total_bytes() > MAX_DECODER_BYTES {
        return Err(BadPhoto::TooManyPixels);
    }
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_DECODER_BYTES);
    decoder.set_limits(limits).map_err(|_| BadPhoto::TooManyPixels)?;
    Upright::decode(decoder).map_err(|_| BadPhoto::NotAPhoto)
}

/// Where the files lie; nowhere, when nothing is to be stored.
pub(super) struct Folder(Option<PathBuf>);

impl Folder {
    pub(super) const fn new(path: Option<PathBuf>) -> Self {
        Self(path)
    }

    /// Keeps what was sealed in place of what was there, all of it or nothing.
    pub(super) fn write(&self, person: u32, sealed: &[u8]) -> io::Result<()> {
        let folder = self.0.as_ref().ok_or(io::ErrorKind::ReadOnlyFilesystem)?;
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let (path, fresh) = (self.path(person)?, folder.join(format!("{person}.new")));
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
        file.write_all(sealed)?;
        file.sync_all()?;
        fs::rename(&fresh, path)?;
        fs::File::open(folder)?.sync_all()
    }

    /// What was kept, if it is there and not larger than it can be.
    pub(super) fn read(&self, person: u32) -> Option<Vec<u8>> {
        let path = self.path(person).ok()?;
        let length = fs::metadata(&path).ok()?.len();
        if length > (MAX_KEPT_BYTES + 64) as u64 {
            return None;
        }
        fs::read(path).ok()
    }

    /// Removes what was kept; nothing there is as good.
    pub(super) fn remove(&self, person: u32) -> io::Result<()> {
        let Ok(path) = self.path(person) else { return Ok(()) };
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Removes files of nobody: what a power cut left.
    pub(super) fn tidy(&self, is_kept: impl Fn(u32) -> bool) {
        let Some(entries) = self.0.as_ref().and_then(|folder| fs::read_dir(folder).ok()) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let person = name.to_str().and_then(|name| name.strip_suffix(".photo")?.parse().ok());
            if !person.is_some_and(&is_kept)
                && let Err(error) = fs::remove_file(entry.path())
            {
                tracing::warn!(%error, "a photo of nobody is not removed");
            }
        }
    }

    fn path(&self, person: u32) -> io::Result<PathBuf> {
        let folder = self.0.as_ref().ok_or(io::ErrorKind::ReadOnlyFilesystem)?;
        Ok(folder.join(format!("{person}.photo")))
    }
}
