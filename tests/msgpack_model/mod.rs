//! MessagePack values as plain data, and random ones of them.

use proptest::prelude::*;
use zroute::msgpack::{Item, Limits, Malformed, Reader, Writer};

/// A value. Floats are kept as bits, so that equal means the same to the last bit.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Nil,
    Boolean(bool),
    Integer(i64),
    /// Above `i64::MAX`.
    Unsigned(u64),
    Float32(u32),
    Float64(u64),
    Text(Vec<u8>),
    Binary(Vec<u8>),
    Array(Vec<Value>),
    Map(Vec<(Value, Value)>),
    Extension(i8, Vec<u8>),
}

impl Value {
    /// The value as the writer packs it.
    pub fn packed(&self) -> Vec<u8> {
        let mut writer = Writer::new(&Limits::default());
        self.write(&mut writer).expect("within the limits");
        writer.finish().expect("one whole value").to_vec()
    }

    fn write(&self, writer: &mut Writer) -> Result<(), Malformed> {
        match self {
            Self::Nil => writer.nil(),
            Self::Boolean(value) => writer.boolean(*value),
            Self::Integer(value) => writer.integer(*value),
            Self::Unsigned(value) => writer.unsigned(*value),
            Self::Float32(bits) => writer.float32(f32::from_bits(*bits)),
            Self::Float64(bits) => writer.float64(f64::from_bits(*bits)),
            Self::Text(value) => writer.text_bytes(value)?,
            Self::Binary(value) => writer.binary(value)?,
            Self::Array(values) => {
                writer.array(count(values))?;
                for value in values {
                    value.write(writer)?;
                }
            }
            Self::Map(pairs) => {
                writer.map(count(pairs))?;
                for (key, value) in pairs {
                    key.write(writer)?;
                    value.write(writer)?;
                }
            }
            Self::Extension(kind, payload) => writer.extension(*kind, payload)?,
        }
        Ok(())
    }

    /// Reads one value whole.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(match reader.read()? {
            Item::Nil => Self::Nil,
            Item::Boolean(value) => Self::Boolean(value),
            Item::Integer(value) => Self::Integer(value),
            Item::Unsigned(value) => Self::Unsigned(value),
            Item::Float32(value) => Self::Float32(value.to_bits()),
            Item::Float64(value) => Self::Float64(value.to_bits()),
            Item::Text(value) => Self::Text(value.to_vec()),
            Item::Binary(value) => Self::Binary(value.to_vec()),
            Item::Array(values) => {
                let values = (0..values).map(|_| Self::read(reader));
                Self::Array(values.collect::<Result<_, _>>()?)
            }
            Item::Map(pairs) => {
                let pairs = (0..pairs).map(|_| Ok((Self::read(reader)?, Self::read(reader)?)));
                Self::Map(pairs.collect::<Result<_, Malformed>>()?)
            }
            Item::Extension(kind, payload) => Self::Extension(kind, payload.to_vec()),
        })
    }

    /// What is left of the value after PHP had it: PHP knows one kind of float,
    /// string and array, and no integer above its largest.
    pub fn after_php(&self) -> Self {
        match self {
            Self::Float32(bits) => Self::double(f32::from_bits(*bits).into()),
            Self::Float64(bits) => Self::double(f64::from_bits(*bits)),
            Self::Unsigned(value) => Self::Text(value.to_string().into_bytes()),
            Self::Text(value) | Self::Binary(value) if std::str::from_utf8(value).is_ok() => {
                Self::Text(value.clone())
            }
            Self::Text(value) => Self::Binary(value.clone()),
            Self::Array(values) => Self::Array(values.iter().map(Self::after_php).collect()),
            Self::Map(pairs) => {
                let is_list = (0..)
                    .zip(pairs)
                    .all(|(index, (key, _))| *key == Self::Integer(index));
                if is_list {
                    Self::Array(pairs.iter().map(|(_, value)| value.after_php()).collect())
                } else {
                    let pairs = pairs.iter();
                    Self::Map(
                        pairs
                            .map(|(key, value)| (key.after_php(), value.after_php()))
                            .collect(),
                    )
                }
            }
            other => other.clone(),
        }
    }

    fn double(value: f64) -> Self {
        let value = if value.is_nan() { f64::NAN } else { value };
        Self::Float64(value.to_bits())
    }
}

fn count<T>(entries: &[T]) -> u32 {
    u32::try_from(entries.len()).expect("few entries")
}

/// A random value that PHP can hold. No key comes twice, and none is a string
/// that PHP would take for an integer.
pub fn php_value() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(6, 64, 20, |inner| {
        let map = prop::collection::vec((key(), inner.clone()), 0..20).prop_map(|mut pairs| {
            let mut seen: Vec<Value> = Vec::new();
            pairs.retain(|(key, _)| {
                let key = key.after_php();
                let is_new = !seen.contains(&key);
                seen.push(key);
                is_new
            });
            Value::Map(pairs)
        });
        let list = prop::collection::vec(inner.clone(), 0..20);
        // A list as a map, most often one whose last key is another one.
        let numbered = (prop::collection::vec(inner, 1..20), any::<bool>(), key()).prop_map(
            |(values, is_list, last)| {
                let mut pairs: Vec<_> = (0..).map(Value::Integer).zip(values).collect();
                let is_new = pairs.iter().all(|(key, _)| *key != last);
                if let Some((key, _)) = pairs.last_mut()
                    && is_new
                    && !is_list
                {
                    *key = last;
                }
                Value::Map(pairs)
            },
        );
        prop_oneof![map, list.prop_map(Value::Array), numbered]
    })
}

/// A random value with no other inside and of no extension type.
pub fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Nil),
        any::<bool>().prop_map(Value::Boolean),
        integer().prop_map(Value::Integer),
        (i64::MAX.unsigned_abs() + 1..).prop_map(Value::Unsigned),
        any::<u32>().prop_map(Value::Float32),
        any::<u64>().prop_map(Value::Float64),
        prop::num::f64::ANY.prop_map(|value| Value::Float64(value.to_bits())),
        (-1000..1000_i32).prop_map(|value| Value::Float64((f64::from(value) / 8.0).to_bits())),
        ".{0,40}".prop_map(|value| Value::Text(value.into_bytes())),
        payload().prop_map(Value::Text),
        payload().prop_map(Value::Binary),
    ]
}

fn key() -> impl Strategy<Value = Value> {
    prop_oneof![
        integer().prop_map(Value::Integer),
        (0..20_i64).prop_map(Value::Integer),
        (i64::MAX.unsigned_abs() + 1..).prop_map(Value::Unsigned),
        "[a-zé][a-z0-9é]{0,9}".prop_map(|key| Value::Text(key.into_bytes())),
        prop::collection::vec(0x80..=0xff_u8, 0..9).prop_map(Value::Binary),
    ]
}

/// Integers of every width, as many short ones as long ones.
fn integer() -> impl Strategy<Value = i64> {
    (any::<i64>(), 0..64_u32).prop_map(|(value, shift)| value >> shift)
}

/// Random bytes, seldom more than a length of one byte can say.
pub fn payload() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        9 => prop::collection::vec(any::<u8>(), 0..40),
        1 => prop::collection::vec(any::<u8>(), 250..300),
    ]
}
