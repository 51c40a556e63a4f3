//! The text of a configuration file, by minijinja, whose language is Jinja's:
//! <https://docs.rs/minijinja/latest/minijinja/syntax/>.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Object, ObjectRepr, ValueKind};
use minijinja::{AutoEscape, Environment, ErrorKind, Output, UndefinedBehavior, Value, context};

use super::consul::read_bounded;
use super::watch::constant;
use super::{Error, Instance, Services};

/// The template of `config/zerorpc.php`, in the shape of the Laravel packages
/// for zerorpc.
pub const LARAVEL_ZERORPC: &str = include_str!("../../share/templates/zerorpc.php.jinja");
/// The template of `config/zroute.php`.
pub const ZROUTE: &str = include_str!("../../share/templates/zroute.php.jinja");

const LONGEST: u64 = 1024 * 1024;

/// A template. It sees
///
/// - `services`: a list, by name; each has `name`, `constant` (in upper case,
///   `_` for `-` and `.`), `endpoints`, `instances` and `versions`, a list of
///   `version` (empty for instances without one), `endpoints` and `instances`.
///   An instance has `endpoint`, `address`, `port`, `id`, `node`, `version`,
///   `tags` and `meta`.
/// - the filter `php`, which makes of any value what PHP reads as that value.
///
/// A name that is not there is an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Template {
    /// A file, read anew each time.
    File(PathBuf),
    /// A text, and what it is called in errors.
    Text {
        /// Its name.
        name: String,
        /// The template.
        source: String,
    },
}

/// What a rendered file is read as; it decides what `{{ … }}` may put in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Numbers, and texts of letters, digits and `_ . : / [ ] % + -`, as they
    /// are; anything else only through the filter `php`.
    Php,
    /// Every value as JSON.
    Json,
    /// Every value as it is.
    Text,
}

impl Language {
    /// That of a file, by the end of its name.
    #[must_use]
    pub fn of(file: &Path) -> Self {
        match file.extension().and_then(|extension| extension.to_str()) {
            Some("php") => Self::Php,
            Some("json") => Self::Json,
            _ => Self::Text,
        }
    }
}

impl Template {
    /// The text that it makes of the services; the same for the same services.
    pub fn render(&self, services: &Services, language: Language) -> Result<String, Error> {
        let (name, source) = match self {
            Self::File(file) => (file.display().to_string(), read_bounded(file, LONGEST)?),
            Self::Text { name, source } => (name.clone(), source.clone()),
        };
        let failed = |error: minijinja::Error| Error::Template {
            template: name.clone(),
            reason: told(&error),
        };
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        let syntax = SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .keep_trailing_newline(true)
            .build();
        environment.set_syntax(syntax.map_err(failed)?);
        environment.set_auto_escape_callback(move |_| match language {
            Language::Json => AutoEscape::Json,
            Language::Php | Language::Text => AutoEscape::None,
        });
        if language == Language::Php {
            environment.set_formatter(|output, _, value| write_php(output, value));
        }
        environment.add_filter("php", |value: Value| -> Result<Value, minijinja::Error> {
            let mut literal = String::new();
            write_literal(&value, &mut literal)?;
            Ok(Value::from_object(Literal(literal)))
        });
        environment
            .template_from_named_str(&name, &source)
            .and_then(|template| template.render(context! { services => all(services) }))
            .map_err(failed)
    }
}

fn told(error: &minijinja::Error) -> String {
    let detail = error
        .detail()
        .map_or_else(|| error.kind().to_string(), ToString::to_string);
    match error.line() {
        Some(line) => format!("line {line}: {detail}"),
        None => detail,
    }
}

/// PHP code of a value. No text, as one that `tojson` or `safe` has marked is
/// safe for other languages: PHP looks for variables between JSON's quotes.
#[derive(Debug)]
struct Literal(String);

impl Object for Literal {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn render(self: &Arc<Self>, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// Writes what stands between `{{` and `}}` into a file of PHP.
fn write_php(output: &mut Output, value: &Value) -> Result<(), minijinja::Error> {
    let is_harmless = match value.kind() {
        ValueKind::Number => true,
        ValueKind::String => value
            .as_str()
            .is_some_and(|text| text.chars().all(is_harmless)),
        _ => value.downcast_object_ref::<Literal>().is_some(),
    };
    if !is_harmless {
        return Err(minijinja::Error::new(
            ErrorKind::BadEscape,
            "this value could be read as PHP code; write {{ …|php }}, which puts quotes around \
             texts, with no quotes of your own and no filter behind it",
        ));
    }
    output.write_str(&value.to_string())?;
    Ok(())
}

fn is_harmless(character: char) -> bool {
    character.is_ascii_alphanumeric() || "_.:/[]%+-".contains(character)
}

/// Writes a value as PHP code.
fn write_literal(value: &Value, literal: &mut String) -> Result<(), minijinja::Error> {
    match value.kind() {
        ValueKind::Undefined => {
            return Err(minijinja::Error::from(ErrorKind::UndefinedError));
        }
        ValueKind::None => literal.push_str("null"),
        ValueKind::Bool => literal.push_str(if value.is_true() { "true" } else { "false" }),
        ValueKind::Number => literal.push_str(&value.to_string()),
        ValueKind::String => {
            literal.push('\'');
            for character in value.as_str().unwrap_or_default().chars() {
                if matches!(character, '\'' | '\\') {
                    literal.push('\\');
                }
                literal.push(character);
            }
            literal.push('\'');
        }
        ValueKind::Map => {
            literal.push('[');
            for (place, key) in value.try_iter()?.enumerate() {
                literal.push_str(if place > 0 { ", " } else { "" });
                write_literal(&key, literal)?;
                literal.push_str(" => ");
                write_literal(&value.get_item(&key)?, literal)?;
            }
            literal.push(']');
        }
        ValueKind::Seq | ValueKind::Iterable => {
            literal.push('[');
            for (place, item) in value.try_iter()?.enumerate() {
                literal.push_str(if place > 0 { ", " } else { "" });
                write_literal(&item, literal)?;
            }
            literal.push(']');
        }
        kind => {
            return Err(minijinja::Error::new(
                ErrorKind::InvalidOperation,
                format!("{kind} is nothing that PHP code can be"),
            ));
        }
    }
    Ok(())
}

fn all(services: &Services) -> Vec<Value> {
    services
        .by_name
        .iter()
        .map(|(name, instances)| {
            let mut versions: BTreeMap<&str, Vec<&Instance>> = BTreeMap::new();
            for instance in instances.iter() {
                let version = instance.version().unwrap_or_default();
                versions.entry(version).or_default().push(instance);
            }
            let versions: Vec<_> = versions
                .into_iter()
                .map(|(version, instances)| {
                    context! {
                        version,
                        endpoints => endpoints(&instances),
                        instances => described(&instances),
                    }
                })
                .collect();
            let instances: Vec<_> = instances.iter().collect();
            context! {
                name,
                constant => constant(name),
                endpoints => endpoints(&instances),
                instances => described(&instances),
                versions,
            }
        })
        .collect()
}

fn endpoints(instances: &[&Instance]) -> Vec<String> {
    instances
        .iter()
        .map(|instance| instance.endpoint())
        .collect()
}

fn described(instances: &[&Instance]) -> Vec<Value> {
    instances
        .iter()
        .map(|instance| {
            context! {
                endpoint => instance.endpoint(),
                address => instance.address.clone(),
                port => instance.port,
                id => instance.id.clone(),
                node => instance.node.clone(),
                version => instance.version().unwrap_or_default(),
                tags => instance.tags.clone(),
                meta => instance.meta.clone(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn services() -> Services {
        let instance = |port: u16, version: Option<&str>| Instance {
            address: "10.0.0.1".to_string(),
            port,
            id: "o'clock\\".to_string(),
            node: "n1".to_string(),
            tags: vec!["rpc".to_string()],
            meta: version
                .map(|version| ("version".to_string(), version.to_string()))
                .into_iter()
                .collect(),
        };
        let time = [
            instance(1, Some("1.0")),
            instance(2, Some("1.0")),
            instance(3, Some("2.0")),
            instance(4, None),
        ];
        Services {
            by_name: BTreeMap::from([
                ("idle.service".to_string(), Vec::new().into()),
                ("time-service".to_string(), time.into()),
            ]),
            warnings: Vec::new(),
        }
    }

    fn render(source: &str, language: Language) -> Result<String, Error> {
        let template = Template::Text {
            name: "test".to_string(),
            source: source.to_string(),
        };
        template.render(&services(), language)
    }

    #[test]
    fn the_shape_of_zerorpc() {
        let text = render(LARAVEL_ZERORPC, Language::Php).unwrap();
        assert!(
            text.ends_with(
                "return [
    'ZERORPC_IDLE_SERVICE' => [
        'access_key' => env('RPC_IDLE_SERVICE_ACCESS_KEY'),
        'default' => env('RPC_IDLE_SERVICE_VERSION', '1.0'),
    ],
    'ZERORPC_TIME_SERVICE' => [
        '' => ['tcp://10.0.0.1:4'],
        '1.0' => ['tcp://10.0.0.1:1', 'tcp://10.0.0.1:2'],
        '2.0' => ['tcp://10.0.0.1:3'],
        'access_key' => env('RPC_TIME_SERVICE_ACCESS_KEY'),
        'default' => env('RPC_TIME_SERVICE_VERSION', '1.0'),
    ],
];
"
            ),
            "{text}"
        );
    }

    #[test]
    fn the_shape_of_zroute() {
        let text = render(ZROUTE, Language::Php).unwrap();
        assert!(
            text.ends_with(
                "return [
    'services' => [
        'idle.service' => [
            'endpoints' => [],
            'versions' => [
            ],
        ],
        'time-service' => [
            'endpoints' => ['tcp://10.0.0.1:1', 'tcp://10.0.0.1:2', 'tcp://10.0.0.1:3', 'tcp://10.0.0.1:4'],
            'versions' => [
                '' => ['tcp://10.0.0.1:4'],
                '1.0' => ['tcp://10.0.0.1:1', 'tcp://10.0.0.1:2'],
                '2.0' => ['tcp://10.0.0.1:3'],
            ],
        ],
    ],
];
"
            ),
            "{text}"
        );
    }

    #[test]
    fn a_value_becomes_php_by_the_filter() {
        for (template, expected) in [
            ("{{ \"it's \\\\ $x\"|php }}", r"'it\'s \\ $x'"),
            ("{{ 7|php }}{{ true|php }}{{ none|php }}", "7truenull"),
            ("{{ [1, 'a', []]|php }}", "[1, 'a', []]"),
            ("{{ {'a': [2]}|php }}", "['a' => [2]]"),
            ("{{ services[1].instances[0].id|php }}", r"'o\'clock\\'"),
        ] {
            assert_eq!(render(template, Language::Php).unwrap(), expected);
        }
    }

    #[test]
    fn a_value_that_could_be_code_needs_the_filter() {
        assert_eq!(
            render("'{{ services[1].name }}' => {{ 7 }}", Language::Php).unwrap(),
            "'time-service' => 7"
        );
        for template in [
            "'{{ services[1].instances[0].id }}'",
            "{{ \"');system('x\" }}",
            "{{ '$x' }}",
            "{{ '?>' }}",
            "{{ [1] }}",
            // Made safe for something else.
            "{{ '${x()}'|tojson }}",
            "{{ '$x'|safe }}",
            "{{ '$x'|e }}",
            "{% autoescape false %}{{ '$x' }}{% endautoescape %}",
            "{% autoescape 'html' %}{{ '$x'|e }}{% endautoescape %}",
            "{% autoescape 'json' %}{{ '${x()}' }}{% endautoescape %}",
            // No literal any more.
            "{{ '$x'|php|replace(\"'\", '') }}",
            "{{ '$x'|php ~ 'y' }}",
        ] {
            let error = render(template, Language::Php).unwrap_err().to_string();
            assert!(
                error.contains("line 1") && error.contains("|php"),
                "{error}"
            );
        }
    }

    #[test]
    fn other_files_have_their_own_rules() {
        let template = "{{ services[1].instances[0].id }}";
        assert_eq!(render(template, Language::Text).unwrap(), r"o'clock\");
        assert_eq!(
            render("{{ services[1].endpoints[:1] }}", Language::Json).unwrap(),
            r#"["tcp://10.0.0.1:1"]"#
        );
        for (file, language) in [
            ("a/zroute.php", Language::Php),
            ("a.json", Language::Json),
            ("a.ini", Language::Text),
            ("php", Language::Text),
        ] {
            assert_eq!(Language::of(Path::new(file)), language);
        }
    }

    #[test]
    fn a_broken_template_is_an_error_that_names_the_line() {
        for template in [
            "\n{% for x in services %}",
            "\n{{ services[0].colour }}",
            "\n{{ serivces }}",
            "\n{{ services[0].colour|php }}",
            "\n{{ 1|colour }}",
        ] {
            let error = render(template, Language::Php).unwrap_err().to_string();
            assert!(error.starts_with("template test: line 2"), "{error}");
        }
        let missing = Template::File("/no/such/template".into());
        let error = missing.render(&services(), Language::Php).unwrap_err();
        assert!(error.to_string().contains("read /no/such/template"));
    }
}
