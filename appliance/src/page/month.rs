//! Holds the last thirty days of one device as bars: how much of each day it was there.
//! It never says anything by colour alone: the height is the share, and the table says it in numbers.
//! The device page uses it.

use maud::{Markup, html};

use crate::http::language::Language;

use super::words::{chart as texts, device as words, percent};

/// Width of a day, a gap of one unit included.
const DAY_WIDTH: usize = 4;

/// The bars. `newest_first` is the share of each day, none where nobody looked.
pub(super) fn draw(newest_first: &[Option<f32>], language: Language) -> Markup {
    if newest_first.iter().flatten().count() < 2 {
        return html! {};
    }
    let last = newest_first.len().saturating_sub(1);
    let watched: Vec<f32> = newest_first.iter().flatten().copied().collect();
    let whole = watched.iter().filter(|share| **share >= 1.0).count();
    html! {
        figure.month {
            figcaption { (words::MONTH_TITLE.speak(language)) }
            svg.days viewBox={ "0 0 " (newest_first.len() * DAY_WIDTH) " 24" } preserveAspectRatio="none" role="img"
                aria-label=(words::month_says(language, watched.len(), whole)) {
                @for (ago, share) in newest_first.iter().enumerate() {
                    @let x = (last - ago) * DAY_WIDTH;
                    @match share {
                        Some(share) => {
                            @let height = (share * 22.0).round().max(0.0) as u32 + 2;
                            rect class=(if *share >= 0.995 { "on" } else if *share > 0.0 { "mix" } else { "off" })
                                x=(x) y=(24 - height) width=(DAY_WIDTH - 1) height=(height) {}
                        },
                        None => rect.none x=(x) y="22" width=(DAY_WIDTH - 1) height="2" {},
                    }
                }
            }
            p.scale aria-hidden="true" { span { (words::MONTH_AGO.speak(language)) } span { (words::TODAY.speak(language)) } }
            details {
                summary { (texts::AS_TABLE.speak(language)) }
                table.plain {
                    caption.hush { (words::MONTH_TITLE.speak(language)) }
                    thead { tr { th scope="col" { (words::DAY_COLUMN.speak(language)) } th scope="col" { (words::PRESENCE.speak(language)) } } }
                    tbody { @for (ago, share) in newest_first.iter().enumerate().filter(|(_, share)| share.is_some()) {
                        tr {
                            th scope="row" { (words::days_ago(language, ago)) }
                            td { (share.map(percent).unwrap_or_default()) }
                        }
                    } }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_day_is_a_bar_and_a_row_with_today_on_the_right() {
        let drawn = draw(&[Some(1.0), Some(0.5), None, Some(0.0)], Language::En).into_string();
        assert!(drawn.contains("<rect class=\"on\" x=\"12\" y=\"0\" width=\"3\" height=\"24\">"), "{drawn}");
        assert!(drawn.contains("<rect class=\"mix\" x=\"8\" y=\"11\""), "{drawn}");
        assert_eq!(drawn.matches("<th scope=\"row\">").count(), 3, "a day nobody watched is no row");
        assert!(drawn.contains("Watched on 3 of the last 30 days, there all day on 1"), "{drawn}");
        assert_eq!(draw(&[Some(1.0), None], Language::En).into_string(), "", "one day is no month");
    }
}
