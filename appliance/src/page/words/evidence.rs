//! Holds how the reasons of the machines, which are English sentences with values in them, are said in French.
//! It never guesses: a sentence it does not know is shown as it is, marked as English.
//! `told` and `sheet` show reasons through it.

use maud::{Markup, html};

use crate::http::language::Language;
use crate::page::name::clean;

/// Sentences of the machines with `{}` for values, and the French ones; values keep their order.
const FRENCH: [(&str, &str); 34] = [
    ("you said so", "vous l'avez dit"),
    ("you undid the merge", "vous avez annulé la fusion"),
    ("you call it {}", "vous l'appelez {}"),
    ("{} calls it {}, {} more agree", "{} le nomme {}, {} autres confirment"),
    ("but {} calls it {}", "mais {} le nomme {}"),
    ("{} calls it {}", "{} le nomme {}"),
    ("but its MAC is registered to {}", "mais son adresse MAC est attribuée à {}"),
    ("its MAC is registered to {}", "son adresse MAC est attribuée à {}"),
    ("it says it is made by {}", "il se dit fabriqué par {}"),
    ("{} of {} devices missing in one sweep{}", "{} appareils sur {} manquent en une seule exploration{}"),
    ("{} of {} devices answer again", "{} appareils sur {} répondent de nouveau"),
    ("nothing at all was heard during {} confirmations", "rien n'a été entendu pendant {} vérifications"),
    (
        "settled after flapping; {} probes in {} rounds unanswered",
        "stable après des va-et-vient\u{a0}; {} essais en {} tours sans réponse",
    ),
    ("settled after flapping", "stable après des va-et-vient"),
    ("uses {}; {} not answered in {} tries", "utilise {}\u{a0}; {} n'a pas répondu en {} essais"),
    ("one side has not answered for {} minutes", "l'un des deux n'a pas répondu depuis {} minutes"),
    ("{} says so and no longer the old name", "{} le dit, et plus l'ancien nom"),
    ("{} says so now", "{} le dit maintenant"),
    (
        "offers leases; neither the gateway {} nor a server you named",
        "propose des adresses\u{a0}; ni la passerelle {} ni un serveur que vous avez nommé",
    ),
    ("offers leases; no server you named", "propose des adresses\u{a0}; aucun serveur que vous avez nommé"),
    (
        "known by its address until its MAC was seen with it",
        "connu par son adresse jusqu'à ce que son adresse MAC soit vue",
    ),
    ("heard by {} after {} s", "entendu par {} après {} s"),
    ("heard by {} after {} probes", "entendu par {} après {} essais"),
    ("{} probes without an answer", "{} essais sans réponse"),
    ("{} probes in {} rounds unanswered", "{} essais en {} tours sans réponse"),
    ("3 changes within an hour, {} now; {}", "3 changements en une heure, {} maintenant\u{a0}; {}"),
    ("heard by {}, MAC looks random", "entendu par {}, adresse MAC d'apparence aléatoire"),
    ("heard by {}", "entendu par {}"),
    ("{} devices are online or cared for; {} turned away", "{} appareils sont en ligne ou suivis\u{a0}; {} refusés"),
    ("answered; it did not in the pass before", "a répondu\u{a0}; il ne le faisait pas au passage précédent"),
    ("no answer in three passes", "pas de réponse en trois passages"),
    ("refused twice", "refusé deux fois"),
    ("same {}: {}", "même {}\u{a0}: {}"),
    (
        "both call themselves {} and are here together: two interfaces of one?",
        "les deux se nomment {} et sont présents ensemble\u{a0}: deux interfaces d'un même appareil\u{a0}?",
    ),
];

/// A reason in the language of the reader, or in English and marked so.
pub(in crate::page) fn say(text: &str, language: Language) -> Markup {
    let text = clean(text);
    if language == Language::En {
        return html! { (text) };
    }
    match FRENCH.iter().find_map(|(english, french)| Some((read(english, &text)?, french))) {
        Some((values, french)) => {
            let mut values = values.into_iter();
            html! {
                @for (at, part) in french.split("{}").enumerate() {
                    @if at > 0 { (values.next().unwrap_or_default()) }
                    (part)
                }
            }
        }
        None => html! { span lang="en" { (text) } },
    }
}

/// The values in the blanks of `pattern`, if `text` is made by it.
fn read<'t>(pattern: &str, text: &'t str) -> Option<Vec<&'t str>> {
    let mut parts = pattern.split("{}");
    let mut rest = text.strip_prefix(parts.next()?)?;
    let mut values = Vec::new();
    let mut parts = parts.peekable();
    while let Some(part) = parts.next() {
        let end = match (part, parts.peek()) {
            ("", None) => rest.len(),
            (part, None) => rest.len().checked_sub(part.len()).filter(|end| rest.get(*end..) == Some(part))?,
            (part, Some(_)) => rest.find(part)?,
        };
        values.push(rest.get(..end)?);
        rest = rest.get(end + part.len()..)?;
    }
    rest.is_empty().then_some(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_carried_over_in_their_order() {
        let french = |text| say(text, Language::Fr).into_string();
        assert_eq!(french("4 probes without an answer"), "4 essais sans réponse");
        assert_eq!(french("mdns calls it laser, 2 more agree"), "mdns le nomme laser, 2 autres confirment");
        assert_eq!(french("its MAC is registered to <b>"), "son adresse MAC est attribuée à &lt;b&gt;");
        assert_eq!(french("moon phase"), "<span lang=\"en\">moon phase</span>");
        assert_eq!(say("moon phase", Language::En).into_string(), "moon phase");
    }

    #[test]
    fn both_sides_of_each_sentence_have_the_same_blanks() {
        for (english, french) in FRENCH {
            assert_eq!(english.matches("{}").count(), french.matches("{}").count(), "{english}");
            let filled = english.replace("{}", "x");
            let first = FRENCH.iter().find(|(pattern, _)| read(pattern, &filled).is_some()).unwrap();
            assert_eq!(first.0, english, "another sentence comes first");
        }
    }
}
