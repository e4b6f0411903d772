//! What goes into a statement and comes out of a row: text, whole numbers, truth, nothing.

use std::cell::Cell;

use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, private::BytesMut, to_sql_checked};

use super::error::StoreError;

/// A parameter of a statement.
#[derive(Debug, Clone, Copy)]
pub enum Param<'a> {
    /// NULL
    Null,
    /// BIGINT
    Int(i64),
    /// TEXT
    Text(&'a str),
    /// BOOLEAN
    Bool(bool),
}

impl From<i64> for Param<'_> {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<bool> for Param<'_> {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl<'a> From<&'a str> for Param<'a> {
    fn from(value: &'a str) -> Self {
        Self::Text(value)
    }
}

impl<'a> From<&'a String> for Param<'a> {
    fn from(value: &'a String) -> Self {
        Self::Text(value)
    }
}

impl<'a, T: Into<Param<'a>>> From<Option<T>> for Param<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A value of its own, on its way into a database.
#[derive(Debug)]
pub enum Value {
    /// NULL
    Null,
    /// BIGINT or INTEGER
    Int(i64),
    /// TEXT
    Text(String),
    /// BOOLEAN
    Bool(bool),
}

impl Value {
    pub(in crate::store) fn of(value: Param<'_>) -> Self {
        match value {
            Param::Null => Self::Null,
            Param::Int(number) => Self::Int(number),
            Param::Text(text) => Self::Text(text.to_owned()),
            Param::Bool(truth) => Self::Bool(truth),
        }
    }

    pub(in crate::store) fn as_param(&self) -> Param<'_> {
        match self {
            Self::Null => Param::Null,
            Self::Int(number) => Param::Int(*number),
            Self::Text(text) => Param::Text(text),
            Self::Bool(truth) => Param::Bool(*truth),
        }
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// A list of parameters: `params![a, b]`.
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::store::value::Param::from($value)),*] };
}

pub(crate) use params;

impl rusqlite::ToSql for Param<'_> {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, ValueRef};
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(value) => ValueRef::Integer(*value),
            Self::Text(value) => ValueRef::Text(value.as_bytes()),
            Self::Bool(value) => ValueRef::Integer(i64::from(*value)),
        }))
    }
}

impl ToSql for Param<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            // Keys of the inventory are 32 bits wide on PostgreSQL (see the migrations).
            Self::Int(value) if *ty == Type::INT4 => i32::try_from(*value)?.to_sql_checked(ty, out),
            Self::Int(value) => value.to_sql_checked(ty, out),
            Self::Text(value) => value.to_sql_checked(ty, out),
            Self::Bool(value) => value.to_sql_checked(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// A whole number of either width (see the migrations).
pub(super) struct Whole(pub(super) i64);

impl<'a> FromSql<'a> for Whole {
    fn from_sql(
        ty: &Type,
        raw: &'a [u8],
    ) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(if *ty == Type::INT4 {
            i32::from_sql(ty, raw)?.into()
        } else {
            i64::from_sql(ty, raw)?
        }))
    }

    fn accepts(ty: &Type) -> bool {
        matches!(*ty, Type::INT4 | Type::INT8)
    }
}

/// A row of an answer, read by the names of its columns.
pub enum Row<'a> {
    /// From SQLite.
    Sqlite(SqliteRow<'a>),
    /// From PostgreSQL.
    Postgres(&'a tokio_postgres::Row),
}

/// A row of SQLite's, with the names of its columns.
pub struct SqliteRow<'a> {
    row: &'a rusqlite::Row<'a>,
    columns: &'a [Box<str>],
    /// Where the next column is looked for first: they are mostly read in their order.
    next: Cell<usize>,
}

impl SqliteRow<'_> {
    fn value(&self, column: &str) -> rusqlite::Result<rusqlite::types::ValueRef<'_>> {
        self.row.get_ref(self.index(column)?)
    }

    fn index(&self, column: &str) -> rusqlite::Result<usize> {
        let next = self.next.get();
        let is_it = |at: &usize| self.columns.get(*at).is_some_and(|name| **name == *column);
        let found = Some(next).filter(is_it).or_else(|| (0..self.columns.len()).find(is_it));
        let found = found.ok_or_else(|| rusqlite::Error::InvalidColumnName(column.to_owned()))?;
        self.next.set(found + 1);
        Ok(found)
    }
}

impl<'a> Row<'a> {
    pub(super) fn sqlite(row: &'a rusqlite::Row<'a>, columns: &'a [Box<str>]) -> Self {
        Self::Sqlite(SqliteRow { row, columns, next: Cell::new(0) })
    }
}

impl Row<'_> {
    /// A text that is there.
    pub fn text(&self, column: &str) -> Result<String, StoreError> {
        self.with_text(column, |text| text.map(str::to_owned))?
            .ok_or_else(|| StoreError::unexpected(column))
    }

    /// A text that may be NULL.
    pub fn optional_text(&self, column: &str) -> Result<Option<String>, StoreError> {
        self.with_text(column, |text| text.map(str::to_owned))
    }

    /// A text that may be NULL, looked at where it is.
    pub fn with_text<T>(
        &self,
        column: &str,
        read: impl FnOnce(Option<&str>) -> T,
    ) -> Result<T, StoreError> {
        Ok(match self {
            Self::Sqlite(row) => {
                read(row.value(column)?.as_str_or_null().map_err(rusqlite::Error::from)?)
            }
            Self::Postgres(row) => read(row.try_get(column)?),
        })
    }

    /// Each value of the row as it is, in the order of its columns.
    pub(super) fn each_value(&self, mut take: impl FnMut(Param<'_>)) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(row) => {
                for (index, column) in row.columns.iter().enumerate() {
                    use rusqlite::types::ValueRef;
                    take(match row.row.get_ref(index)? {
                        ValueRef::Null => Param::Null,
                        ValueRef::Integer(number) => Param::Int(number),
                        value @ ValueRef::Text(_) => {
                            Param::Text(value.as_str().map_err(rusqlite::Error::from)?)
                        }
                        _ => return Err(StoreError::unexpected(column)),
                    });
                }
            }
            Self::Postgres(row) => {
                for (index, column) in row.columns().iter().enumerate() {
                    take(if Whole::accepts(column.type_()) {
                        row.try_get::<_, Option<Whole>>(index)?.map(|whole| whole.0).into()
                    } else {
                        row.try_get::<_, Option<&str>>(index)?.into()
                    });
                }
            }
        }
        Ok(())
    }

    /// A number that is there.
    pub fn int(&self, column: &str) -> Result<i64, StoreError> {
        self.optional_int(column)?.ok_or_else(|| StoreError::unexpected(column))
    }

    /// A number that may be NULL.
    pub fn optional_int(&self, column: &str) -> Result<Option<i64>, StoreError> {
        Ok(match self {
            Self::Sqlite(row) => row.row.get(row.index(column)?)?,
            Self::Postgres(row) => row.try_get::<_, Option<Whole>>(column)?.map(|whole| whole.0),
        })
    }

    /// A truth that is there.
    pub fn bool(&self, column: &str) -> Result<bool, StoreError> {
        Ok(match self {
            Self::Sqlite(row) => row.row.get(row.index(column)?)?,
            Self::Postgres(row) => row.try_get(column)?,
        })
    }

    /// A word of one of the domain's enumerations.
    pub fn word<T>(&self, column: &str, parse: fn(&str) -> Option<T>) -> Result<T, StoreError> {
        self.optional_word(column, parse)?.ok_or_else(|| StoreError::unexpected(column))
    }

    /// A word that may be NULL.
    pub fn optional_word<T>(
        &self,
        column: &str,
        parse: fn(&str) -> Option<T>,
    ) -> Result<Option<T>, StoreError> {
        let parsed = self.with_text(column, |text| match text {
            None => Some(None),
            Some(word) => parse(word).map(Some),
        });
        parsed?.ok_or_else(|| StoreError::unexpected(column))
    }
}
