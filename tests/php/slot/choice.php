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

// Nothing that looks otherwise than PHP's own values is taken for a slot.
foreach ([null, 1, 'text', [], ['ab'], ['ab', 'ab', 'ab'], [1, 2, 3]] as $probe) {
    $inbox = null;
    $refused = outcome(static fn () => Native::get()->findSlots($probe, $inbox));
    check($refused[0] === NativeError::class, 'a wrong probe is refused: ' . json_encode($probe));
    $lost = outcome(static fn () => Native::get()->packSlot(true));
    check(str_contains((string) $lost[1], 'zroute_zend_slots has not been called'), 'then there is no slot');
}
check(SlotBridge::open(Native::get())->unpack("\x91\x01") === [1], 'it is found again');

// Values do not stay behind in the slots.
$property = static fn (string $name): mixed => (new ReflectionProperty(SlotBridge::class, $name))->getValue();
$bridge = SlotBridge::open(Native::get());
$bridge->pack([1]);
$bridge->unpack("\x91\x01");
outcome(static fn () => $bridge->pack([STDERR]));
outcome(static fn () => $bridge->unpack("\xc1"));
check($property('inbox') === null, 'the inbox is empty');
check($property('outbox') === null, 'the outbox is empty');

// What lies in the inbox is not overwritten: its end might run a destructor.
(new ReflectionProperty(SlotBridge::class, 'inbox'))->setValue(null, [str_repeat('mine', 1)]);
$refused = outcome(static fn () => Native::get()->unpackSlot("\x01"));
check(str_contains((string) $refused[1], 'the inbox is expected to be null'), 'a full inbox is refused');
check($property('inbox') === ['mine'], 'and stays');
done();
