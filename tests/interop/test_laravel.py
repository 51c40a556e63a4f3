"""A Laravel application serves its functions, calls services, and tests itself."""

import json
import re
import shutil
import signal
import sys

import pytest

from laravel_application import KEY, Application, Serving
from processes import Process, wait_until
from programs import ROOT, seed_script


@pytest.fixture(scope="module")
def application(programs, tmp_path_factory):
    return Application(programs, tmp_path_factory.mktemp("laravel") / "shop")


@pytest.fixture(scope="module")
def serving(application):
    with Serving(application) as serving:
        yield serving


def test_the_seeds_client_calls_a_controller_that_the_container_makes(serving, tmp_path):
    port = int(serving.endpoint.rpartition(":")[2])
    with Process([sys.executable, seed_script("client.py", port, tmp_path)]) as client:
        assert client.read_all() == "19\n"
    assert re.search(r"plus +\| App.Http.Controllers.SumController@plus", serving.artisan("zroute:list"))


def test_a_controller_gets_what_its_constructor_and_its_methods_want(serving):
    assert serving.call("price", ["tea", 2]) == [700, 1]
    assert serving.call("price", {"article": "cake"}) == [420, 1]
    assert serving.call("order", {"article": "tea", "pieces": 3}) == "3 tea"
    refused = serving.call("order", {"article": "tea", "pieces": 0})
    assert refused["__error__"]["code"] == -32602
    listed = {function["name"]: function for function in serving.call("zroute.list", [])}
    assert [parameter["name"] for parameter in listed["price"]["parameters"]] == ["article", "pieces"]


def test_middleware_of_a_group_comes_from_the_container(serving):
    refused = serving.call("admin.raise", [5])["__error__"]
    assert (refused["code"], refused["message"]) == (-32003, "the key does not fit")
    for _ in range(2):
        assert serving.call("admin.raise", [5], meta={"access_key": KEY}) == "raised by 5, visit 1"


def test_groups_within_groups_add_up(serving):
    assert serving.call("admin.deep.down")["__error__"]["code"] == -32003
    assert serving.call("admin.deep.down", meta={"access_key": KEY}) == "DOWN HERE, visit 1"


# What a call finds that nobody has left anything to.
FRESH = {
    "visits": 1, "transactions": 0, "user": None, "login": None, "locale": ["en", "en"], "queries": 0, "replica": True
}


def test_no_call_sees_what_another_has_left(serving):
    assert serving.call("state.leave", ["mine"]) is None
    assert serving.call("state.find") == {**FRESH, "terminated": ["mine"]}, "what was put off has run, once"
    serving.call("state.leave", ["other"])
    assert serving.call("state.find") == {**FRESH, "terminated": ["mine", "other"]}
    looked = [line for line in serving.application.log.splitlines() if "looked around" in line]
    assert len(looked) == 2 and "mine" not in looked[0] and "other" not in looked[1]


def test_nobody_sees_what_a_generator_has_left_between_two_items_or_at_its_end(serving):
    nothing, found = serving.call("state.leaveItemByItem", ["stream"])
    assert nothing is None and found == {**FRESH, "terminated": found["terminated"]}
    assert found["terminated"][-1] == "stream 1"
    found = serving.call("state.find")
    assert found == {**FRESH, "terminated": found["terminated"]}
    assert found["terminated"][-2:] == ["stream 1", "stream 2"]


def test_a_log_that_cannot_be_written_fails_no_call(programs, tmp_path):
    application = Application(programs, tmp_path / "shop")
    (application.folder / "storage/logs/laravel.log").mkdir()
    with Serving(application) as serving:
        assert serving.call("plus", [1, 2]) == 3
        assert serving.call("fails")["__error__"]["message"] == "no tea today"
        wait_until(lambda: "a call of plus cannot be logged" in serving.process.errors, "the server's own log")


def test_calls_and_failures_are_logged(serving):
    failed = serving.call("fails")["__error__"]
    assert (failed["code"], failed["name"], failed["message"]) == (-32603, "RuntimeException", "no tea today")
    serving.call("plus", [1, 2])
    log = serving.application.log
    assert re.search(r"\.ERROR: no tea today .*rpc\.php:\d+", log), log
    assert re.search(r"\.ERROR: zroute: fails failed with RuntimeException .*\"code\":-32603", log), log
    serving.call("fails.late")
    assert re.search(r"\.ERROR: no cake today .*rpc\.php:\d+", serving.application.log), "what a generator throws, too"
    assert re.search(r"\.INFO: zroute: plus was answered .*\"peer\":\"(127.0.0.1:\d+)?\",\"ms\":", log), log


def test_what_refuses_a_request_refuses_a_call(serving):
    def fault(function, *parameters):
        fault = serving.call(function, parameters)["__error__"]
        return fault["code"], fault["name"], fault["message"]

    logged = len(serving.application.log)
    assert fault("aborts", 403) == (-32003, "Forbidden", "Forbidden")
    assert fault("aborts", 401, "who are you?") == (-32003, "Forbidden", "who are you?")
    assert fault("aborts", 404) == (404, "NotFound", "Not Found")
    assert fault("aborts", 503, "back at noon") == (503, "ServiceUnavailable", "back at noon")
    assert fault("aborts", 418) == (418, "Imateapot", "I'm a teapot"), "names are words"
    assert fault("aborts.late") == (418, "Imateapot", "I'm a teapot"), "behind the items of a generator, too"
    assert fault("finds") == (404, "NotFound", "No query results for model [Tea] 7")
    assert fault("responds") == (410, "Gone", "Gone")
    assert ".ERROR" not in serving.application.log[logged:], "a refusal is no failure"


def test_what_a_handler_prints_goes_to_the_servers_log(serving):
    assert serving.call("prints") == "printed"
    ended = serving.call("ends")["__error__"]
    assert (ended["code"], ended["message"]) == (-32603, "the handler ended the process")
    assert serving.call("plus", [1, 2]) == 3
    for printed in ("a dump", "an echo", "the end"):
        wait_until(lambda: printed in serving.process.errors, f"'{printed}' in the log")


def test_artisan_calls_and_lists(serving):
    assert json.loads(serving.artisan("zroute:call", "plus", "[1,2,3]")) == 6
    assert json.loads(serving.artisan("zroute:call", "admin.raise", "[5]", "--service=guarded")) == "raised by 5, visit 1"
    assert "no tea today" in serving.artisan("zroute:call", "fails", exits=1)
    assert "milliseconds, such as 500, got 'soon'" in serving.artisan("zroute:call", "fails", "--timeout=soon", exits=64)
    assert "has no service 'nobody'; there are: default, guarded" in serving.artisan("zroute:call", "fails", "--service=nobody", exits=1)
    assert re.search(r"admin\.raise +\| Closure +\| App.Rpc.KeyRequired:open sesame", serving.artisan("zroute:list"))
    assert re.search(r"price +\| article, pieces +\| array", serving.artisan("zroute:list", "default"))


def test_a_page_calls_services(serving):
    page = serving.application.page(SHOP_ENDPOINT=serving.endpoint, SHOP_KEY=KEY)
    assert page == [6, "raised by 5, visit 1"]


def test_a_page_that_cannot_use_the_library_says_in_the_log_what_to_do(programs, tmp_path):
    application = Application(programs, tmp_path / "shop")
    ffi = application.php.index("extension=ffi")
    without_ffi = application.php[: ffi - 1] + application.php[ffi + 1 :]
    cases = {
        "add extension=ffi": (without_ffi, []),
        "(ffi.enable=preload). Preload it": (application.php, []),
        "(ffi.enable=0). Preload it": (application.php, [*application.preloading, "-dffi.enable=0"]),
    }
    for told, (application.php, settings) in cases.items():
        head, _ = application.cgi(settings, SHOP_ENDPOINT="tcp://127.0.0.1:1")
        assert "Status: 500" in head and told in application.log
    # A process that preloads does not start without it.
    application.environment["ZROUTE_LIBRARY"] = "/nowhere/libzroute.so"
    head, body = application.cgi([*application.preloading, "-ddisplay_errors=1"])
    assert "Failed pre-loading '/nowhere/libzroute.so'" in head + body


def test_a_service_that_is_wrong_in_the_configuration_is_told(application):
    def told(endpoint):
        return application.artisan("zroute:call", "plus", "--timeout=1000", exits=1, SHOP_ENDPOINT=endpoint)

    assert "endpoint 'localhost': expected tcp://host:port" in told("localhost")
    assert "no connection to tcp://127.0.0.1:1 " in told("tcp://127.0.0.1:1")
    assert "no answer from Consul at http://127.0.0.1:1" in told("consul://127.0.0.1:1/shop")
    assert "no connection to tcp://127.0.0.1:1 " in told(" tcp://127.0.0.1:1 ")
    # env() makes the first null.
    for nothing in ("null", "", " "):
        assert "gives the service 'default' no endpoints: expected" in told(nothing)


def test_a_reload_takes_up_the_program_and_its_environment(programs, tmp_path):
    application = Application(programs, tmp_path / "shop")
    settings = application.folder / ".env"
    settings.write_text("APP_NAME=Tea\n", encoding="utf-8")
    with Serving(application) as serving:
        assert serving.call("name") == "Tea"
        settings.write_text("APP_NAME=Cake\n", encoding="utf-8")
        assert f"Process {serving.pid} loads" in application.artisan("zroute:reload")
        wait_until(lambda: serving.call("name") == "Cake", "the new name")
        assert f"Process {serving.pid} serves already" in application.artisan("zroute:serve", exits=1)
        serving.process.send_signal(signal.SIGTERM)
        assert serving.process.wait() == 0
    assert "No server" in application.artisan("zroute:reload", exits=1)


def test_a_pid_that_is_another_process_by_now_gets_no_signal(application):
    path = application.folder / "storage/other.pid"
    with Process(["cat"]) as other:
        path.write_text(json.dumps({"pid": other.pid, "started": "1 before"}), encoding="utf-8")
        assert "No server" in application.artisan("zroute:reload", f"--pid-file={path}", exits=1)
        assert other.is_running


def test_what_is_cached_serves_and_calls(programs, tmp_path):
    application = Application(programs, tmp_path / "shop")
    environment = {"SHOP_ENDPOINT": "tcp://127.0.0.1:1", "SHOP_KEY": KEY}
    application.artisan("config:cache", **environment)
    assert (application.folder / "bootstrap/cache/config.php").exists()
    with Serving(application) as serving:
        assert serving.call("plus", [1, 2]) == 3
        assert "tcp://127.0.0.1:1" in serving.artisan("zroute:call", "plus", "--timeout=1", exits=1)
        application.artisan("config:cache", **{**environment, "SHOP_ENDPOINT": serving.endpoint})
        application.artisan("route:cache")
        assert application.page("/process")["sum"] == 6


def test_the_configuration_is_published(programs, tmp_path):
    application = Application(programs, tmp_path / "shop")
    (application.folder / "config/zroute.php").unlink()
    application.artisan("vendor:publish", "--tag=zroute-config")
    published = (application.folder / "config/zroute.php").read_text(encoding="utf-8")
    assert published == (ROOT / "php/laravel/config/zroute.php").read_text(encoding="utf-8")
    shown = application.artisan("zroute:serve", "--show", "--workers=3", "--", "--log-format=json")
    for argument in ("--bind=tcp://127.0.0.1:5555", "--workers=3", "--exec-timeout=30s", "--log-format=json"):
        assert f"'{argument}'" in shown


def test_what_is_wrong_is_told(programs, tmp_path):
    application = Application(programs, tmp_path / "shop")
    assert "There is no program zroute-of-nobody" in application.artisan(
        "zroute:serve", ZROUTE_COMMAND="zroute-of-nobody", exits=1
    )
    (application.folder / "routes/rpc.php").write_text(
        "<?php Rpc::procedure('a', 'nothing'); Rpc::procedure('a', 'nothing');", encoding="utf-8"
    )
    assert "there are two functions 'a'" in application.artisan("zroute:list", exits=1)
    assert "there are two functions 'a'" in application.artisan("zroute:serve", exits=1)
    (application.folder / "routes/rpc.php").write_text(
        "<?php Rpc::procedure('a', 'time')->middleware('nobody');", encoding="utf-8"
    )
    assert "there is no middleware nobody" in application.artisan("zroute:serve", exits=1)
    (application.folder / "routes/rpc.php").write_text(
        "<?php Rpc::procedure('a', 'time')->middleware('ArrayObject');", encoding="utf-8"
    )
    assert "ArrayObject is no middleware: ArrayObject has no handle" in application.artisan("zroute:serve", exits=1)
    (application.folder / "routes/rpc.php").write_text(
        "<?php Rpc::procedure('a', 'time')->middleware('auth');", encoding="utf-8"
    )
    with Serving(application) as serving:
        assert "auth is no middleware: Illuminate\\Auth\\AuthManager has no handle" in serving.call("a")["__error__"]["message"]
    (application.folder / "routes/rpc.php").write_text("<?php a b", encoding="utf-8")
    told = application.artisan("zroute:serve", exits=1)
    assert re.search(r"worker 1 did not come up .*exit code 1: .*does not come up: ParseError: .*rpc\.php:1", told), told
    nowhere = application.folder / "nowhere/zroute.pid"
    assert f"pid file {nowhere} cannot be written" in application.artisan("zroute:serve", f"--pid-file={nowhere}", exits=1)
    (application.folder / "routes/rpc.php").unlink()
    assert "there is no" in application.artisan("zroute:list", exits=1)


def test_an_application_tests_what_it_calls_with_a_fake(application):
    assert "OK (5 tests" in application.phpunit()


def test_the_files_of_the_manual_do_what_it_says(programs, tmp_path):
    application = Application(programs, tmp_path / "shop")
    page = (ROOT / "docs/laravel.md").read_text(encoding="utf-8")
    files = dict(re.findall(r"^```php\n<\?php // (\S+)\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL))
    assert len(files) == 7
    shutil.rmtree(application.folder / "tests")
    for name, text in files.items():
        path = application.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"<?php\n{text}", encoding="utf-8")
    (application.folder / "routes/web.php").write_text(
        "<?php Illuminate\\Support\\Facades\\Route::get('/cart', [App\\Http\\Controllers\\CartController::class, 'show']);",
        encoding="utf-8",
    )
    with Serving(application, "--bind=tcp://127.0.0.1:*", "--", *application.php_arguments) as serving:
        assert serving.call("plus", [1, 2]) == 3
        assert serving.call("price", ["tea", 3]) == 1050
        assert serving.call("price", ["coffee"])["__error__"]["name"] == "NotSold"
        assert serving.call("order", {"article": "tea", "pieces": 4}) == 6
        assert serving.call("stock.count", ["tea"])["__error__"]["code"] == -32003
        assert serving.call("stock.count", ["tea"], meta={"access_key": KEY}) == 6
        shop = {"SHOP_ENDPOINTS": serving.endpoint, "SHOP_ACCESS_KEY": KEY}
        assert json.loads(application.artisan("zroute:call", "price", '["tea", 3]', **shop)) == 1050
        assert json.loads(application.artisan("zroute:call", "stock.count", '["tea"]', "--service=shop", **shop)) == 6
        assert "article, pieces" in application.artisan("zroute:list", "shop", **shop)
        assert application.page("/cart", **shop) == {"total": 1190}
    assert "OK (2 tests" in application.phpunit()
