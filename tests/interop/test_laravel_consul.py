"""Pages of a Laravel application call a service that they find by its name."""

import collections
import json
import os
import signal
import subprocess
import threading

import pytest

from consul_agent import Consul
from fpm import Fpm
from laravel_application import KEY, Application, Serving
from processes import PATIENCE, wait_until

REQUESTS = 200
CLIENTS = 4


class Visitors:
    """Threads that ask for one page after the other."""

    def __init__(self, fpm, request):
        self.answers = []
        self.failures = []
        self._fpm = fpm
        self._request = request
        self._enough = threading.Event()
        self._threads = [threading.Thread(target=self._visit) for _ in range(CLIENTS)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.leave()

    def leave(self):
        self._enough.set()
        for thread in self._threads:
            thread.join()

    def _visit(self):
        while not self._enough.is_set():
            try:
                head, body = self._fpm.get(self._request)
                assert "Status:" not in head, body
                self.answers.append(json.loads(body))
            except (AssertionError, OSError, ValueError) as error:
                self.failures.append(str(error))

    def wait_for_more(self, count):
        """Until so many more pages have come, or one failed."""
        wanted = len(self.answers) + count
        wait_until(lambda: len(self.answers) >= wanted or self.failures, f"{count} more pages")
        assert self.failures == []

    def wait_for_each(self, workers):
        """Until each of these has made a page."""
        begun = len(self.answers)
        wait_until(
            lambda: {answer["pid"] for answer in self.answers[begun:]} >= set(workers) or self.failures,
            f"a page of each of {workers}",
        )
        assert self.failures == []


@pytest.mark.zmtp("a server that ends tells its callers to leave")
def test_no_page_is_lost_when_the_server_is_restarted_or_fpm_reloads(programs, tmp_path, remarks):
    application = Application(programs, tmp_path / "shop")
    with Consul() as consul:
        url = consul.url("shop?tag=rpc")
        register = ["--", f"--register={url}"]
        environment = {**application.environment, "SHOP_ENDPOINT": url, "SHOP_KEY": KEY}
        arguments = [*application.php[1:], *application.preloading]
        with Fpm(programs.php[0], tmp_path, 2, arguments, **environment) as fpm:
            # The library is loaded, and nothing of it runs: what is started before a fork is missing behind it.
            assert len(fpm.threads) == 1
            old = fpm.workers
            with Serving(application, *register) as serving, Visitors(fpm, application.request("/process")) as visitors:
                visitors.wait_for_each(old)
                visitors.wait_for_more(REQUESTS // 4)

                serving.process.send_signal(signal.SIGTERM)
                assert serving.process.wait() == 0, serving.process
                with Serving(application, *register) as again:
                    assert again.endpoint != serving.endpoint
                    visitors.wait_for_each(old)
                    visitors.wait_for_more(REQUESTS // 4)
                    assert [fpm.resolvers(worker) for worker in old] == [1, 1]

                    fpm.reload()
                    new = fpm.workers
                    assert len(fpm.threads) == 1
                    visitors.wait_for_each(new)
                    visitors.wait_for_more(REQUESTS // 2)
                    assert [fpm.resolvers(worker) for worker in new] == [1, 1]
                    visitors.leave()
    assert visitors.failures == []
    assert {answer["sum"] for answer in visitors.answers} == {6}
    calls = collections.defaultdict(list)
    for answer in visitors.answers:
        calls[answer["pid"]].append(answer["calls"])
    assert set(calls) == {*old, *new}
    for pid, counted in calls.items():
        assert sorted(counted) == list(range(1, len(counted) + 1)), f"{pid} has one client for all its pages"
    remarks.append(f"Laravel under php-fpm: {len(visitors.answers)} pages")


def test_a_page_of_php_cgi_calls_what_zroute_watch_has_written(programs, tmp_path):
    application = Application(programs, tmp_path / "shop")
    services = application.folder / "storage/framework/services.php"
    with Consul() as consul, Serving(application, "--", f"--register={consul.url('shop?tag=rpc')}") as serving:
        port = int(serving.endpoint.rpartition(":")[2])
        wait_until(lambda: consul.healthy("shop") == [port], "a check that passes")
        configuration = application.folder / "config/zroute.php"
        text = configuration.read_text(encoding="utf-8")
        written = "(require storage_path('framework/services.php'))['services']['shop']['endpoints']"
        configuration.write_text(text.replace("env('SHOP_ENDPOINT')", written, 1), encoding="utf-8")
        zroute = programs.library.parent / "zroute"
        php = " ".join(map(str, [*application.php, application.folder / "artisan", "config:cache"]))
        command = [zroute, "watch", "--once", consul.url("?tag=rpc"), f"--template=builtin:zroute={services}"]
        command += [f"--php={programs.php[0]}", f"--reload={php}"]
        subprocess.run(command, check=True, timeout=PATIENCE, env={**os.environ, **application.environment})
        assert (application.folder / "bootstrap/cache/config.php").exists()
        consul.kill()
        assert application.page("/process")["sum"] == 6
