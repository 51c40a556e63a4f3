"""A handler that goes wrong fails its own call and no other."""

import pytest

from plain import HANDLER, PARAMETERS, SHUTTING_DOWN, TOO_LARGE, Dealer, code, fault, read, request


@pytest.fixture(scope="module")
def server(programs):
    with programs.server("php") as server:
        yield server
        assert server.is_running, f"the server has ended: {server}"


FAILURES = {
    "throw": (HANDLER, "DomainException", "out of the domain"),
    "divide": (HANDLER, "DivisionByZeroError", "Division by zero"),
    "type_error": (HANDLER, "TypeError", "strlen()"),
    "own_type_error": (HANDLER, "TypeError", "Argument #1"),
    "return_error": (HANDLER, "TypeError", "Return value"),
    "deep_throw": (HANDLER, "RuntimeException", "?"),
    "closure": (HANDLER, "InvalidValue", "Closure"),
    "closure_inside": (HANDLER, "InvalidValue", "Closure"),
    "resource": (HANDLER, "InvalidValue", "resource"),
    "resource_inside": (HANDLER, "InvalidValue", "resource"),
    "reserved": (HANDLER, None, "__error__"),
    "itself": (HANDLER, None, "inside"),
    "too_deep": (HANDLER, None, "nested"),
    "too_large": (TOO_LARGE, None, "16777216"),
    "fail": (7, "NoMoney", "the account holds 3 €"),
}


@pytest.mark.parametrize("function", FAILURES)
def test_a_handler_that_fails_fails_its_call(dealer, function):
    expected, name, message = FAILURES[function]
    actual, actual_name, actual_message = fault(dealer.ask(request(function, [])))
    assert actual == expected
    assert name is None or actual_name.endswith(name)
    assert message in actual_message


ANSWERS = {
    "warn": "warned",
    "deprecated": "deprecated",
    "print": "printed",
    "generator": [1, 2],
    "object": [1],
    "zeros": [0, {0: 0, "a": 0}],
    "nearly_reserved": {"__error__": 1, "x": 2},
}


@pytest.mark.parametrize("function", ANSWERS)
def test_a_handler_that_is_only_odd_is_answered(dealer, function):
    assert read(dealer.ask(request(function, []))) == ANSWERS[function]


def test_a_type_error_inside_a_handler_is_not_the_callers(dealer):
    number, _, message = fault(dealer.ask(request("count_error", [1])))
    assert (number, message.startswith("count(): ")) == (HANDLER, True)


MISFITS = [
    [],
    [1, 2, 3],
    ["wide", 2],
    [None],
    {"height": 2},
    {"width": 1, "depth": 2},
    {"width": 1, 7: 2},
    "width",
    5,
]


@pytest.mark.parametrize("parameters", MISFITS, ids=repr)
def test_parameters_that_do_not_fit_the_signature(dealer, parameters):
    number, name, message = fault(dealer.ask(request("area", parameters)))
    assert (number, name) == (PARAMETERS, "InvalidParameters")
    assert ".php" not in message, "where the handler is called from is nobody's business"


@pytest.mark.parametrize("function", ["first", "length"])
@pytest.mark.parametrize("parameters", [[], [[]], [1, 2], {"other": 1}], ids=repr)
def test_parameters_that_do_not_fit_another_kind_of_callable(dealer, function, parameters):
    assert code(dealer.ask(request(function, parameters))) == PARAMETERS


def test_parameters_that_fit_the_signature(dealer):
    assert dealer.call("area", [3, 4]) == 12
    assert dealer.call("area", [3]) == 3
    assert dealer.call("area", {"height": 5, "width": 4}) == 20


def test_failures_among_many_calls_in_flight_are_their_own(dealer):
    functions = [*FAILURES, *ANSWERS]
    functions.remove("too_large")
    bodies = []
    for function in functions * 5:
        bodies += [request(function, []), request("echo", [len(bodies)])]
    answers = dealer.ask_all(bodies)
    for number, (function, odd, good) in enumerate(zip(functions * 5, answers[::2], answers[1::2])):
        assert read(good) == [2 * number]
        if function in ANSWERS:
            assert read(odd) == ANSWERS[function]
        else:
            assert code(odd) == FAILURES[function][0]


@pytest.mark.parametrize("language", ["php", "c"])
def test_answers_do_not_wait_for_a_slow_call_behind_them(programs, language):
    with programs.server(language) as server, Dealer(server.endpoint) as dealer:
        for turn in range(5):
            quick = [dealer.submit(request("echo", [turn, number])) for number in range(30)]
            slow = dealer.submit(request("hold", []))
            assert server.read_line() == "holding"
            answers = dict(dealer.collect() for _ in quick)
            assert [read(answers[call]) for call in quick] == [[turn, n] for n in range(30)]
            server.write(b"go on\n")
            call, body = dealer.collect()
            assert (call, read(body)) == (slow, 1)


@pytest.mark.parametrize("function, exit_code", [("exit", 3), ("exhaust", 255), ("fatal", 255)])
def test_a_handler_that_ends_the_process_leaves_nobody_without_a_word(
    programs, function, exit_code
):
    with programs.server("php") as server, Dealer(server.endpoint) as dealer:
        # The first call holds the server until all the others are here.
        bodies = [request("hold", []), request("echo", [1]), request(function, [])]
        bodies += [request("echo", [number]) for number in range(20)]
        calls = [dealer.submit(body) for body in bodies]
        assert server.read_line() == "holding"
        server.write(b"go on\n")
        answers = dict(dealer.collect() for _ in calls)
        held, before, ending, *after = (answers[call] for call in calls)
        assert (read(held), read(before)) == (1, [1])
        number, _, message = fault(ending)
        assert number == HANDLER
        assert "ended the process" in message
        assert [code(answer) for answer in after] == [SHUTTING_DOWN] * 20
        assert server.wait() == exit_code


def test_a_handler_in_c_that_gives_no_answer(programs):
    with programs.server("c") as server, Dealer(server.endpoint) as dealer:
        number, _, message = fault(dealer.ask(request("silent", [])))
        assert number == HANDLER
        assert "no answer" in message
        dealer.assert_served()


def test_a_handler_in_c_that_forges_a_fault(programs):
    with programs.server("c") as server, Dealer(server.endpoint) as dealer:
        number, _, message = fault(dealer.ask(request("reserved", [])))
        assert number == HANDLER
        assert "__error__" in message
        dealer.assert_served()


def test_a_handler_in_c_that_fails(programs):
    with programs.server("c") as server, Dealer(server.endpoint) as dealer:
        expected = (7, "NoMoney", "the account holds 3 €")
        assert fault(dealer.ask(request("fail", []))) == expected
        dealer.assert_served()
