//! Holds the ways in which the network's routes say no, in English and French.
//! Never decides when. Called by the handlers of this folder.

use vigie_core::lan::Refusal;
use vigie_core::limits::{MAX_DEVICES, MAX_TAGS};

use crate::http::problem::{Fault, Problem, faults};

faults! { pub(crate),
    /// Nobody of that name.
    NO_DEVICE = "no_such_device", Missing, "No device is known under “{device}”.", "Aucun appareil n'est connu sous « {device} ».";
    /// Forgetting, merging or asking the appliance.
    MYSELF = "device_is_appliance", Conflict, "This is the appliance itself: it can be neither forgotten nor merged, nor need it be asked.", "C'est Vigie elle-même : elle ne peut être ni oubliée ni fusionnée, et n'a pas à être interrogée.";
    /// A second device with the same address.
    TAKEN = "device_exists", Conflict, "A device with this MAC or this address is known already.", "Un appareil avec cette adresse MAC ou IP est déjà connu.";
    /// No room.
    TABLE_FULL = "table_full", Conflict, "The table is full: it holds {limit} devices that are here or that somebody cares for. Forget some of them first.", "La table est pleine : elle contient {limit} appareils présents ou auxquels quelqu'un tient. Oubliez-en d'abord quelques-uns.";
    /// More tags than a device takes.
    TOO_MANY_TAGS = "too_many_tags", Invalid, "A device takes at most {limit} tags.", "Un appareil porte au plus {limit} étiquettes.";
    /// Longer than is kept.
    TOO_LONG = "too_long", Invalid, "This is too long: at most {limit} bytes are kept, about as many letters.", "C'est trop long : {limit} octets au plus sont conservés, soit à peu près autant de lettres.";
    /// Not a community.
    BAD_COMMUNITY = "bad_community", Invalid, "A community has 1 to {limit} letters, digits and signs without spaces or accents.", "Une communauté compte de 1 à {limit} lettres, chiffres et signes, sans espace ni accent.";
    /// No room for another credential.
    VAULT_FULL = "credentials_full", Conflict, "There are {limit} credentials already, the most this appliance keeps. Remove one that is no longer used.", "Il y a déjà {limit} identifiants, le maximum de cet appareil. Supprimez-en un qui ne sert plus.";
    /// Neither MAC nor address.
    ADDRESS_NEEDED = "address_needed", Invalid, "Give a MAC or an IP address, so that the device can be recognised.", "Indiquez une adresse MAC ou IP, pour que l'appareil puisse être reconnu.";
    /// Not a MAC.
    NOT_A_MAC = "not_a_mac", Invalid, "This is not a MAC address such as 00:11:22:33:44:55.", "Ce n'est pas une adresse MAC comme 00:11:22:33:44:55.";
    /// Not an IP address.
    NOT_AN_IP = "not_an_ip", Invalid, "This is not an IP address such as 192.168.1.7.", "Ce n'est pas une adresse IP comme 192.168.1.7.";
    /// A group address, or one of another network.
    BAD_ADDRESS = "bad_address", Invalid, "No device of this segment can have this address.", "Aucun appareil de ce segment ne peut avoir cette adresse.";
    /// The segment is not there.
    NO_SEGMENT = "no_such_segment", Invalid, "There is no such segment; the appliance has a leg in: {segments}.", "Ce segment n'existe pas ; Vigie est présente dans : {segments}.";
    /// Which segment is meant cannot be told.
    SEGMENT_NEEDED = "segment_needed", Invalid, "Say which segment the device is on: {segments}.", "Indiquez le segment de l'appareil : {segments}.";
    /// Not a kind.
    BAD_KIND = "bad_kind", Invalid, "This is not a kind of device. The kinds are: {kinds}.", "Ce n'est pas un genre d'appareil. Les genres sont : {kinds}.";
    /// The same device twice.
    SAME_DEVICE = "same_device", Invalid, "A device cannot be merged with itself, nor kept apart from itself.", "Un appareil ne peut être ni fusionné avec lui-même, ni distingué de lui-même.";
    /// Nothing was merged.
    NOTHING_TO_SPLIT = "nothing_to_split", Conflict, "This device has no merge that could be undone.", "Cet appareil n'a aucune fusion à annuler.";
    /// No address to ask.
    NOTHING_TO_ASK = "nothing_to_ask", Conflict, "No address of this device is known that could be asked.", "Aucune adresse de cet appareil n'est connue pour l'interroger.";
    /// A person said so.
    EXCLUDED_DEVICE = "excluded_device", Conflict, "This device is never asked: its address is among the exclusions of the network settings. Take it out of them to check it.", "Cet appareil n'est jamais interrogé : son adresse figure parmi les exclusions des réglages du réseau. Retirez-l'en pour le vérifier.";
    /// No leg in its segment.
    NOT_CONNECTED = "not_connected", Unavailable, "Vigie is not connected to this device's network at the moment, so silence would say nothing. Check the cable or the Wi-Fi of the appliance.", "Vigie n'est pas raccordée en ce moment au réseau de cet appareil : son silence ne dirait rien. Vérifiez le câble ou le Wi-Fi de Vigie.";
    /// The check takes too long.
    CHECK_UNFINISHED = "check_unfinished", Unavailable, "The check goes on: many devices are being asked at this moment. Ask again in half a minute.", "La vérification se poursuit : beaucoup d'appareils sont interrogés en ce moment. Redemandez dans une demi-minute.";
    /// No MAC to wake.
    NO_MAC_TO_WAKE = "no_mac", Conflict, "No MAC address of this device is known, and a wake-up call is sent to a MAC address.", "Aucune adresse MAC de cet appareil n'est connue, or c'est à elle que l'appel de réveil est envoyé.";
    /// No way to send a frame.
    CANNOT_WAKE = "cannot_wake", Unavailable, "No wake-up call could be sent: the appliance is not connected to this device's network at the moment. Check the cable or the Wi-Fi of the appliance.", "Aucun appel de réveil n'a pu être envoyé : Vigie n'est pas raccordée en ce moment au réseau de cet appareil. Vérifiez le câble ou le Wi-Fi de Vigie.";
    /// Nobody asked for a wake-up.
    NO_WAKE = "no_wake", Missing, "Nobody has tried to wake this device since the appliance started.", "Personne n'a essayé de réveiller cet appareil depuis le démarrage de Vigie.";
    /// The password of the network card.
    BAD_SECURE_ON = "bad_secure_on", Invalid, "A SecureOn password is written like a MAC address (six pairs of hex digits) or like an IPv4 address.", "Un mot de passe SecureOn s'écrit comme une adresse MAC (six paires de chiffres hexadécimaux) ou comme une adresse IPv4.";
    /// One scan at a time.
    SCAN_RUNNING = "scan_running", Conflict, "A scan is running. Wait for its end or stop it first.", "Une exploration est en cours. Attendez la fin ou arrêtez-la d'abord.";
    /// No network.
    NO_LEG = "no_network", Unavailable, "There is no network to scan: no interface is up with an address.", "Il n'y a pas de réseau à explorer : aucune interface n'est active avec une adresse.";
    /// Elsewhere.
    REMOTE = "remote_target", Invalid, "“{target}” is on no segment of the appliance. Set allow_remote in the network settings to look at private networks behind a router.", "« {target} » n'est sur aucun segment de Vigie. Activez allow_remote dans les réglages du réseau pour explorer des réseaux privés derrière un routeur.";
    /// Elsewhere, and somebody else's.
    REMOTE_PUBLIC = "remote_public_target", Invalid, "“{target}” is behind a router and public, so it is somebody else's: it is never scanned.", "« {target} » est derrière un routeur et public, donc à quelqu'un d'autre : on ne l'explore jamais.";
    /// Elsewhere, and much.
    REMOTE_LARGE = "remote_target_too_large", Invalid, "“{target}” is behind a router and larger than a /22. Scan its parts, or name it in the network settings, under segments.", "« {target} » est derrière un routeur et dépasse un /22. Explorez-le par parties, ou indiquez-le dans les réglages du réseau, sous « segments ».";
    /// Unreadable.
    NOT_A_BLOCK = "not_a_segment", Invalid, "“{target}” is not an address or a segment such as 192.168.1.0/24.", "« {target} » n'est ni une adresse ni un segment comme 192.168.1.0/24.";
    /// 192.168.1.5/24.
    HOST_BITS = "host_bits", Invalid, "“{target}” has bits set behind its prefix; the segment is {meant}.", "« {target} » a des bits après son préfixe ; le segment est {meant}.";
    /// Above /16.
    BLOCK_TOO_LARGE = "segment_too_large", Invalid, "“{target}” is too large; /{largest} is the largest that can be taken.", "« {target} » est trop grand ; le plus grand accepté est un /{largest}.";
    /// Not private.
    PUBLIC = "public_target", Invalid, "“{target}” holds public addresses, which may be somebody else's. Allow public addresses in the network settings if they are yours.", "« {target} » contient des adresses publiques, qui sont peut-être celles d'autrui. Autorisez les adresses publiques dans les réglages du réseau si ce sont les vôtres.";
    /// Loopback and the like.
    SPECIAL = "special_target", Invalid, "“{target}” holds loopback, multicast or broadcast addresses, where no device lives.", "« {target} » contient des adresses de bouclage, de multidiffusion ou de diffusion, où ne vit aucun appareil.";
    /// IPv6 cannot be walked.
    IPV6_TARGET = "ipv6_target", Invalid, "“{target}” is IPv6, which is too vast to be walked: its devices are found by listening and by asking all at once, in every scan.", "« {target} » est de l'IPv6, trop vaste pour être parcouru : ses appareils sont trouvés en écoutant et en interrogeant tout le monde, à chaque exploration.";
    /// Too many entries.
    TOO_MANY_ENTRIES = "too_many_entries", Invalid, "At most {limit} entries can be taken.", "Au plus {limit} entrées sont acceptées.";
    /// A person said so.
    EXCLUDED_TARGET = "excluded_target", Invalid, "All of “{target}” is among the exclusions of the network settings. Take it out of them to scan it.", "Tout « {target} » figure parmi les exclusions des réglages du réseau. Retirez-l'en pour l'explorer.";
    /// All targets together.
    TARGETS_TOO_LARGE = "targets_too_large", Invalid, "Together these are more addresses than a /16; scan them in turn.", "Ensemble, ces cibles dépassent un /16 ; explorez-les l'une après l'autre.";
    /// Port 0.
    BAD_PORT = "bad_port", Invalid, "Ports go from 1 to 65535.", "Les ports vont de 1 à 65535.";
    /// JetDirect, LPD, IPP.
    PRINTER_PORT = "printer_port", Invalid, "Printers print what is sent to port {port}, so it is never touched.", "Les imprimantes impriment ce qui arrive sur le port {port} : on n'y touche jamais.";
    /// 1 to 60.
    BAD_INTERVAL = "bad_interval", Invalid, "The interval must be {least} to {most} minutes.", "L'intervalle doit être de {least} à {most} minutes.";
    /// No patience.
    BAD_PATIENCE = "bad_patience", Invalid, "This must be 1 to {most} seconds, or left empty for the usual patience.", "Il faut de 1 à {most} secondes, ou laisser vide pour la patience habituelle.";
    /// Forgotten too long ago.
    NOT_KEPT_FOR_UNDO = "forgotten_too_long_ago", Missing, "This device can no longer be brought back: that is possible for an hour, until the appliance restarts. If it is on the network, it appears by itself as new.", "Cet appareil ne peut plus être rétabli : c'est possible pendant une heure, jusqu'au redémarrage de Vigie. S'il est sur le réseau, il réapparaîtra de lui-même comme nouveau.";
    /// Heard again, and named.
    REPLACED = "replaced_since", Conflict, "This device was heard again since, and somebody has said something about the new entry. Both stay as they are; look at the new one: {device}.", "Cet appareil s'est manifesté depuis, et quelqu'un a renseigné la nouvelle fiche. Rien n'a été changé ; voyez la nouvelle : {device}.";
    /// More than one record holds.
    SETTINGS_TOO_LONG = "settings_too_long", Invalid, "These settings are too long to be stored: {length} bytes, {limit} at most. Shorten the lists.", "Ces réglages sont trop longs pour être conservés : {length} octets, {limit} au plus. Raccourcissez les listes.";
    /// A check of the settings that has no words of its own here.
    BAD_SETTING = "bad_setting", Invalid, "This setting cannot be accepted: {why}.", "Ce réglage ne peut pas être accepté : {why}.";
    /// Nothing of that number.
    NO_SCAN = "no_such_scan", Missing, "No scan of this number is remembered.", "Aucune exploration de ce numéro n'est gardée en mémoire.";
    /// The scan is known, what it found is not.
    NO_SNAPSHOT = "no_snapshot", Gone, "This scan is remembered, but what it found is not: the last {limit} whole scans are kept.", "Cette exploration est connue, mais plus ce qu'elle a trouvé : seules les {limit} dernières explorations complètes sont gardées.";
    /// Not a table we can read.
    NOT_A_SHEET = "not_a_device_list", Invalid, "This is not a list of devices: the first line must name columns such as mac, ip and label, or devMac and devName.", "Ce n'est pas une liste d'appareils : la première ligne doit nommer des colonnes comme mac, ip et label, ou devMac et devName.";
    /// Not a backup.
    NOT_A_BACKUP = "not_a_backup", Invalid, "This is not a backup of a Vigie, or it is damaged: line {line}, column {column}. Nothing was changed.", "Ce n'est pas une sauvegarde d'une Vigie, ou elle est abîmée : ligne {line}, colonne {column}. Rien n'a été changé.";
    /// Another version of the form.
    OTHER_BACKUP_FORM = "other_backup_form", Invalid, "This backup is of form {version}, and this Vigie reads form {known}. Restore it with the version that wrote it, or update this one. Nothing was changed.", "Cette sauvegarde est au format {version}, et cette Vigie lit le format {known}. Restaurez-la avec la version qui l'a écrite, ou mettez celle-ci à jour. Rien n'a été changé.";
    /// Not UTF-8.
    NOT_UTF8 = "not_utf8", Invalid, "The file is not written in UTF-8; save it again as “CSV UTF-8”.", "Le fichier n'est pas en UTF-8 ; enregistrez-le de nouveau en « CSV UTF-8 ».";
}

/// The problem of an edit that was refused.
pub(crate) fn refused(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::NoSuchDevice => Problem::from(&NO_DEVICE).with("device", ""),
        Refusal::TooManyTags => invalid("/tags", &TOO_MANY_TAGS, vec![("limit", MAX_TAGS.to_string())]),
        Refusal::BadAddress => invalid("/mac", &BAD_ADDRESS, Vec::new()),
        Refusal::Meaningless => Problem::from(&SAME_DEVICE),
        Refusal::Taken(id) => Problem::from(&TAKEN).carrying("device", id.to_string().into()),
        Refusal::TableFull => Problem::from(&TABLE_FULL).with("limit", MAX_DEVICES),
        Refusal::NothingToSplit => Problem::from(&NOTHING_TO_SPLIT),
        Refusal::Myself => Problem::from(&MYSELF),
        Refusal::NothingToAsk => Problem::from(&NOTHING_TO_ASK),
        Refusal::Excluded => Problem::from(&EXCLUDED_DEVICE),
        Refusal::NotConnected => Problem::from(&NOT_CONNECTED),
    }
}

/// `invalid` with one field.
pub(super) fn invalid(pointer: &str, fault: &'static Fault, values: Vec<(&'static str, String)>) -> Problem {
    Problem::from(&faults::INVALID).at_with(pointer, fault, values)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique_and_both_languages_have_the_same_blanks() {
        faults::hold_together(ALL, faults::ALL.iter().copied());
    }
}
