<?php

declare(strict_types=1);

// Which bridge is chosen, and what is said where the slot is not to be had.

require __DIR__ . '/both.php';

use Zroute\Exception\NativeError;
use Zroute\Native;
use Zroute\SlotBridge;

$chosen = static function (string $forced): array {
    putenv("ZROUTE_BRIDGE=$forced");
    // A new one, as in a new request.
    foreach (['instance', 'values'] as $static) {
        (new ReflectionProperty(Native::class, $static))->setValue(null, null);
    }
    (new ReflectionProperty(Native::class, 'values'))->setValue(null, null);
    return outcome(static fn () => Native::get()->bridge());
};
check($chosen('') === ['value', 'slot'], 'the slot is taken where it is to be had');
check($chosen('serialize') === ['value', 'serialize'], 'serialize can be asked for');
check($chosen('slot') === ['value', 'slot'], 'the slot can be asked for');
[$how, $text] = $chosen('sloth');
check($how === NativeError::class && str_contains($text, "got 'sloth'"), 'nothing else can be asked for');
$chosen('');

// Another version than this process runs, one that is not known, or a debug build is not taken for known.
$ffi = (new ReflectionProperty(Native::class, 'ffi'))->getValue(Native::get());
$other = PHP_VERSION_ID < 80500 ? PHP_VERSION_ID + 100 : PHP_VERSION_ID - 100;
foreach (
    [
        [80034, 0, 'is not one whose values are known'], [80600, 0, 'is not one whose values are known'],
        [$other, 0, 'the engine of this process is not'], [PHP_VERSION_ID + 1, 0, 'the engine of this process is not'],
        [PHP_VERSION_ID, 1, 'was built for debugging'],
    ] as [$version, $debug, $reason]
) {
    check($ffi->zroute_zend_attach($version, $debug) !== 0, "version $version, debug $debug is refused");
    check(str_contains(Native::get()->lastError(), $reason), Native::get()->lastError());
}
check($ffi->zroute_zend_attach(PHP_VERSION_ID, PHP_DEBUG) === 0, 'this PHP is known');

// Nothing that looks otherwise than PHP's own values is taken for a slot.
foreach ([null, 1, 'text', [], ['ab'], ['ab', 'ab', 'ab'], [1, 2, 3]] as $probe) {
    $inbox = null;
    $packer = new stdClass();
    $refused = outcome(static fn () => Native::get()->findSlots($probe, $inbox, $packer, new stdClass()));
    check($refused[0] === NativeError::class, 'a wrong probe is refused: ' . json_encode($probe));
    check(outcome(static fn () => $packer[1])[0] === Error::class, 'then no object is made a converter');
    $server = Native::get()->newServer([]);
    $lost = outcome(static fn () => Native::get()->serverExchangeSlot($server, 1, 0));
    Native::get()->freeServer($server);
    check(str_contains((string) $lost[1], 'zroute_zend_slots has not been called'), 'then there is no slot');
}
// Nor is any object but a plain one made a converter.
$outbox = [str_repeat('x', 2), [str_repeat('y', 2)], [str_repeat('z', 2) => 1]];
$open = SlotBridge::open(Native::get());
foreach ([new ArrayObject(), static fn () => 1, Native::get(), new DateTime()] as $object) {
    foreach ([[$object, new stdClass()], [new stdClass(), $object]] as [$packer, $unpacker]) {
        $refused = outcome(static fn () => Native::get()->findSlots($outbox, $inbox, $packer, $unpacker));
        check($refused[0] === NativeError::class, 'not a converter: ' . $object::class);
        check(outcome(static fn () => ([$packer, $unpacker])[$packer === $object][1])[0] === Error::class, 'as before');
    }
}
check($open->pack([1]) === "\x91\x01", 'one that was made before goes on');
check(SlotBridge::open(Native::get())->unpack("\x91\x01") === [1], 'it is found again');

// Values do not stay behind in the slots.
$property = static fn (string $name): mixed => (new ReflectionProperty(SlotBridge::class, $name))->getValue();
$bridge = SlotBridge::open(Native::get());
$server = new Zroute\Server(['plus' => static fn (array $data) => array_sum($data)]);
$client = new Zroute\Client($server->bind('tcp://127.0.0.1:0'));
$call = $client->async('plus', [1, 2]);
while (!$call->isDone()) {
    $server->step(10);
}
check($call->await() === 3, 'a call goes through the slots');
check($property('inbox') === null, 'the inbox is empty');
check($property('outbox') === null, 'the outbox is empty');

// What lies in the inbox is not overwritten: its end might run a destructor.
(new ReflectionProperty(SlotBridge::class, 'inbox'))->setValue(null, [str_repeat('mine', 1)]);
$server = Native::get()->newServer([]);
$refused = outcome(static fn () => Native::get()->serverExchangeSlot($server, 1, 0));
Native::get()->freeServer($server);
check(str_contains((string) $refused[1], 'the inbox is expected to be null'), 'a full inbox is refused');
check($property('inbox') === ['mine'], 'and stays');
done();
