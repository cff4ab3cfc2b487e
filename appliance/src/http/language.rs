//! Holds the two languages the appliance speaks, and texts that exist in both.
//! It never falls silent: whoever asks for neither gets English.
//! Problems and the page take their words through it.

use hyper::HeaderMap;
use hyper::header::ACCEPT_LANGUAGE;

/// A language of the page and of errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// French.
    Fr,
}

/// A text in both languages, written side by side so that neither is forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text {
    /// English.
    pub en: &'static str,
    /// French.
    pub fr: &'static str,
}

impl Text {
    /// The text in one language.
    #[must_use]
    pub fn speak(self, language: Language) -> &'static str {
        match language {
            Language::En => self.en,
            Language::Fr => self.fr,
        }
    }
}

impl Language {
    /// The two letters (RFC 5646).
    #[must_use]
    pub fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Fr => "fr",
        }
    }

    /// The language of two letters, in any case and with any region.
    #[must_use]
    pub fn of_tag(tag: &str) -> Option<Self> {
        match tag.trim().split('-').next()?.to_ascii_lowercase().as_str() {
            "en" => Some(Self::En),
            "fr" => Some(Self::Fr),
            _ => None,
        }
    }

    /// The best language for `Accept-Language`, English without one.
    #[must_use]
    pub fn wanted(headers: &HeaderMap) -> Self {
        Self::asked(headers).unwrap_or_default()
    }

    /// The best language for `Accept-Language` (RFC 9110, 12.5.4), `None` when it names neither. Looks at the first 16
    /// entries.
    #[must_use]
    pub fn asked(headers: &HeaderMap) -> Option<Self> {
        let mut best = (None, 0);
        let fields = headers.get_all(ACCEPT_LANGUAGE).iter().filter_map(|value| value.to_str().ok());
        for entry in fields.flat_map(|field| field.split(',')).take(16) {
            let (tag, rest) = entry.split_once(';').unwrap_or((entry, ""));
            let quality = rest.trim().strip_prefix("q=").map_or(1_000, parse_quality);
            if let Some(language) = Self::of_tag(tag)
                && quality > best.1
            {
                best = (Some(language), quality);
            }
        }
        best.0
    }
}

/// A weight in thousandths; what cannot be read counts as not wanted.
fn parse_quality(text: &str) -> u32 {
    let text = text.trim();
    match text.split_once('.') {
        Some((whole, part)) if part.len() <= 3 && part.bytes().all(|b| b.is_ascii_digit()) => {
            let thousandths = format!("{part:0<3}").parse().unwrap_or(0);
            if whole == "1" { 1_000 } else { thousandths }
        }
        Some(_) => 0,
        None => u32::from(text == "1") * 1_000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_known_language_wins() {
        for (header, expected) in [
            ("fr", Language::Fr),
            ("fr-CA,en;q=0.8", Language::Fr),
            ("en;q=0.5, fr;q=0.7", Language::Fr),
            ("de, fr;q=0.3", Language::Fr),
            ("fr;q=0, en;q=0.1", Language::En),
            ("de", Language::En),
            ("*", Language::En),
            (";;;,,,q=", Language::En),
            ("en,fr", Language::En),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_LANGUAGE, header.parse().unwrap());
            assert_eq!(Language::wanted(&headers), expected, "{header}");
        }
        assert_eq!(Language::wanted(&HeaderMap::new()), Language::En);
    }
}
