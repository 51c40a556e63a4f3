<?php

// Certificates of CURVE, which the extension has where it is built with CZMQ.

require __DIR__ . '/../tell.php';

$folder = sys_get_temp_dir() . '/zroute-certificates-' . getmypid();
mkdir($folder);
$cert = new ZMQCert();
var_dump($cert);
tell('keys', fn () => [strlen($cert->getPublicKey()), strlen($cert->getSecretKey())]);
tell('as text', fn () => ZMQ::z85encode($cert->getPublicKey()) === $cert->getPublicTxt());
tell('as text', fn () => ZMQ::z85encode($cert->getSecretKey()) === $cert->getSecretTxt());
tell('no two', fn () => $cert->equals(new ZMQCert()));
tell('itself', fn () => $cert->equals($cert));
tell('a copy', fn () => $cert->equals(clone $cert));
tell('nothing said', fn () => [$cert->getMeta('name'), $cert->getMetaKeys()]);
$say = fn (string $name, string $value) => $cert->setMeta($name, $value);
tell('said', fn () => [$say('name', 'Ada'), $say('email', 'ada@example.com'), $say(7, 8)]);
tell('said', fn () => [$cert->getMeta('name'), $cert->getMeta('7'), $cert->getMetaKeys()]);
tell('save', fn () => $cert->save("$folder/both"));
tell('files', fn () => array_values(array_diff(scandir($folder), ['.', '..'])));
tell('the secret one is', fn () => decoct(fileperms("$folder/both_secret") & 0o777));
$read = new ZMQCert("$folder/both");
tell('read', fn () => [$read->equals($cert), $read->getMeta('email'), $read->getMetaKeys()]);
tell('public', fn () => $cert->savePublic("$folder/public"));
$public = new ZMQCert("$folder/public");
tell('without its secret', fn () => [$public->getPublicTxt() === $cert->getPublicTxt(), $public->getSecretTxt()]);
tell('bytes', fn () => bin2hex($public->getSecretKey()));
tell('not equal', fn () => $public->equals($cert));
tell('secret', fn () => $cert->saveSecret("$folder/secret"));
tell('both keys', fn () => (new ZMQCert("$folder/secret"))->equals($cert));
tell('no file', fn () => new ZMQCert('/none/such'));
tell('no place', fn () => $cert->save('/none/such'));
tell('no place', fn () => $cert->savePublic('/none/such'));
tell('no place', fn () => $cert->saveSecret('/none/such'));
foreach (['', "\0"] as $path) {
    try {
        $cert->save($path);
    } catch (ZMQCertException $e) {
        echo 'no path: ', addcslashes($e->getMessage(), "\0"), "\n";
    }
}
chdir($folder);
file_put_contents('other', "text\n");
tell('no certificate', fn () => new ZMQCert('other'));
tell('no socket', fn () => $cert->apply(new stdClass()));
$socket = (new ZMQContext())->getSocket(ZMQ::SOCKET_REQ);
tell('apply', fn () => $cert->apply($socket));
tell('its key', fn () => $socket->getSockOpt(ZMQ::SOCKOPT_CURVE_PUBLICKEY) === $cert->getPublicKey());
tell('exception', fn () => is_subclass_of('ZMQCertException', 'ZMQException'));
tell('exception', fn () => (new ReflectionClass('ZMQAuthException'))->isFinal());
array_map(unlink(...), glob("$folder/*"));
rmdir($folder);
