//! English and French, text by text.

use crate::exit;

/// Names of values.
pub const VALUE_NAMES: &[(&str, &str)] = &[
    ("BUILDING", "BATIMENT"),
    ("CALLS", "REQUETES"),
    ("CODE", "CODE"),
    ("COMMAND", "COMMANDE"),
    ("CONTRACT", "CONTRAT"),
    ("FIBRE", "FIBRE"),
    ("FILE", "FICHIER"),
    ("FLOOR", "ETAGE"),
    ("FOLDER", "DOSSIER"),
    ("FORMAT", "FORMAT"),
    ("LANG", "LANGUE"),
    ("LOGIN", "LOGIN"),
    ("METHOD", "METHODE"),
    ("NAME", "NOM"),
    ("PBO", "PBO"),
    ("PLATFORM", "PLATEFORME"),
    ("PTO", "PTO"),
    ("PTO|none", "PTO|none"),
    ("REASON", "MOTIF"),
    ("SECONDS", "SECONDES"),
    ("SECONDS,…", "SECONDES,…"),
    ("SECURITY", "SECURITE"),
    ("SHELL", "SHELL"),
    ("SOAP", "SOAP"),
    ("STAIRCASE", "ESCALIER"),
    ("URL", "URL"),
    ("collective|house", "collective|house"),
    ("real|virtual", "real|virtual"),
    ("yes|no", "yes|no"),
    ("ztd|zmd", "ztd|zmd"),
];

/// Sentences.
pub const TEXTS: &[(&str, &str)] = &[
    // The program, and what holds for every command.
    (
        "The commercial operator's command line, for any e-Reprov FTTH 2.0 service",
        "La ligne de commande de l'opérateur commercial, pour tout service e-Reprov FTTH 2.0",
    ),
    (exit::HELP, exit::HELP_FR),
    ("Options of every command", "Options de toutes les commandes"),
    (
        "The profile to use; without it, the default one",
        "Le profil à utiliser ; sans lui, celui par défaut",
    ),
    (
        "How to print: a table for people, JSON or CSV for programs, or the service's own XML",
        "Comment afficher : un tableau à lire, JSON ou CSV pour les programmes, ou le XML du service",
    ),
    ("For people", "À lire"),
    (
        "For programs; all but whole sentences is the same in every language",
        "Pour les programmes ; tout, sauf les phrases entières, est le même dans toutes les langues",
    ),
    (
        "For spreadsheets: a line of names, then one line each",
        "Pour les tableurs : une ligne de noms, puis une ligne par élément",
    ),
    ("What the service answered, as it came", "Ce que le service a répondu, tel quel"),
    (
        "Language of what people read; without it, the locale's",
        "Langue de ce qui est à lire ; sans elle, celle du système",
    ),
    ("English", "Anglais"),
    ("French", "Français"),
    (
        "Never colours; `NO_COLOR`, a pipe and `TERM=dumb` do the same",
        "Jamais de couleurs ; `NO_COLOR`, un tube et `TERM=dumb` font de même",
    ),
    (
        "Never ask anything: fail where something would have to be asked",
        "Ne jamais rien demander : échouer là où il faudrait poser une question",
    ),
    (
        "Show every question and answer on standard error, the password masked",
        "Montrer chaque question et chaque réponse sur l'erreur standard, mot de passe masqué",
    ),
    (
        "Read the password from the first line of standard input instead of its file",
        "Lire le mot de passe sur la première ligne de l'entrée standard plutôt que dans son fichier",
    ),
    (
        "Seconds that a connection may take, 1 to 120; without it, 10, or half of --timeout if that is less. \
         `profile add` keeps it",
        "Secondes que peut durer une connexion, de 1 à 120 ; sans cela, 10, ou la moitié de --timeout si c'est \
         moins. `profile add` la garde",
    ),
    (
        "Seconds that a whole call may take, its connection included, 1 to 600; without it, 60. `profile add` keeps \
         it",
        "Secondes que peut durer une requête entière, connexion comprise, de 1 à 600 ; sans cela, 60. `profile add` \
         la garde",
    ),
    ("Print help (see a summary with '-h')", "Afficher l'aide (un résumé avec « -h »)"),
    ("Print help (see more with '--help')", "Afficher l'aide (davantage avec « --help »)"),
    ("Print version", "Afficher la version"),
    (
        "Print this message or the help of the given subcommand(s)",
        "Afficher ce message, ou l'aide des commandes données",
    ),
    // The commands.
    (
        "Show a contract's site: floors, PBOs, sockets (getSiteStructure; one call)",
        "Montrer le site d'un contrat : étages, PBO, prises (getSiteStructure ; une requête)",
    ),
    (
        "Show the fibres of a floor or of a PBO, and which of them the rules allow (getRoSite; one call)",
        "Montrer les fibres d'un étage ou d'un PBO, et celles que les règles permettent (getRoSite ; une requête)",
    ),
    ("Ask for another fibre (putReprovisionning)", "Demander une autre fibre (putReprovisionning)"),
    (
        "Ask for another fibre (putReprovisionning).\n\nAfter a timeout or a cut connection it finds out what \
         became of the request before anything is sent again, and says so where it cannot (exit code 8).",
        "Demander une autre fibre (putReprovisionning).\n\nAprès un délai dépassé ou une coupure, la commande \
         cherche ce que la demande est devenue avant de rien renvoyer, et le dit si elle ne peut pas le savoir \
         (code de sortie 8).",
    ),
    (
        "Show where a contract's re-provisioning stands (getReprovisionning; one call)",
        "Montrer où en est le reprovisionning d'un contrat (getReprovisionning ; une requête)",
    ),
    (
        "Follow a re-provisioning to its end, in at most four calls",
        "Suivre un reprovisionning jusqu'à sa fin, en quatre requêtes au plus",
    ),
    ("Explain a code of §4; works offline", "Expliquer un code du §4 ; sans connexion"),
    (
        "Check the way to the service: DNS, TLS, clock, WSDL, login and quota; one call at the most",
        "Vérifier l'accès au service : DNS, TLS, horloge, WSDL, identifiant et quota ; une requête au plus",
    ),
    ("Services and logins", "Services et identifiants"),
    ("Print the completions for a shell", "Afficher les complétions d'un shell"),
    (
        "Print the completions for a shell.\n\nFor bash, for example: `ereprov completions bash > \
         /etc/bash_completion.d/ereprov`",
        "Afficher les complétions d'un shell.\n\nPour bash, par exemple : `ereprov completions bash > \
         /etc/bash_completion.d/ereprov`",
    ),
    ("Write the manual pages into a folder", "Écrire les pages de manuel dans un dossier"),
    // Contracts and places.
    ("The contract's reference", "La référence du contrat"),
    (
        "The building, as `ereprov structure` names it",
        "Le bâtiment, tel que `ereprov structure` le nomme",
    ),
    ("The staircase", "L'escalier"),
    ("The floor; without a floor, the contract's own", "L'étage ; sans étage, celui du contrat"),
    (
        "Only what this PBO serves, on whatever floor",
        "Seulement ce que ce PBO dessert, à quelque étage que ce soit",
    ),
    (
        "Say of each fibre whether the rules allow it for this reason, in the specification's words \
         (\"Fibre cassée\") or in English (broken-fibre)",
        "Dire de chaque fibre si les règles la permettent pour ce motif, dans les mots de la spécification \
         (« Fibre cassée ») ou en anglais (broken-fibre)",
    ),
    ("The socket stays", "La prise est conservée"),
    // What the order says.
    (
        "What the order says (no method returns it)",
        "Ce que dit la commande (aucune méthode ne le donne)",
    ),
    ("Where the building stands", "Où se trouve le bâtiment"),
    ("What the line ends in", "Où la ligne aboutit"),
    (
        "Whether the order came with a real route (ROR) or a virtual one (ROV)",
        "Si la commande est venue avec une route réelle (ROR) ou virtuelle (ROV)",
    ),
    ("Whether it is on an existing socket", "Si elle est sur une prise existante"),
    ("Whether it is on the OPAC base", "Si elle est sur le parc OPAC"),
    ("The fibre of the contract's present route", "La fibre de la route actuelle du contrat"),
    ("The order's PBO", "Le PBO de la commande"),
    (
        "The contract's own socket; `none` where it has none",
        "La prise du contrat ; `none` s'il n'en a pas",
    ),
    // A put, and what becomes of it.
    ("The fibre, as `ereprov routes` names it", "La fibre, telle que `ereprov routes` la nomme"),
    (
        "Why, in the specification's words (\"Fibre cassée\") or in English (broken-fibre)",
        "Pourquoi, dans les mots de la spécification (« Fibre cassée ») ou en anglais (broken-fibre)",
    ),
    ("The socket that is installed", "La prise qui est installée"),
    (
        "Show what would be sent, the password masked, and what the rules say; send nothing",
        "Montrer ce qui serait envoyé, mot de passe masqué, et ce que disent les règles ; ne rien envoyer",
    ),
    (
        "Send it even where the rules, as they are known here, refuse it",
        "L'envoyer même si les règles, telles qu'on les connaît ici, la refusent",
    ),
    ("Do not ask, on PROD either", "Ne rien demander, en PROD non plus"),
    ("Follow it to its end", "La suivre jusqu'à sa fin"),
    (
        "Seconds to wait before each look; one call a look",
        "Secondes d'attente avant chaque lecture ; une requête par lecture",
    ),
    (
        "The contract's reference; without it, the requests whose outcome is unknown (no call)",
        "La référence du contrat ; sans elle, les demandes dont l'issue est inconnue (aucune requête)",
    ),
    (
        "Find out about a request whose outcome is unknown; nothing that was not accepted is sent",
        "Établir l'issue d'une demande où elle est inconnue ; rien de ce qui n'a pas été accepté n'est envoyé",
    ),
    ("The code; without it, all 26", "Le code ; sans lui, tous les 26"),
    (
        "The method that it answers: one code means different things",
        "La méthode à laquelle il répond : un même code dit plusieurs choses",
    ),
    (
        "Leave out the login, which costs one call",
        "Se passer de l'identification, qui coûte une requête",
    ),
    ("The shell", "Le shell"),
    ("The folder; it is made where it is not there", "Le dossier ; il est créé s'il n'existe pas"),
    // Profiles.
    (
        "Add a profile, or replace it; the first one is the default",
        "Ajouter un profil, ou le remplacer ; le premier est celui par défaut",
    ),
    (
        "Add a profile, or replace it; the first one is the default.\n\nThe password comes with \
         --password-stdin and is kept in a file that only you can read, stands in a file of yours \
         (--password-file), or is asked of a keyring each time (--password-command).",
        "Ajouter un profil, ou le remplacer ; le premier est celui par défaut.\n\nLe mot de passe vient par \
         --password-stdin et est gardé dans un fichier que vous seul pouvez lire, se trouve dans un fichier à \
         vous (--password-file), ou est demandé chaque fois à un trousseau (--password-command).",
    ),
    ("List the profiles", "Lister les profils"),
    (
        "Show a profile; its password is never shown",
        "Montrer un profil ; son mot de passe n'est jamais montré",
    ),
    ("Make a profile the default", "Faire d'un profil celui par défaut"),
    (
        "Remove a profile and the password that is kept for it",
        "Supprimer un profil et le mot de passe gardé pour lui",
    ),
    ("Its name", "Son nom"),
    ("Its name; without it, the one in use", "Son nom ; sans lui, celui qui est utilisé"),
    ("The service's URL", "L'URL du service"),
    ("The operator's login", "L'identifiant de l'opérateur"),
    (
        "PACK is for trials; PROD asks before a put",
        "PACK est pour les essais ; PROD demande avant un put",
    ),
    ("For trials", "Pour les essais"),
    ("Real lines: a put is asked about first", "De vraies lignes : un put est d'abord confirmé"),
    ("How the login is sent", "Comment l'identifiant est envoyé"),
    ("HTTP Basic", "HTTP Basic"),
    ("A WS-Security UsernameToken", "Un UsernameToken de WS-Security"),
    (
        "A WS-Security UsernameToken with a digest of the password; the OI opens it on demand",
        "Un UsernameToken de WS-Security avec une empreinte du mot de passe ; l'OI l'ouvre sur demande",
    ),
    ("The version of SOAP of the questions", "La version de SOAP des questions"),
    ("SOAP 1.1", "SOAP 1.1"),
    ("SOAP 1.2", "SOAP 1.2"),
    (
        "A file with the password on its first line, which nobody else may read",
        "Un fichier avec le mot de passe sur sa première ligne, que personne d'autre ne peut lire",
    ),
    (
        "A command that prints the password on its first line, as a keyring's does; no shell runs it",
        "Une commande qui affiche le mot de passe sur sa première ligne, comme celle d'un trousseau ; aucun \
         shell ne la lance",
    ),
    (
        "A private authority (PEM); no other is believed then",
        "Une autorité privée (PEM) ; aucune autre n'est alors crue",
    ),
    (
        "A client certificate with its key (PEM), which nobody else may read",
        "Un certificat client avec sa clé (PEM), que personne d'autre ne peut lire",
    ),
    (
        "A file with HTTP headers of your own, one a line (`Name: value`), which nobody else may read",
        "Un fichier avec vos propres en-têtes HTTP, un par ligne (`Nom: valeur`), que personne d'autre ne peut \
         lire",
    ),
    (
        "A proxy's URL, without a password; none is taken from the environment",
        "L'URL d'un proxy, sans mot de passe ; aucun n'est pris de l'environnement",
    ),
    (
        "Calls a month, where the service does not say; 2000 otherwise",
        "Requêtes par mois, si le service ne le dit pas ; sinon 2000",
    ),
];
