//! The tables of GraceTHD that a network is read from, and of each the columns that are.

/// A table.
#[derive(Debug)]
pub struct Table {
    /// What it is called, in all of its forms.
    pub name: &'static str,
    /// The columns that are read, all of them as text; the last one mostly says since when a row is out of
    /// use.
    pub columns: &'static [&'static str],
    /// Those that it must have.
    pub needed: &'static [&'static str],
    /// The column that names a row, where the table is looked up by it.
    pub key: Option<&'static str>,
    /// Whether there are no routes without it.
    pub required: bool,
}

impl Table {
    /// Whether a row is out of use.
    pub fn is_abandoned<T>(&self, values: &[Option<T>]) -> bool {
        let last = self.columns.last().is_some_and(|name| name.ends_with("_abddate"));
        last && values.last().is_some_and(Option::is_some)
    }
}

/// All of them.
pub static TABLES: [Table; 18] = [
    Table {
        name: "t_ropt",
        columns: &["rt_id", "rt_code", "rt_fo_code", "rt_fo_ordr", "rt_abddate"],
        needed: &["rt_code", "rt_fo_code"],
        key: None,
        required: true,
    },
    Table {
        name: "t_fibre",
        columns: &[
            "fo_code",
            "fo_cb_code",
            "fo_numtub",
            "fo_nintub",
            "fo_etat",
            "fo_color",
            "fo_reper",
            "fo_abddate",
        ],
        needed: &["fo_code", "fo_cb_code"],
        key: Some("fo_code"),
        required: true,
    },
    Table {
        name: "t_cable",
        columns: &["cb_code", "cb_etiquet", "cb_abddate"],
        needed: &["cb_code"],
        key: Some("cb_code"),
        required: true,
    },
    Table {
        name: "t_position",
        columns: &[
            "ps_code",
            "ps_numero",
            "ps_1",
            "ps_2",
            "ps_cs_code",
            "ps_ti_code",
            "ps_etat",
            "ps_preaff",
            "ps_abddate",
        ],
        needed: &["ps_code", "ps_numero", "ps_1", "ps_2", "ps_cs_code", "ps_ti_code"],
        key: Some("ps_code"),
        required: true,
    },
    Table {
        name: "t_cassette",
        columns: &["cs_code", "cs_bp_code", "cs_abddate"],
        needed: &["cs_code", "cs_bp_code"],
        key: Some("cs_code"),
        required: true,
    },
    Table {
        name: "t_ebp",
        columns: &[
            "bp_code",
            "bp_etiquet",
            "bp_pt_code",
            "bp_lt_code",
            "bp_sf_code",
            "bp_statut",
            "bp_typelog",
            "bp_linecod",
            "bp_oc_code",
            "bp_abddate",
        ],
        needed: &["bp_code", "bp_typelog"],
        key: Some("bp_code"),
        required: true,
    },
    Table {
        name: "t_tiroir",
        columns: &["ti_code", "ti_etiquet", "ti_ba_code", "ti_abddate"],
        needed: &["ti_code", "ti_ba_code"],
        key: Some("ti_code"),
        required: true,
    },
    Table {
        name: "t_baie",
        columns: &["ba_code", "ba_lt_code", "ba_abddate"],
        needed: &["ba_code", "ba_lt_code"],
        key: Some("ba_code"),
        required: true,
    },
    Table {
        name: "t_ltech",
        columns: &[
            "lt_code",
            "lt_etiquet",
            "lt_st_code",
            "lt_bat",
            "lt_escal",
            "lt_etage",
            "lt_abddate",
        ],
        needed: &["lt_code", "lt_st_code"],
        key: Some("lt_code"),
        required: true,
    },
    Table {
        name: "t_ltech_patch201",
        columns: &["lt_code", "lt_bat", "lt_escal", "lt_etage"],
        needed: &["lt_code"],
        key: Some("lt_code"),
        required: false,
    },
    Table {
        name: "t_sitetech",
        columns: &[
            "st_code",
            "st_nd_code",
            "st_codeext",
            "st_nom",
            "st_typelog",
            "st_ad_code",
            "st_abddate",
        ],
        needed: &["st_code", "st_typelog"],
        key: Some("st_code"),
        required: true,
    },
    Table {
        name: "t_zsro",
        columns: &["zs_code", "zs_nd_code", "zs_refpm", "zs_lt_code", "zs_abddate"],
        needed: &["zs_code", "zs_refpm"],
        key: Some("zs_code"),
        required: false,
    },
    Table {
        name: "t_zsro_patch202",
        columns: &["zs_code", "zs_lt_code"],
        needed: &["zs_code"],
        key: Some("zs_code"),
        required: false,
    },
    Table {
        name: "t_ptech",
        columns: &["pt_code", "pt_etiquet", "pt_ad_code", "pt_abddate"],
        needed: &["pt_code"],
        key: Some("pt_code"),
        required: false,
    },
    Table {
        name: "t_suf",
        columns: &["sf_code", "sf_ad_code", "sf_escal", "sf_etage", "sf_abddate"],
        needed: &["sf_code"],
        key: Some("sf_code"),
        required: false,
    },
    Table {
        name: "t_adresse",
        columns: &[
            "ad_code",
            "ad_nombat",
            "ad_numero",
            "ad_rep",
            "ad_nomvoie",
            "ad_commune",
            "ad_abddate",
        ],
        needed: &["ad_code"],
        key: Some("ad_code"),
        required: false,
    },
    Table {
        name: "l_fo_color",
        columns: &["code", "libelle"],
        needed: &["code", "libelle"],
        key: Some("code"),
        required: false,
    },
    Table {
        name: "l_tube",
        columns: &["code", "libelle"],
        needed: &["code", "libelle"],
        key: Some("code"),
        required: false,
    },
];
