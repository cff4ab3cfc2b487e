//! Holds how the reasons of the machines, which are English sentences with values in them, are said to people.
//! It never guesses: a sentence it does not know is shown as it is, marked as English.
//! Changes, sheets and checks show reasons through it.

use maud::{Markup, html};
use vigie_core::lan::{Kind, Source};

use crate::http::language::Language;
use crate::page::name::clean;

use super::devices::kind;
use super::reasons;

/// Sentences of the machines and the French ones; values keep their order. `{}` is a value to be copied, `{s}` the name
/// of a source, `{k}` of a kind, `{r}` another reason.
const SENTENCES: [(&str, &str); 40] = [
    ("you said so", "vous l'avez dit"),
    ("you undid the merge", "vous avez annulé la fusion"),
    ("you call it {}", "vous l'appelez {}"),
    ("but like {k}: {r}", "mais plutôt «\u{a0}{k}\u{a0}»\u{a0}: {r}"),
    ("perhaps {k}: {r}", "peut-être «\u{a0}{k}\u{a0}»\u{a0}: {r}"),
    ("{s} calls it {}, {} more agree", "{s} le nomme {}, {} autres confirment"),
    ("but {s} calls it {}", "mais {s} le nomme {}"),
    ("{s} calls it {}", "{s} le nomme {}"),
    ("but its MAC is registered to {}", "mais son adresse MAC est attribuée à {}"),
    ("its MAC is registered to {}", "son adresse MAC est attribuée à {}"),
    ("it says it is made by {}", "il se dit fabriqué par {}"),
    ("{} of {} devices missing in one sweep{}", "{} appareils sur {} manquent en une seule exploration{}"),
    (
        "{} of {} devices answer, the same in {} sweeps: the rest is asked now",
        "{} appareils sur {} répondent, les mêmes en {} explorations\u{a0}: les autres sont interrogés",
    ),
    ("{} of {} devices answer again", "{} appareils sur {} répondent de nouveau"),
    ("nothing at all was heard during {} confirmations", "rien n'a été entendu pendant {} vérifications"),
    (
        "settled after flapping; {} probes in {} rounds unanswered",
        "stable après des va-et-vient\u{a0}; {} essais en {} tours sans réponse",
    ),
    ("settled after flapping", "stable après des va-et-vient"),
    ("uses {}; {} not answered in {} tries", "utilise {}\u{a0}; {} n'a pas répondu en {} essais"),
    ("one side has not answered for {} s", "l'un des deux n'a pas répondu depuis {} s"),
    (
        "one MAC, two places: of {} and {} only the one that spoke last is reached, {} times in turn",
        "une adresse MAC, deux endroits\u{a0}: de {} et {}, seul le dernier à avoir parlé est joint, {} fois de suite",
    ),
    ("{s} says so and no longer the old name", "{s} le dit, et plus l'ancien nom"),
    ("{s} says so now", "{s} le dit maintenant"),
    (
        "offers leases; neither the gateway {} nor a server you named",
        "propose des adresses\u{a0}; ni la passerelle {} ni un serveur que vous avez nommé",
    ),
    ("offers leases; no server you named", "propose des adresses\u{a0}; aucun serveur que vous avez nommé"),
    (
        "known by its address until its MAC was seen with it",
        "connu par son adresse jusqu'à ce que son adresse MAC soit vue",
    ),
    ("heard by {s} after {} s", "entendu par {s} après {} s"),
    ("heard by {s} after 1 probe", "entendu par {s} au premier essai"),
    ("heard by {s} after {} probes", "entendu par {s} après {} essais"),
    ("{} probes without an answer", "{} essais sans réponse"),
    (
        "{} probes in {} rounds unanswered, {} misses; last heard by {s} {} s ago",
        "{} essais en {} tours sans réponse, {} absences\u{a0}; entendu pour la dernière fois par {s} il y a {} s",
    ),
    ("{} probes in {} rounds unanswered", "{} essais en {} tours sans réponse"),
    ("3 changes within an hour, {k} now; {r}", "3 changements en une heure, {k} maintenant\u{a0}; {r}"),
    ("3 changes within an hour, {} now; {r}", "3 changements en une heure, {} maintenant\u{a0}; {r}"),
    ("heard by {s}, random MAC", "entendu par {s}, adresse MAC aléatoire"),
    ("heard by {s}", "entendu par {s}"),
    ("{} devices are online or cared for; {} turned away", "{} appareils sont en ligne ou suivis\u{a0}; {} refusés"),
    ("answered; it did not in the pass before", "a répondu\u{a0}; il ne le faisait pas au passage précédent"),
    ("no answer in three passes", "pas de réponse en trois passages"),
    ("refused twice", "refusé deux fois"),
    (
        "both call themselves {} and are here together: two interfaces of one?",
        "les deux se nomment {} et sont présents ensemble\u{a0}: deux interfaces d'un même appareil\u{a0}?",
    ),
];

/// A reason in the language of the reader, or in English and marked so.
pub(in crate::page) fn say(text: &str, language: Language) -> Markup {
    let text = clean(text);
    match translate(&text, language, 0) {
        Some(said) => html! { (said) },
        None if language == Language::En => html! { (text) },
        None => html! { span lang="en" { (text) } },
    }
}

/// Reasons inside reasons, at most.
const DEEPEST: usize = 2;

fn translate(text: &str, language: Language, depth: usize) -> Option<String> {
    if depth > DEEPEST {
        return None;
    }
    for (english, french) in SENTENCES {
        let sentence = match language {
            Language::En => english,
            Language::Fr => french,
        };
        if let Some(values) = read(english, text)
            && let Some(said) = write(english, sentence, &values, language, depth)
        {
            return Some(said);
        }
    }
    (language == Language::Fr).then(|| reasons::french(text)).flatten()
}

/// The values in the blanks of `pattern`, if `text` is made by it.
fn read<'t>(pattern: &str, text: &'t str) -> Option<Vec<&'t str>> {
    let mut parts = pattern.split('{').map(|part| part.split_once('}').map_or(part, |(_, rest)| rest)).peekable();
    let mut rest = text.strip_prefix(parts.next()?)?;
    let mut values = Vec::new();
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

/// Fills `sentence` with the values of `pattern`; none when a value is not of the sort its blank asks for.
fn write(pattern: &str, sentence: &str, values: &[&str], language: Language, depth: usize) -> Option<String> {
    let sorts = pattern.split('{').skip(1).filter_map(|part| part.split_once('}').map(|(sort, _)| sort));
    let mut said = Vec::new();
    for (value, sort) in values.iter().zip(sorts) {
        said.push(match sort {
            "s" => source(value)?.to_owned(),
            "k" => kind(value.parse::<Kind>().ok()?).speak(language).to_lowercase(),
            "r" => translate(value, language, depth + 1).unwrap_or_else(|| (*value).to_owned()),
            _ => (*value).to_owned(),
        });
    }
    let mut said = said.into_iter();
    let mut out = String::new();
    for (at, part) in sentence.split('{').enumerate() {
        match part.split_once('}') {
            Some((_, rest)) if at > 0 => {
                out.push_str(&said.next()?);
                out.push_str(rest);
            }
            _ => out.push_str(part),
        }
    }
    Some(out)
}

/// A source as people write it.
fn source(name: &str) -> Option<&'static str> {
    let source = Source::ALL.iter().copied().find(|source| source.name() == name)?;
    Some(match source {
        Source::Arp => "ARP",
        Source::Nd => "IPv6 ND",
        Source::Neighbour => "ARP/ND",
        Source::Icmp => "ping",
        Source::Tcp => "TCP",
        Source::Mdns => "mDNS",
        Source::Llmnr => "LLMNR",
        Source::Nbns => "NetBIOS",
        Source::Ssdp => "UPnP",
        Source::Wsd => "WS-Discovery",
        Source::Dhcp | Source::Lease => "DHCP",
        Source::Snmp => "SNMP",
        Source::Dns => "DNS",
        Source::Ssh => "SSH",
        Source::Http => "HTTP",
        Source::Rtsp => "RTSP",
        Source::Tls => "TLS",
        Source::Banner => "banner",
        Source::Inventory => "SSH",
        Source::Tailscale => "Tailscale",
        Source::Person => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_carried_over_in_their_order() {
        let french = |text| say(text, Language::Fr).into_string();
        assert_eq!(french("4 probes without an answer"), "4 essais sans réponse");
        assert_eq!(french("mdns calls it laser, 2 more agree"), "mDNS le nomme laser, 2 autres confirment");
        assert_eq!(french("its MAC is registered to <b>"), "son adresse MAC est attribuée à &lt;b&gt;");
        assert_eq!(french("you call it server"), "vous l'appelez server", "a person's word is no kind");
        // As the core writes why a device was called gone.
        let gone = french("9 probes in 3 rounds unanswered, 3 misses; last heard by icmp 62 s ago");
        assert!(gone.ends_with("entendu pour la dernière fois par ping il y a 62 s"), "{gone}");
        assert_eq!(french("moon phase"), "<span lang=\"en\">moon phase</span>");
        assert_eq!(say("moon phase", Language::En).into_string(), "moon phase");
        assert_eq!(say("heard by icmp", Language::En).into_string(), "heard by ping");
        let random = say("heard by neighbour, random MAC", Language::Fr).into_string();
        assert!(random.contains("adresse MAC aléatoire") && !random.contains("lang="), "{random}");
    }

    #[test]
    fn a_reason_may_hold_another_one() {
        let french = |text| say(text, Language::Fr).into_string();
        assert_eq!(
            french("but like server: its page is a printer's (nginx)"),
            "mais plutôt «\u{a0}serveur\u{a0}»\u{a0}: sa page est celle d'une imprimante (nginx)"
        );
        let deep = "but like server: ".repeat(50) + "x";
        assert!(say(&deep, Language::Fr).into_string().ends_with("but like server: x"), "and not without end");
    }

    #[test]
    fn both_sides_of_each_sentence_have_the_same_blanks() {
        let sorts = |text: &str| -> Vec<String> {
            text.split('{').skip(1).filter_map(|part| Some(part.split_once('}')?.0.to_owned())).collect()
        };
        for (english, french) in SENTENCES {
            assert_eq!(sorts(english), sorts(french), "{english}");
            let filled =
                english.replace("{s}", "mdns").replace("{k}", "tv").replace("{}", "x").replace("{r}", "refused twice");
            assert_ne!(say(&filled, Language::Fr).into_string(), say(&filled, Language::En).into_string(), "{filled}");
        }
    }
}
