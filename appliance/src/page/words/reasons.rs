//! Holds the French of the reasons that rules give: patterns over things, and the things.
//! It never holds a rule, and gives nothing for a reason it does not know: a person's own rules may say anything.
//! `evidence` asks it.

/// Patterns of the rules' reasons. `{}` is a thing, `{d}` in French "of" that thing, `{m}` what a maker makes, and `{v}`
/// words to be copied in quotes.
const PATTERNS: &[(&str, &str)] = &[
    ("its page is {}'s", "sa page est celle {d}"),
    ("its page names {}", "sa page nomme {}"),
    ("its page says {v}", "sa page dit {v}"),
    ("its page is {}", "sa page est celle {d}"),
    ("its model is {}", "son modèle est {}"),
    ("its UPnP type is {}'s", "son type UPnP est celui {d}"),
    ("its UPnP type is {}", "son type UPnP est {}"),
    ("its UPnP server is {}'s", "son serveur UPnP est celui {d}"),
    ("its UPnP server names {}", "son serveur UPnP nomme {}"),
    ("its DHCP client is {}'s", "son client DHCP est celui {d}"),
    ("its DHCP client is that of {}", "son client DHCP est celui {d}"),
    ("its DHCP client runs on {}", "son client DHCP tourne sur {}"),
    ("it asks DHCP for what {} asks", "il demande au DHCP ce que demande {}"),
    ("it asks DHCP for what {} ask", "il demande au DHCP ce que demandent {}"),
    ("its web server is mostly {}'s", "son serveur web est surtout celui {d}"),
    ("its web server is {}'s", "son serveur web est celui {d}"),
    ("its web server is that of {}", "son serveur web est celui {d}"),
    ("its RTSP server is {}'s", "son serveur RTSP est celui {d}"),
    ("its SSH server is that of {}", "son serveur SSH est celui {d}"),
    ("its SSH server is {}'s", "son serveur SSH est celui {d}"),
    ("its FTP greeting is {}'s", "son accueil FTP est celui {d}"),
    ("its greeting is {}'s", "son accueil est celui {d}"),
    ("its certificate is {}'s", "son certificat est celui {d}"),
    ("its certificate names {}", "son certificat nomme {}"),
    ("its SNMP object is {}'s", "son objet SNMP est celui {d}"),
    ("its SNMP object is that of {}", "son objet SNMP est celui {d}"),
    ("its system version is that of {}", "sa version de système est celle {d}"),
    ("its system version is {}'s", "sa version de système est celle {d}"),
    ("its port is that of {}", "son port est celui {d}"),
    ("its name is {}'s own choice", "son nom est choisi par {}"),
    ("its name is {}'s factory name", "son nom d'usine est celui {d}"),
    ("its name is {}'s own", "son nom est celui que donne {}"),
    ("its name is like {}'s", "son nom ressemble à celui {d}"),
    ("its name is {}'s", "son nom est celui {d}"),
    ("its name says {v}", "son nom dit {v}"),
    ("it calls itself {}", "il se nomme {}"),
    ("its maker makes mostly {m}", "son fabricant fait surtout {m}"),
    ("its maker makes {m}", "son fabricant fait {m}"),
    ("SNMP describes {}", "SNMP décrit {}"),
    ("SNMP names {}", "SNMP nomme {}"),
    ("it announces itself as {}", "il s'annonce comme {}"),
    ("it announces {}", "il annonce {}"),
    ("it greets as {}", "il se présente comme {}"),
    ("it says {} made it", "il se dit fabriqué par {}"),
    ("it asks for {}'s password", "il demande un mot de passe comme le fait {}"),
    ("it answers as {}", "il répond comme {}"),
    ("it has {}", "il a {}"),
    ("it runs {}", "il fait tourner {}"),
    ("it takes {}", "il accepte {}"),
    ("it shares {}", "il partage {}"),
];

/// Reasons that are no pattern.
const WHOLE: &[(&str, &str)] = &[
    ("its ONVIF scopes are a camera's", "ses domaines ONVIF sont ceux d'une caméra"),
    (
        "its HomeKit category is a camera or a video doorbell",
        "sa catégorie HomeKit est celle d'une caméra ou d'un portier vidéo",
    ),
    ("its HomeKit category is a thing of the house", "sa catégorie HomeKit est celle d'un objet de la maison"),
    ("its HomeKit category is a bridge", "sa catégorie HomeKit est celle d'un pont"),
    ("its HomeKit category is a speaker or a receiver", "sa catégorie HomeKit est celle d'une enceinte ou d'un ampli"),
    (
        "its HomeKit category is a television or its box",
        "sa catégorie HomeKit est celle d'un téléviseur ou de son boîtier",
    ),
    ("its HomeKit category is a Wi-Fi extender", "sa catégorie HomeKit est celle d'un répéteur Wi-Fi"),
    ("its HomeKit category is a router", "sa catégorie HomeKit est celle d'un routeur"),
    ("it is a Matter device that waits to be set up", "c'est un appareil Matter qui attend d'être installé"),
    ("it is this appliance", "c'est cet appareil même"),
    ("the network's way out leads through it", "la sortie du réseau passe par lui"),
    ("it sends router advertisements", "il envoie des annonces de routeur"),
    ("it hands out addresses", "il distribue des adresses"),
    ("it is the network's name server", "c'est le serveur de noms du réseau"),
    (
        "its MAC looks random, as of things people carry",
        "son adresse MAC semble aléatoire, comme celle des objets qu'on porte sur soi",
    ),
    ("it answers Windows as a printer", "il répond à Windows comme une imprimante"),
    ("it shares a printer among other things", "il partage une imprimante parmi d'autres choses"),
    ("it offers sync as iPhones do", "il propose la synchronisation comme les iPhone"),
    ("its sync port is that of iPhones", "son port de synchronisation est celui des iPhone"),
    ("it offers Apple's remote control of Macs", "il propose la prise de contrôle à distance des Mac"),
    ("it answers for sleeping Macs", "il répond pour les Mac en veille"),
    ("Apple makes phones, computers and more", "Apple fait des téléphones, des ordinateurs et plus"),
    ("Samsung makes phones, televisions and more", "Samsung fait des téléphones, des télévisions et plus"),
    ("Huawei makes phones and routers", "Huawei fait des téléphones et des routeurs"),
    ("Google makes speakers, sticks and phones", "Google fait des enceintes, des clés et des téléphones"),
    ("Microsoft makes computers and virtual machines", "Microsoft fait des ordinateurs et des machines virtuelles"),
    ("Sony makes televisions and more", "Sony fait des télévisions et plus"),
    ("Amazon makes speakers, sticks and tablets", "Amazon fait des enceintes, des clés et des tablettes"),
    ("NetBIOS announces Windows", "NetBIOS annonce Windows"),
    ("NetBIOS announces a domain controller", "NetBIOS annonce un contrôleur de domaine"),
    ("NetBIOS announces Samba on Unix", "NetBIOS annonce Samba sous Unix"),
    ("it shares files with Windows", "il partage des fichiers avec Windows"),
    ("it shares a printer with Windows", "il partage une imprimante avec Windows"),
    ("Windows' procedure port is open", "le port de procédures de Windows est ouvert"),
    ("Windows' device port is open", "le port d'appareils de Windows est ouvert"),
    ("Intel's management of desktops answers", "l'administration Intel des postes répond"),
    ("its network chip is a computer's", "sa puce réseau est celle d'un ordinateur"),
    ("its network chip is mostly a computer's", "sa puce réseau est surtout celle d'un ordinateur"),
    ("it is a virtual machine", "c'est une machine virtuelle"),
    ("it says so", "il le dit"),
    ("it streams games", "il diffuse des jeux"),
    ("it shares its screen", "il partage son écran"),
    ("it boots from the network", "il démarre par le réseau"),
    ("its SSH server is a program's", "son serveur SSH est celui d'un logiciel"),
    ("it keeps Macs' backups", "il garde les sauvegardes des Mac"),
    ("it shares media as small servers do", "il partage des médias comme les petits serveurs"),
    ("it shares media", "il partage des médias"),
    ("it serves files", "il sert des fichiers"),
    ("it answers for names", "il répond pour les noms"),
    ("apps can be started on it", "on peut y lancer des applications"),
    ("it plays media", "il lit des médias"),
    ("it plays Spotify", "il lit Spotify"),
    ("it plays in a group", "il joue en groupe"),
    ("a television maker made this player", "ce lecteur vient d'un fabricant de télévisions"),
    ("it serves video over RTSP", "il diffuse de la vidéo en RTSP"),
    ("its page is titled as cameras' are", "le titre de sa page est celui des caméras"),
    ("it asks for a password as Dahua does", "il demande un mot de passe comme le fait Dahua"),
    ("its maker makes cameras and it has a video port", "son fabricant fait des caméras et il a un port vidéo"),
    ("its board is a Wi-Fi module", "sa carte est un module Wi-Fi"),
    ("it speaks Modbus", "il parle Modbus"),
    ("it speaks BGP", "il parle BGP"),
    ("it ends tunnels", "il termine des tunnels"),
    ("it takes telnet", "il accepte telnet"),
    ("its provider manages it", "son fournisseur l'administre"),
    ("SNMP says it forwards frames", "SNMP dit qu'il relaie des trames"),
    ("SNMP says it forwards packets", "SNMP dit qu'il route des paquets"),
    ("its UPnP server opens ports for others", "son serveur UPnP ouvre des ports pour d'autres"),
    ("it takes Wi-Fi set-up by button", "il accepte le réglage Wi-Fi par bouton"),
    ("it announces HomeKit among other things", "il annonce HomeKit parmi d'autres choses"),
    ("its UPnP type is that of Hue bridges and some NAS", "son type UPnP est celui des ponts Hue et de certains NAS"),
    ("it is a bridge run by a server", "c'est un pont tenu par un serveur"),
    ("it announces cloud printing or fax", "il annonce l'impression en nuage ou le fax"),
    ("it runs the print service of Unix", "il fait tourner le service d'impression d'Unix"),
];

/// Things, with their article, and what makers make.
const THINGS: &[(&str, &str)] = &[
    ("a printer", "une imprimante"),
    ("a printer maker", "un fabricant d'imprimantes"),
    ("an office printer", "une imprimante de bureau"),
    ("a label or receipt printer", "une imprimante d'étiquettes ou de tickets"),
    ("an HP printer", "une imprimante HP"),
    ("a Brother printer", "une imprimante Brother"),
    ("an Epson printer", "une imprimante Epson"),
    ("a Canon printer", "une imprimante Canon"),
    ("an HP factory name", "un nom d'usine HP"),
    ("a 3D printer's host", "le pilote d'une imprimante 3D"),
    ("printing", "l'impression"),
    ("scanning", "la numérisation"),
    ("a print port", "un port d'impression"),
    ("a printing service", "un service d'impression"),
    ("print jobs on a raw port", "des travaux d'impression sur un port brut"),
    ("an iPhone", "un iPhone"),
    ("an iPad", "un iPad"),
    ("an iPod", "un iPod"),
    ("a Mac", "un Mac"),
    ("a new Mac", "un Mac neuf"),
    ("an Apple TV", "une Apple TV"),
    ("a HomePod", "un HomePod"),
    ("an Apple Watch", "une Apple Watch"),
    ("an AirPort base", "une borne AirPort"),
    ("its screen or library", "son écran ou sa bibliothèque"),
    ("the Remote app", "l'application Remote"),
    ("AirPlay sound", "le son AirPlay"),
    ("iOS", "iOS"),
    ("macOS", "macOS"),
    ("macOS 11", "macOS 11"),
    ("macOS 12", "macOS 12"),
    ("macOS 13", "macOS 13"),
    ("macOS 14", "macOS 14"),
    ("macOS 15", "macOS 15"),
    ("macOS 26", "macOS 26"),
    ("a phone", "un téléphone"),
    ("a Huawei phone", "un téléphone Huawei"),
    ("a Samsung phone", "un téléphone Samsung"),
    ("a Samsung tablet", "une tablette Samsung"),
    ("Android's wireless debugging", "le débogage sans fil d'Android"),
    ("Android's debugging", "le débogage d'Android"),
    ("Android TV's remote", "la télécommande d'Android TV"),
    ("Sony's remote", "la télécommande de Sony"),
    ("a reader", "une liseuse"),
    ("a headset", "un casque"),
    ("a computer", "un ordinateur"),
    ("a computer of the Windows network", "un ordinateur du réseau Windows"),
    ("a Windows workstation", "un poste Windows"),
    ("a Windows server", "un serveur Windows"),
    ("remote desktops", "le bureau à distance"),
    ("Windows remote management", "l'administration à distance de Windows"),
    ("Windows' media library", "la médiathèque de Windows"),
    ("files", "des fichiers"),
    ("a Linux machine does", "le fait une machine Linux"),
    ("a Linux desktop's disks", "les disques d'un poste Linux"),
    ("a Linux system", "un système Linux"),
    ("the Raspberry Pi", "le Raspberry Pi"),
    ("a Raspberry Pi", "un Raspberry Pi"),
    ("remote login", "l'accès distant"),
    ("remote logins", "les accès distants"),
    ("shared files", "des fichiers partagés"),
    ("files for Macs", "des fichiers pour Mac"),
    ("an X display", "un affichage X"),
    ("an OpenSSH server", "un serveur OpenSSH"),
    ("small devices", "les petits appareils"),
    ("network devices", "les équipements réseau"),
    ("small Linux devices", "les petits appareils Linux"),
    ("a small Linux device", "un petit appareil Linux"),
    ("Wi-Fi modules", "les modules Wi-Fi"),
    ("a management processor", "un processeur d'administration"),
    ("a server's management", "l'administration d'un serveur"),
    ("a server management", "l'administration d'un serveur"),
    ("Debian's client", "le client de Debian"),
    ("Ubuntu's client", "le client d'Ubuntu"),
    ("systemd", "systemd"),
    ("a message broker", "un serveur de messages"),
    ("a media library", "une médiathèque"),
    ("a music library", "une bibliothèque musicale"),
    ("file service", "un service de fichiers"),
    ("server software", "un logiciel serveur"),
    ("media or cloud software", "un logiciel de médias ou de nuage"),
    ("a site", "un site"),
    ("servers", "les serveurs"),
    ("a program", "un logiciel"),
    ("a mail server", "un serveur de courrier"),
    ("an FTP server", "un serveur FTP"),
    ("a database", "une base de données"),
    ("a mail service", "un service de courrier"),
    ("a directory", "un annuaire"),
    ("containers", "des conteneurs"),
    ("a server's port", "un port de serveur"),
    ("Unix' portmapper", "le portmapper d'Unix"),
    ("a service", "un service"),
    ("a server", "un serveur"),
    ("a QNAP NAS", "un NAS QNAP"),
    ("a ReadyNAS", "un ReadyNAS"),
    ("a NAS", "un NAS"),
    ("NAS software", "un logiciel de NAS"),
    ("a NAS maker", "un fabricant de NAS"),
    ("a Synology NAS", "un NAS Synology"),
    ("a DiskStation", "une DiskStation"),
    ("casts", "la diffusion Cast"),
    ("a television", "une télévision"),
    ("a Fire TV", "une Fire TV"),
    ("a Roku", "un Roku"),
    ("a player", "un lecteur"),
    ("a Chromecast", "un Chromecast"),
    ("a cast receiver", "un récepteur Cast"),
    ("cast receivers", "les récepteurs Cast"),
    ("a television or box", "une télévision ou un boîtier"),
    ("a television or receiver", "une télévision ou un amplificateur"),
    ("a television's or receiver", "une télévision ou un amplificateur"),
    ("a television's or box", "une télévision ou un boîtier"),
    ("a television maker", "un fabricant de télévisions"),
    ("a Samsung television", "une télévision Samsung"),
    ("an LG television", "une télévision LG"),
    ("Samsung televisions", "les télévisions Samsung"),
    ("LG televisions", "les télévisions LG"),
    ("a speaker", "une enceinte"),
    ("a Google speaker", "une enceinte Google"),
    ("a smart display", "un écran connecté"),
    ("a Sonos speaker", "une enceinte Sonos"),
    ("a receiver or soundbar", "un amplificateur ou une barre de son"),
    ("a Sonos player", "un lecteur Sonos"),
    ("a network speaker", "une enceinte réseau"),
    ("an audio maker", "un fabricant audio"),
    ("an ONVIF video device", "un appareil vidéo ONVIF"),
    ("ONVIF scopes", "des domaines ONVIF"),
    ("a network camera", "une caméra réseau"),
    ("a video stream", "un flux vidéo"),
    ("a camera", "une caméra"),
    ("a camera maker", "un fabricant de caméras"),
    ("a camera or recorder", "une caméra ou un enregistreur"),
    ("a video port", "un port vidéo"),
    ("a smart home device", "un objet de maison connectée"),
    ("a HomeKit accessory", "un accessoire HomeKit"),
    ("a Matter device", "un appareil Matter"),
    ("a Hue bridge", "un pont Hue"),
    ("a thing", "un objet"),
    ("Tuya devices", "les appareils Tuya"),
    ("Kasa plugs", "les prises Kasa"),
    ("a power supply", "une alimentation secourue"),
    ("a PlayStation", "une PlayStation"),
    ("an Xbox", "une Xbox"),
    ("a console", "une console"),
    ("a telephone", "un téléphone"),
    ("telephony", "la téléphonie"),
    ("calls", "les appels"),
    ("a gateway", "une passerelle"),
    ("an access point", "une borne Wi-Fi"),
    ("a Freebox", "une Freebox"),
    ("a provider's box", "une box de fournisseur"),
    ("a provider", "un fournisseur"),
    ("router software", "un logiciel de routeur"),
    ("a router maker", "un fabricant de routeurs"),
    ("the UniFi controller", "le contrôleur UniFi"),
    ("a router", "un routeur"),
    ("a network device", "un équipement réseau"),
    ("a repeater", "un répéteur"),
    ("a switch", "un commutateur"),
    ("a modem", "un modem"),
    ("a FRITZ!Box", "une FRITZ!Box"),
    ("a Cisco device", "un équipement Cisco"),
    ("a network maker", "un fabricant d'équipements réseau"),
    ("wireless makers", "les fabricants de Wi-Fi"),
    ("MikroTik's Winbox", "Winbox de MikroTik"),
    // What makers make.
    ("printers", "des imprimantes"),
    ("phones", "des téléphones"),
    ("computers", "des ordinateurs"),
    ("small computers", "de petits ordinateurs"),
    ("readers", "des liseuses"),
    ("watches", "des montres"),
    ("headsets", "des casques"),
    ("routers", "des routeurs"),
    ("network storage", "du stockage réseau"),
    ("televisions", "des télévisions"),
    ("TV boxes", "des boîtiers TV"),
    ("speakers", "des enceintes"),
    ("cameras", "des caméras"),
    ("smart home devices", "des objets de maison connectée"),
    ("devices for house", "des appareils pour la maison"),
    ("power", "l'énergie"),
    ("consoles", "des consoles"),
    ("telephones", "des téléphones"),
    ("intercoms", "des interphones"),
    ("providers' boxes", "des box de fournisseurs"),
    ("access points", "des bornes Wi-Fi"),
    ("switches", "des commutateurs"),
    ("more", "plus"),
];

/// The French of a reason: `it announces printing (_ipp._tcp)`.
pub(super) fn french(text: &str) -> Option<String> {
    let (reason, seen) = match text.split_once(" (").filter(|_| text.ends_with(')')) {
        Some((reason, _)) => (reason, text.get(reason.len()..)?),
        None => (text, ""),
    };
    let whole = WHOLE.iter().find(|(english, _)| *english == reason).map(|(_, french)| (*french).to_owned());
    let said = whole.or_else(|| PATTERNS.iter().find_map(|(english, french)| by_pattern(english, french, reason)))?;
    Some(format!("{said}{seen}"))
}

fn by_pattern(english: &str, french: &str, reason: &str) -> Option<String> {
    let (before, rest) = english.split_once('{')?;
    let (sort, after) = rest.split_once('}')?;
    let inner = reason.strip_prefix(before)?;
    // Names that end in s take the apostrophe alone.
    let short = after.strip_prefix("'s").map(|rest| format!("'{rest}"));
    let value = inner.strip_suffix(after).or_else(|| inner.strip_suffix(short?.as_str()))?;
    Some(match sort {
        "m" => french.replace("{m}", &made(value)?),
        "v" => french.replace("{v}", &format!("«\u{a0}{}\u{a0}»", plain(value))),
        _ => {
            let thing = thing(value)?;
            french.replace("{d}", &of(&thing)).replace("{}", &thing)
        }
    })
}

fn thing(english: &str) -> Option<String> {
    let known = THINGS.iter().find(|(thing, _)| *thing == english).map(|(_, french)| (*french).to_owned());
    // Names need no translation: every word of them begins with a capital or a digit.
    let is_name = || {
        english.split(' ').all(|word| word.starts_with(|first: char| first.is_uppercase() || first.is_ascii_digit()))
    };
    known.or_else(|| is_name().then(|| english.to_owned()))
}

/// A single word without its article, for quotes.
fn plain(english: &str) -> String {
    let with_article = ["a ", "an "].iter().find_map(|article| thing(&format!("{article}{english}")));
    let french = with_article.or_else(|| thing(english)).unwrap_or_else(|| english.to_owned());
    french.trim_start_matches("une ").trim_start_matches("un ").to_owned()
}

/// "printers, computers and more".
fn made(english: &str) -> Option<String> {
    let (first, last) = english.rsplit_once(" and ").map_or((english, None), |(first, last)| (first, Some(last)));
    let things: Option<Vec<String>> = first.split(", ").map(thing).collect();
    let mut said = things?.join(", ");
    if let Some(last) = last {
        said.push_str(" et ");
        said.push_str(&thing(last)?);
    }
    Some(said)
}

/// "of" a thing: `d'un`, `des`, `du`, `de`.
fn of(thing: &str) -> String {
    if let Some(rest) = thing.strip_prefix("les ") {
        return format!("des {rest}");
    }
    if let Some(rest) = thing.strip_prefix("le ") {
        return format!("du {rest}");
    }
    // Letters that are spoken as vowels at the start of names and articles.
    let elides = thing.starts_with(['a', 'e', 'i', 'o', 'u', 'é', 'A', 'E', 'I', 'O', 'U']);
    if elides { format!("d'{thing}") } else { format!("de {thing}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_put_together_as_people_say_them() {
        for (english, said) in [
            ("its page is a printer's (LaserJet)", "sa page est celle d'une imprimante (LaserJet)"),
            ("its DHCP client is Windows'", "son client DHCP est celui de Windows"),
            ("its SSH server is that of small devices", "son serveur SSH est celui des petits appareils"),
            ("its maker makes routers, switches and more", "son fabricant fait des routeurs, des commutateurs et plus"),
            ("its name says printer", "son nom dit «\u{a0}imprimante\u{a0}»"),
            ("its SSH server is Ubuntu's", "son serveur SSH est celui d'Ubuntu"),
        ] {
            assert_eq!(french(english).as_deref(), Some(said));
        }
        assert_eq!(french("my own rule says so"), None);
    }

    /// Nearly every reason of the rules that come with the product is said in French; a new one may come before its
    /// French, since English is shown then.
    #[test]
    fn nearly_every_reason_of_the_rules_has_its_french() {
        let rules = include_str!("../../../profiles/devices.rules");
        let lines: Vec<&str> = rules.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
        let text = lines.join("\n");
        let mut reasons = Vec::new();
        for part in text.split("because ").skip(1) {
            let mut reason = String::new();
            for (at, line) in part.lines().enumerate() {
                if at > 0 && !line.starts_with([' ', '\t']) {
                    break;
                }
                reason = format!("{reason} {}", line.trim());
            }
            reasons.push(reason.trim().to_owned());
        }
        assert!(reasons.len() > 100);
        let missing: Vec<_> = reasons.iter().filter(|reason| french(reason).is_none()).collect();
        assert!(missing.len() * 20 < reasons.len(), "{} of {}: {missing:#?}", missing.len(), reasons.len());
    }
}
