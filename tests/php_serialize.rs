//! The serialize format against PHP itself: what `to_php` writes, PHP reads as the
//! value that was meant; what PHP's `serialize()` writes, `from_php` understands.

mod msgpack_model;

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};

use msgpack_model::{Value, php_value};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use zroute::msgpack::php::{Unserializable, from_php, to_php};
use zroute::msgpack::{Limits, Reader};

/// Reads a line a task, `expression HEX` or `text HEX`, and answers each with the
/// hexadecimal `serialize()` text of what the expression is or the text says.
const SCRIPT: &str = r"
    ini_set('serialize_precision', '-1');
    set_error_handler(function ($level, $message) {
        throw new ErrorException($message);
    });
    enum Suit { case Clubs; }
    final class Point { private $x = 1; protected $y = 2; }
    while (($line = fgets(STDIN)) !== false) {
        [$task, $hex] = explode(' ', rtrim($line, PHP_EOL));
        $input = hex2bin($hex);
        $value = $task === 'text'
            ? unserialize($input, ['allowed_classes' => false])
            : eval('return ' . $input . ';');
        echo bin2hex(serialize($value)), PHP_EOL;
    }
";

enum Task {
    Expression(&'static str),
    Text(Vec<u8>),
}

/// The `serialize()` texts that PHP answers with, in the order of the tasks.
fn ask_php(tasks: &[Task]) -> Vec<Vec<u8>> {
    let mut lines = String::new();
    for task in tasks {
        let (name, input) = match task {
            Task::Expression(expression) => ("expression", expression.as_bytes()),
            Task::Text(text) => ("text", &text[..]),
        };
        let mut hex = String::new();
        for byte in input {
            write!(hex, "{byte:02x}").expect("writing to a string");
        }
        writeln!(lines, "{name} {hex}").expect("writing to a string");
    }
    let mut php = Command::new("php")
        .args(["-n", "-d", "display_errors=stderr", "-r", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("this test needs the php command line, 8.1 or later, in PATH");
    let mut stdin = php.stdin.take().expect("a pipe");
    let feeder = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = php.wait_with_output().expect("php's answer");
    assert!(output.status.success(), "php failed: {}", output.status);
    feeder
        .join()
        .expect("no panic")
        .expect("php reads all tasks");
    let answers: Vec<Vec<u8>> = output
        .stdout
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| {
            let pairs = line
                .chunks(2)
                .map(|pair| std::str::from_utf8(pair).expect("hex"));
            let bytes = pairs.map(|pair| u8::from_str_radix(pair, 16).expect("hex"));
            bytes.collect()
        })
        .collect();
    assert_eq!(answers.len(), tasks.len(), "php answers every task");
    answers
}

fn text_of(value: &[u8]) -> Vec<u8> {
    let mut text = Vec::new();
    to_php(value, &mut text, &Limits::default()).expect("a value for PHP");
    text
}

#[test]
fn php_reads_what_was_meant() {
    let cases: [(&[u8], &str); 35] = [
        (b"\xc0", "null"),
        (b"\xc2", "false"),
        (b"\xc3", "true"),
        (b"\x00", "0"),
        (b"\xff", "-1"),
        (b"\xcf\x7f\xff\xff\xff\xff\xff\xff\xff", "PHP_INT_MAX"),
        (b"\xd3\x80\x00\x00\x00\x00\x00\x00\x00", "PHP_INT_MIN"),
        (
            b"\xcf\x80\x00\x00\x00\x00\x00\x00\x00",
            "'9223372036854775808'",
        ),
        (
            b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff",
            "'18446744073709551615'",
        ),
        (b"\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a", "0.1"),
        (b"\xcb\x3f\xf0\x00\x00\x00\x00\x00\x00", "1.0"),
        (b"\xcb\x00\x00\x00\x00\x00\x00\x00\x00", "0.0"),
        (b"\xcb\x80\x00\x00\x00\x00\x00\x00\x00", "-0.0"),
        (b"\xcb\x45\x20\x8b\x2a\x2c\x28\x02\x91", "1.0E+25"),
        (b"\xcb\x3e\x7a\xd7\xf2\x9a\xbc\xaf\x48", "1.0E-7"),
        (b"\xcb\x00\x00\x00\x00\x00\x00\x00\x01", "4.9E-324"),
        (b"\xcb\x7f\xef\xff\xff\xff\xff\xff\xff", "PHP_FLOAT_MAX"),
        (b"\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00", "INF"),
        (b"\xcb\xff\xf0\x00\x00\x00\x00\x00\x00", "-INF"),
        (b"\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00", "NAN"),
        (b"\xca\x3d\xcc\xcc\xcd", "0.10000000149011612"),
        (b"\xa0", "''"),
        (b"\xa5a\"\";\x00", "\"a\\\"\\\";\\0\""),
        (b"\xa2\xc3\xa9", "'é'"),
        (b"\xc4\x02\xff\xfe", "\"\\xff\\xfe\""),
        (b"\x90", "[]"),
        (b"\x80", "[]"),
        (b"\x93\x01\x92\xc0\xc3\xa1a", "[1, [null, true], 'a']"),
        (
            b"\x82\xa1a\x01\xa1b\x81\x05\x02",
            "['a' => 1, 'b' => [5 => 2]]",
        ),
        (b"\x82\x01\xc2\x00\xc3", "[1 => false, 0 => true]"),
        (
            b"\x83\xa15\x01\xa2-5\x02\xa205\x03",
            "[5 => 1, -5 => 2, '05' => 3]",
        ),
        (b"\x81\xc4\x01\xff\x01", "[\"\\xff\" => 1]"),
        (
            b"\x81\xcf\xff\xff\xff\xff\xff\xff\xff\xff\x01",
            "['18446744073709551615' => 1]",
        ),
        // Of keys that come twice the last value stays, at the place of the first.
        (b"\x83\xa1a\x01\xa1b\x02\xa1a\x03", "['a' => 3, 'b' => 2]"),
        (b"\x82\x05\x01\xa15\x02", "[5 => 2]"),
    ];
    let mut tasks = Vec::new();
    for (value, expression) in cases {
        tasks.push(Task::Text(text_of(value)));
        tasks.push(Task::Expression(expression));
    }
    let answers = ask_php(&tasks);
    for ((value, expression), answer) in cases.iter().zip(answers.chunks(2)) {
        assert_eq!(
            answer[0].escape_ascii().to_string(),
            answer[1].escape_ascii().to_string(),
            "{value:02x?} should be {expression}"
        );
    }
}

#[test]
fn what_php_writes_is_understood() {
    let cases: [(&str, &[u8]); 34] = [
        ("null", b"\xc0"),
        ("false", b"\xc2"),
        ("true", b"\xc3"),
        ("19", b"\x13"),
        ("-129", b"\xd1\xff\x7f"),
        ("PHP_INT_MAX", b"\xcf\x7f\xff\xff\xff\xff\xff\xff\xff"),
        ("PHP_INT_MIN", b"\xd3\x80\x00\x00\x00\x00\x00\x00\x00"),
        ("0.1", b"\xcb\x3f\xb9\x99\x99\x99\x99\x99\x9a"),
        ("1.0", b"\xcb\x3f\xf0\x00\x00\x00\x00\x00\x00"),
        ("-0.0", b"\xcb\x80\x00\x00\x00\x00\x00\x00\x00"),
        ("1.0E+25", b"\xcb\x45\x20\x8b\x2a\x2c\x28\x02\x91"),
        ("4.9E-324", b"\xcb\x00\x00\x00\x00\x00\x00\x00\x01"),
        ("PHP_FLOAT_MAX", b"\xcb\x7f\xef\xff\xff\xff\xff\xff\xff"),
        ("INF", b"\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00"),
        ("-INF", b"\xcb\xff\xf0\x00\x00\x00\x00\x00\x00"),
        ("NAN", b"\xcb\x7f\xf8\x00\x00\x00\x00\x00\x00"),
        ("'plus'", b"\xa4plus"),
        ("''", b"\xa0"),
        ("'\";}'", b"\xa3\";}"),
        ("'é'", b"\xa2\xc3\xa9"),
        ("\"\\xff\"", b"\xc4\x01\xff"),
        ("[]", b"\x90"),
        ("[1, [2, 'x'], null]", b"\x93\x01\x92\x02\xa1x\xc0"),
        ("['a' => 1, 'b' => []]", b"\x82\xa1a\x01\xa1b\x90"),
        ("[1 => 'b', 0 => 'a']", b"\x82\x01\xa1b\x00\xa1a"),
        ("[0 => 'a', 2 => 'c']", b"\x82\x00\xa1a\x02\xa1c"),
        ("['7' => 1]", b"\x81\x07\x01"),
        ("['07' => 1]", b"\x81\xa207\x01"),
        ("['' => 1]", b"\x81\xa0\x01"),
        ("array_filter([1, 0, 3])", b"\x82\x00\x01\x02\x03"),
        ("new stdClass", b"\x80"),
        ("(object) ['a' => 1, 5 => 2]", b"\x82\xa1a\x01\xa15\x02"),
        ("[new stdClass, new stdClass]", b"\x92\x80\x80"),
        ("STDIN", b"\x00"),
    ];
    let tasks: Vec<_> = cases
        .iter()
        .map(|(expression, _)| Task::Expression(expression))
        .collect();
    for ((expression, value), text) in cases.iter().zip(ask_php(&tasks)) {
        let mut out = Vec::new();
        let result = from_php(&text, &mut out, &Limits::default());
        assert!(result.is_ok(), "{expression}: {result:?}");
        assert_eq!(out, *value, "{expression}");
    }
}

#[test]
fn objects_and_references_of_php_are_refused() {
    let object = |class: &str| Unserializable::Object {
        class: class.to_owned(),
    };
    let cases = [
        ("new Point", object("Point")),
        ("['at' => new Point]", object("Point")),
        ("new ArrayObject([1])", object("ArrayObject")),
        ("[Suit::Clubs]", object("Suit")),
        (
            "(function () { $a = 1; return [&$a, &$a]; })()",
            Unserializable::Reference,
        ),
        (
            "(function () { $o = new stdClass; return [$o, $o]; })()",
            Unserializable::Reference,
        ),
    ];
    let tasks: Vec<_> = cases
        .iter()
        .map(|(expression, _)| Task::Expression(expression))
        .collect();
    for ((expression, error), text) in cases.iter().zip(ask_php(&tasks)) {
        let mut out = Vec::new();
        let result = from_php(&text, &mut out, &Limits::default());
        assert_eq!(result.as_ref(), Err(error), "{expression}");
        assert!(out.is_empty(), "{expression}");
    }
}

#[test]
fn random_values_survive_the_way_through_php() {
    let mut runner = TestRunner::deterministic();
    let strategy = php_value();
    let values: Vec<Value> = (0..1000)
        .map(|_| strategy.new_tree(&mut runner).expect("a value").current())
        .collect();
    let tasks: Vec<_> = values
        .iter()
        .map(|value| Task::Text(text_of(&value.packed())))
        .collect();
    for (value, text) in values.iter().zip(ask_php(&tasks)) {
        let mut out = Vec::new();
        let result = from_php(&text, &mut out, &Limits::default());
        assert!(result.is_ok(), "{value:?}: {result:?}");
        assert_eq!(Value::read(&mut Reader::new(&out)), Ok(value.after_php()));
    }
}
