//! The portal's commands, in English and French.

/// Names of values.
pub const VALUE_NAMES: &[(&str, &str)] = &[
    ("ADDRESS", "ADRESSE"),
    ("ADDRESS:PORT", "ADRESSE:PORT"),
    ("COLOURS", "COULEURS"),
    ("DAY", "JOUR"),
    ("NUMBER", "NUMERO"),
];

/// Sentences.
pub const TEXTS: &[(&str, &str)] = &[
    (
        "Serve the technicians' portal: from a contract to its new fibre, on their phones",
        "Servir le portail des techniciens : d'un contrat à sa nouvelle fibre, sur leur téléphone",
    ),
    (
        "Serve the technicians' portal: from a contract to its new fibre, on their phones.\n\nIt runs until Ctrl-C or \
         SIGTERM; what has begun is finished then. Technicians are added with `ereprov portal technician add`, or \
         sign in with the operator's OpenID Connect (docs/portal.md).",
        "Servir le portail des techniciens : d'un contrat à sa nouvelle fibre, sur leur téléphone.\n\nIl tourne \
         jusqu'à Ctrl-C ou SIGTERM ; ce qui a commencé se termine alors. Les techniciens sont ajoutés par `ereprov \
         portal technician add`, ou se connectent par l'OpenID Connect de l'opérateur (docs/portal.md).",
    ),
    ("Who may sign in with a password", "Qui peut se connecter par mot de passe"),
    (
        "Print who did what: sign-ins, requests with their discharge codes, and all else",
        "Afficher qui a fait quoi : connexions, demandes avec leur code de décharge, et le reste",
    ),
    (
        "Print who did what: sign-ins, requests with their discharge codes, and all else.\n\nWith --output csv or \
         json, a line for each; json has one object a line.",
        "Afficher qui a fait quoi : connexions, demandes avec leur code de décharge, et le reste.\n\nAvec --output \
         csv ou json, une ligne pour chacun ; json a un objet par ligne.",
    ),
    (
        "A file of settings (TOML); what is said here counts for more",
        "Un fichier de réglages (TOML) ; ce qui est dit ici compte davantage",
    ),
    (
        "The folder of the portal's database, which is made where it is not there; without it, `portal` beside the \
         profiles' state",
        "Le dossier de la base du portail, créé s'il n'existe pas ; sans lui, `portal` à côté de l'état des profils",
    ),
    // Serving it.
    (
        "Where to listen. Beyond this machine it takes TLS, here or at a proxy. [default: 127.0.0.1:8090]",
        "Où écouter. Au-delà de cette machine il faut du TLS, ici ou chez un proxy. [par défaut : 127.0.0.1:8090]",
    ),
    (
        "Under which address technicians reach it: `https://fibre.oc.example`",
        "L'adresse où les techniciens le trouvent : `https://fibre.oc.example`",
    ),
    (
        "The operator, as its people call it; without it, the profile's login",
        "L'opérateur, comme les siens l'appellent ; sans cela, le login du profil",
    ),
    ("The hotline's telephone number", "Le numéro de téléphone de la hotline"),
    (
        "Whom technicians write to when the operator itself has to act: an e-mail address",
        "À qui les techniciens écrivent quand l'opérateur lui-même doit agir : une adresse électronique",
    ),
    (
        "In which order fibres and tubes lie in a cable. [default: sfr]",
        "Dans quel ordre les fibres et les tubes sont dans un câble. [par défaut : sfr]",
    ),
    (
        "SFR's, which the specification's samples have",
        "Celui de SFR, que les exemples de la spécification ont",
    ),
    ("France Télécom's and Orange's", "Celui de France Télécom et d'Orange"),
    ("TIA-598, FOTAG", "TIA-598, FOTAG"),
    ("IEC 60304, DIN", "IEC 60304, DIN"),
    (
        "The certificate of its own TLS, and those between it and its authority (PEM); read again when it changes",
        "Le certificat de son propre TLS, et ceux jusqu'à son autorité (PEM) ; relu quand il change",
    ),
    ("The certificate's key (PEM)", "La clé du certificat (PEM)"),
    // Technicians.
    (
        "Add a technician, who signs in with a password",
        "Ajouter un technicien, qui se connecte par mot de passe",
    ),
    (
        "Add a technician, who signs in with a password.\n\nThe password is asked for, or comes with \
         --password-stdin; it has 12 characters at the least.",
        "Ajouter un technicien, qui se connecte par mot de passe.\n\nLe mot de passe est demandé, ou vient avec \
         --password-stdin ; il a 12 caractères au moins.",
    ),
    (
        "As what he signs in: 1 to 64 of a-z, 0-9, . _ @ + -",
        "Comment il se connecte : de 1 à 64 parmi a-z, 0-9, . _ @ + -",
    ),
    ("As what he signs in", "Comment il se connecte"),
    (
        "His name, as the journal and the pages show it",
        "Son nom, comme le journal et les pages le montrent",
    ),
    (
        "List those who may sign in, or might before",
        "Lister ceux qui peuvent se connecter, ou le pouvaient",
    ),
    (
        "Let a technician in no more; whoever is signed in is signed out at once",
        "Ne plus laisser entrer un technicien ; qui est connecté est déconnecté aussitôt",
    ),
    ("Let a technician in again", "Laisser de nouveau entrer un technicien"),
    (
        "Give a technician another password; whoever is signed in is signed out at once",
        "Donner un autre mot de passe à un technicien ; qui est connecté est déconnecté aussitôt",
    ),
    // The journal.
    ("The first day, in Paris: 2026-11-01", "Le premier jour, à Paris : 2026-11-01"),
    ("The last day, in Paris", "Le dernier jour, à Paris"),
];
