//! Holds the texts about certificate, fingerprint and authority.
//! It never promises more than a comparison by eye gives.
//! `trust` speaks through it.

use crate::http::language::Text;

use super::both;

pub(in crate::page) const TITLE: Text = both("Is this really your appliance?", "Est-ce bien votre appareil\u{a0}?");
pub(in crate::page) const WHY: Text = both(
    "Your browser warns because no company vouches for this appliance: it vouches for itself. Compare the fingerprint with \
     the one on the appliance's screen or in its start-up messages. If they are the same, nobody stands in between.",
    "Votre navigateur vous avertit parce qu'aucune société ne garantit cet appareil\u{a0}: il se garantit lui-même. Comparez \
     l'empreinte avec celle qui est affichée sur l'écran de l'appareil ou dans ses messages de démarrage. Si elles sont \
     identiques, personne ne s'est interposé.",
);
pub(in crate::page) const LINK: Text =
    both("Encrypted. Is this really your appliance?", "Chiffré. Est-ce bien votre appareil\u{a0}?");
pub(in crate::page) const OFF: Text = both(
    "Encryption is switched off: anybody on this network could read along.",
    "Le chiffrement est désactivé\u{a0}: quelqu'un sur ce réseau pourrait lire ce qui passe.",
);
pub(in crate::page) const SECTION: Text = both("Encryption", "Chiffrement");
pub(in crate::page) const CERTIFICATE: Text = both("Certificate, SHA-256", "Certificat, SHA-256");
pub(in crate::page) const AUTHORITY: Text = both("Its authority, SHA-256", "Son autorité, SHA-256");
pub(in crate::page) const UNTIL: Text = both("Good until", "Valable jusqu'au");
pub(in crate::page) const ISSUER: Text = both("Issued by", "Émis par");
pub(in crate::page) const INSTALL: Text = both("No more warnings", "Plus d'avertissement");
pub(in crate::page) const INSTALL_WHY: Text = both(
    "Install the appliance's authority once on each device that uses this page. It can vouch for names and addresses of \
     private networks only, never for a site on the internet.",
    "Installez une fois l'autorité de l'appareil sur chaque machine qui utilise cette page. Elle ne peut garantir que des noms \
     et des adresses de réseaux privés, jamais un site d'internet.",
);
pub(in crate::page) const GET: Text = both("Download the authority", "Télécharger l'autorité");
pub(in crate::page) const GET_PEM: Text = both("the same in PEM", "la même en PEM");
pub(in crate::page) const BACK: Text = both("To the page", "Vers la page");

/// How the authority is installed, by system.
pub(in crate::page) const SYSTEMS: [(Text, Text); 6] = [
    (
        both("iPhone, iPad", "iPhone, iPad"),
        both(
            "Open the file, then Settings, Profile downloaded, Install; then General, About, Certificate Trust Settings, and \
             switch it on.",
            "Ouvrez le fichier, puis Réglages, Profil téléchargé, Installer\u{a0}; puis Général, Informations, Réglages des \
             certificats, et activez-la.",
        ),
    ),
    (
        both("Android", "Android"),
        both(
            "Settings, Security, Encryption and credentials, Install a certificate, CA certificate.",
            "Paramètres, Sécurité, Chiffrement et identifiants, Installer un certificat, Certificat CA.",
        ),
    ),
    (
        both("Windows", "Windows"),
        both(
            "Open the file, Install Certificate, and choose the store Trusted Root Certification Authorities.",
            "Ouvrez le fichier, Installer un certificat, et choisissez le magasin Autorités de certification racines de confiance.",
        ),
    ),
    (
        both("macOS", "macOS"),
        both(
            "Open the file in Keychain Access, then its entry, Trust, Always Trust.",
            "Ouvrez le fichier dans Trousseaux d'accès, puis son entrée, Se fier, Toujours approuver.",
        ),
    ),
    (
        both("Firefox", "Firefox"),
        both(
            "Settings, Privacy and Security, View Certificates, Authorities, Import.",
            "Paramètres, Vie privée et sécurité, Afficher les certificats, Autorités, Importer.",
        ),
    ),
    (
        both("Debian, Ubuntu", "Debian, Ubuntu"),
        both(
            "Copy the PEM file as vigie.crt to /usr/local/share/ca-certificates and run update-ca-certificates.",
            "Copiez le fichier PEM sous le nom vigie.crt dans /usr/local/share/ca-certificates et lancez update-ca-certificates.",
        ),
    ),
];
