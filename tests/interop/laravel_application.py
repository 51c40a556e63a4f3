"""A Laravel application, and its server."""

import getpass
import json
import os
import re
import shutil
import signal
import subprocess

from plain import Dealer
from processes import PATIENCE, Process
from programs import ROOT

EXTENSIONS = "ctype dom intl mbstring pdo pdo_sqlite posix tokenizer xml xmlwriter".split()
KEY = "open sesame"


class Application:
    """A copy of tests/laravel in a folder of its own."""

    def __init__(self, programs, folder):
        self.folder = folder
        subprocess.run([ROOT / "tests/laravel/install", folder], check=True)
        extensions = [f"-dextension={name}" for name in EXTENSIONS]
        self.php = [*programs.php, *extensions]
        # PHP takes an option and its value as one argument too.
        arguments = " ".join(self.php[1:]).replace("-d ", "-d")
        self.php_arguments = [f"--php-arg={argument}" for argument in arguments.split()]
        self.environment = {
            **programs.environment,
            "ZROUTE_COMMAND": str(programs.library.parent / "zroute"),
            "ZROUTE_PHP_ARGUMENTS": arguments,
        }

    def process(self, *command, **environment):
        return Process([*self.php, self.folder / "artisan", *command], **{**self.environment, **environment})

    def artisan(self, *command, exits=0, **environment):
        """What a command prints."""
        with self.process(*command, **environment) as process:
            printed = process.read_all()
            assert process.wait() == exits, f"{process} {printed}"
            return printed + process.errors

    def phpunit(self):
        """What PHPUnit says of the application's own tests, which need nothing of the library."""
        with Process(
            [*self.php, shutil.which("phpunit"), "--no-configuration"]
            + ["--bootstrap", self.folder / "vendor/autoload.php", "--fail-on-warning", "--fail-on-risky"]
            + [self.folder / "tests"],
            **{**self.environment, "ZROUTE_LIBRARY": "/nowhere/libzroute.so", "APP_ENV": "testing"},
        ) as tests:
            return tests.read_all() + tests.errors

    @property
    def preloading(self):
        """PHP's settings for pages, as docs/php.md has them."""
        header = self.folder / "storage/zroute-php.h"
        text = (ROOT / "include/zroute-php.h").read_text(encoding="utf-8")
        library = f'#define FFI_LIB "{self.environment["ZROUTE_LIBRARY"]}"'
        header.write_text(re.sub("^#define FFI_LIB .*$", library, text, flags=re.MULTILINE), encoding="utf-8")
        settings = {
            "zend_extension": "opcache",
            "ffi.preload": header,
            "opcache.preload": ROOT / "php/preload.php",
            "opcache.preload_user": getpass.getuser(),
        }
        return [f"-d{name}={value}" for name, value in settings.items()]

    def request(self, uri):
        """The parameters of CGI that ask for a page."""
        return {
            "GATEWAY_INTERFACE": "CGI/1.1",
            "REDIRECT_STATUS": "200",
            "REQUEST_METHOD": "GET",
            "REQUEST_URI": uri,
            "SCRIPT_NAME": "/index.php",
            "SCRIPT_FILENAME": str(self.folder / "public/index.php"),
        }

    def page(self, uri="/", **environment):
        """What php-cgi makes of a page of the application."""
        head, body = self.cgi(self.preloading, uri, **environment)
        assert "Status:" not in head, f"{head} {body} {self.log}"
        return json.loads(body)

    def cgi(self, settings, uri="/", **environment):
        """Headers and body of a page, by php-cgi with these settings."""
        page = subprocess.run(
            [os.environ.get("PHP_CGI") or "php-cgi", *map(str, self.php[1:]), *settings],
            env={**os.environ, **self.environment, **environment, **self.request(uri)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=PATIENCE,
        )
        head, _, body = page.stdout.decode().partition("\r\n\r\n")
        return head, body

    @property
    def log(self):
        path = self.folder / "storage/logs/laravel.log"
        return path.read_text(encoding="utf-8") if path.exists() else ""


class Serving:
    """`artisan zroute:serve` of an application, on a free port."""

    def __init__(self, application, *options):
        self.application = application
        self.process = application.process("zroute:serve", *options)
        self.pid = self.process.pid

    def __enter__(self):
        self.process.__enter__()
        try:
            self.endpoint = self.process.read_line()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.process.is_running:
            self.process.send_signal(signal.SIGTERM)
            self.process.send_signal(signal.SIGTERM)
            self.process.wait()
        self.process.__exit__()

    def call(self, function, parameters=(), **more):
        with Dealer(self.endpoint) as dealer:
            return dealer.call(function, parameters, **more)

    def artisan(self, *command, **more):
        return self.application.artisan(*command, SHOP_ENDPOINT=self.endpoint, SHOP_KEY=KEY, **more)
