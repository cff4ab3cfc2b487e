//! Holds a decoded picture as it is to be looked at: its pixels as RGB, whatever layout they came in, turned the way up that
//! its metadata says. Never copies the pixels: a large photo is there once. Shrinking calls it.

use image::metadata::Orientation;
use image::{ColorType, GenericImageView, ImageDecoder, ImageResult, Rgb};

/// A picture the right way up.
pub(super) struct Upright {
    bytes: Vec<u8>,
    color: ColorType,
    /// Before it is turned, in pixels.
    size: (u32, u32),
    orientation: Orientation,
}

impl Upright {
    /// Decodes all of it.
    pub(super) fn decode(mut decoder: impl ImageDecoder) -> ImageResult<Self> {
        // A phone held upright writes its picture lying, and which way up it is into the metadata that does not stay.
        let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
        let (size, color) = (decoder.dimensions(), decoder.color_type());
        let mut bytes = vec![0; usize::try_from(decoder.total_bytes()).unwrap_or(usize::MAX)];
        decoder.read_image(&mut bytes)?;
        Ok(Self { bytes, color, size, orientation })
    }

    /// Where a pixel of the turned picture is in the one that was decoded.
    fn place(&self, x: u32, y: u32) -> (u32, u32) {
        let (right, bottom) = (self.size.0 - 1, self.size.1 - 1);
        match self.orientation {
            Orientation::NoTransforms => (x, y),
            Orientation::FlipHorizontal => (right - x, y),
            Orientation::FlipVertical => (x, bottom - y),
            Orientation::Rotate180 => (right - x, bottom - y),
            Orientation::Rotate90 => (y, bottom - x),
            Orientation::Rotate270 => (right - y, x),
            Orientation::Rotate90FlipH => (y, x),
            Orientation::Rotate270FlipH => (right - y, bottom - x),
        }
    }
}

impl GenericImageView for Upright {
    type Pixel = Rgb<u8>;

    fn dimensions(&self) -> (u32, u32) {
        let (width, height) = self.size;
        match self.orientation {
            Orientation::Rotate90
            | Orientation::Rotate270
            | Orientation::Rotate90FlipH
            | Orientation::Rotate270FlipH => (height, width),
            _ => (width, height),
        }
    }

    fn get_pixel(&self, x: u32, y: u32) -> Rgb<u8> {
        let (x, y) = self.place(x, y);
        let (channels, bytes) = (usize::from(self.color.channel_count()), usize::from(self.color.bytes_per_pixel()));
        let start = (y as usize * self.size.0 as usize + x as usize) * bytes;
        // Of samples of two bytes, in the machine's order, the upper one.
        let (width, upper) = (bytes / channels, if cfg!(target_endian = "little") { bytes / channels - 1 } else { 0 });
        let sample = |channel| self.bytes[start + channel * width + upper];
        // What is seen through a picture is not kept: the last channel of two and of four.
        if channels < 3 { Rgb([sample(0); 3]) } else { Rgb([sample(0), sample(1), sample(2)]) }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::codecs::png::PngDecoder;
    use image::{DynamicImage, ImageFormat};

    use super::*;

    fn decoder(picture: &DynamicImage) -> PngDecoder<Cursor<Vec<u8>>> {
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
        PngDecoder::new(Cursor::new(bytes.into_inner())).unwrap()
    }

    fn all(picture: &impl GenericImageView<Pixel = Rgb<u8>>) -> Vec<[u8; 3]> {
        picture.pixels().map(|(_, _, pixel)| pixel.0).collect()
    }

    #[test]
    fn every_layout_is_read_as_the_same_picture() {
        let colors = image::RgbaImage::from_fn(3, 2, |x, y| image::Rgba([(x * 90) as u8, (y * 200) as u8, 7, 255]));
        let colors = DynamicImage::from(colors);
        for one in
            [DynamicImage::from(colors.to_rgb8()), colors.clone(), colors.to_rgb16().into(), colors.to_rgba16().into()]
        {
            assert_eq!(all(&Upright::decode(decoder(&one)).unwrap()), all(&colors.to_rgb8()), "{:?}", one.color());
        }
        let gray = DynamicImage::from(colors.to_luma8());
        for one in [gray.clone(), gray.to_luma_alpha8().into(), gray.to_luma16().into(), gray.to_luma_alpha16().into()]
        {
            assert_eq!(all(&Upright::decode(decoder(&one)).unwrap()), all(&gray.to_rgb8()), "{:?}", one.color());
        }
    }

    #[test]
    fn every_way_up_is_that_of_the_metadata() {
        let lying = DynamicImage::from(image::RgbImage::from_fn(4, 3, |x, y| Rgb([x as u8, y as u8, 0])));
        for value in 1..=8 {
            let orientation = Orientation::from_exif(value).unwrap();
            let mut turned = lying.clone();
            turned.apply_orientation(orientation);
            let ours = Upright { orientation, ..Upright::decode(decoder(&lying)).unwrap() };
            assert_eq!(ours.dimensions(), turned.dimensions(), "{orientation:?}");
            assert_eq!(all(&ours), all(&turned.to_rgb8()), "{orientation:?}");
        }
    }
}
