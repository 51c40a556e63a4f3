<?php

declare(strict_types=1);

namespace Zroute\DropIn;

use Zroute\Exception\InvalidValue;
use Zroute\MemoryLimit;
use Zroute\Native;

use function is_array;

/**
 * Values cross as text in the format of serialize(), which works with any PHP.
 *
 * That text does not tell all that the extension packs. Two things come out
 * differently, and mean the same when they are unpacked. A reference to an array
 * or object that stands at one place only is packed as the array or object; and
 * of an object at several places, of which one is a reference, all are. A
 * property that __sleep() names and the object has not is left out, and a
 * resource inside an object is 0.
 *
 * @internal
 */
final class SerializeCodec implements Codec
{
    private const SMALL = 16384;

    private const UNKNOWN = 1;
    private const ZERO = 2;
    private const REFERENCES = 4;
    private const SHARED = 8;
    private const INWARD = 16;
    /** One more setting, for the native library. */
    private const ISOLATED = 32;

    /** How a text is read, by what is in it; it has its own limit of depth. */
    private const NO_OBJECTS = ['allowed_classes' => false, 'max_depth' => 0];
    private const PLAIN_OBJECTS = ['allowed_classes' => ['stdClass'], 'max_depth' => 0];

    private const CLASSES = 32;
    private const CUSTOM = 64;
    private const REFUSED = 128;
    private const UNDECIDED = 256;
    private const TOLD = Remarks::MALFORMED | Remarks::INSUFFICIENT | Remarks::EXTRA_BYTES | Remarks::ILLEGAL_KEY
        | Remarks::INVALID_REFERENCE;

    /** For the native library: what serialize() does not tell about classes and enum cases. */
    private string $known = '';
    /** For the native library: which classes are enums, and which are not. */
    private string $enums = "\0";

    public function __construct(private readonly Native $native)
    {
    }

    public function name(): string
    {
        return 'serialize';
    }

    public function pack(mixed $value, int $settings): string
    {
        $remarks = 0;
        $text = self::serialize($value);
        $packed = $this->packText($text, $settings, $remarks);
        if (($remarks & self::SHARED) !== 0) {
            if (($remarks & self::INWARD) !== 0) {
                throw new InvalidValue(
                    'msgpack_pack(): an object of a Serializable class holds an object that it is inside of; give the '
                    . 'class __serialize()'
                );
            }
            $text = self::serialize($value, true);
            $packed = $this->packText($text, $settings | self::ISOLATED, $remarks);
        }
        if (($remarks & self::ZERO) !== 0 && is_array($value)) {
            $plain = self::withoutResources($value, ($remarks & self::REFERENCES) !== 0);
            return $plain === null ? $packed : $this->pack($plain, $settings);
        }
        return $text === 'i:0;' && $value !== 0 ? $this->pack(self::nullFor($value), $settings) : $packed;
    }

    public function unpack(string $packed, int $settings, AllowedClasses $allowed, ?Remarks &$remarks): mixed
    {
        $kinds = 0;
        $names = '';
        $folded = $allowed->any ? null : $allowed->folded;
        // A value that runs into the memory limit ends the process. Fewer bytes cannot make a large one.
        $memory = strlen($packed) < self::SMALL ? PHP_INT_MAX : intdiv(MemoryLimit::left(), 8) * 7;
        $text = $this->native->unpackObjects($packed, $settings, $folded, $this->enums, $memory, $kinds, $names);
        if ($kinds === 0) {
            return unserialize($text, self::NO_OBJECTS);
        }
        if (($kinds & self::UNDECIDED) !== 0) {
            $this->decide($names);
            $text = $this->native->unpackObjects($packed, $settings, $folded, $this->enums, $memory, $kinds, $names);
        }
        if (($kinds & (self::REFUSED | self::TOLD)) !== 0) {
            $refused = ($kinds & self::REFUSED) !== 0 ? explode("\0", $names) : [];
            $malformed = ($kinds & Remarks::MALFORMED) !== 0;
            $remarks = new Remarks($kinds & self::TOLD, $refused, $malformed ? $text : '');
            if (($kinds & (Remarks::MALFORMED | Remarks::INSUFFICIENT)) !== 0) {
                return false;
            }
        }
        if (($kinds & self::CLASSES) === 0) {
            return unserialize($text, self::PLAIN_OBJECTS);
        }
        $options = ['allowed_classes' => $allowed->any ?: $allowed->names, 'max_depth' => 0];
        return ($kinds & self::CUSTOM) !== 0
            ? Isolated::unserialize($text, $options)
            : unserialize($text, $options);
    }

    private function packText(string $text, int $settings, int &$remarks): string
    {
        $names = '';
        $packed = $this->native->packObjects($text, $settings, $this->known, $remarks, $names);
        if (($remarks & self::UNKNOWN) === 0) {
            return $packed;
        }
        $this->learn($names);
        return $this->native->packObjects($text, $settings, $this->known, $remarks, $names);
    }

    /** serialize() with floats in full, whatever the ini says. */
    private static function serialize(mixed $value, bool $isolated = false): string
    {
        $precision = ini_get('serialize_precision');
        $full = $precision === '-1' || $precision === '17';
        if (!$full) {
            ini_set('serialize_precision', '-1');
        }
        try {
            return $isolated ? Isolated::serialize($value) : serialize($value);
        } finally {
            if (!$full) {
                ini_set('serialize_precision', (string) $precision);
            }
        }
    }

    /** Finds out about classes and enum cases, named with a NUL between two. */
    private function learn(string $names): void
    {
        foreach (explode("\0", $names) as $name) {
            if (str_contains($name, ':')) {
                $case = constant(str_replace(':', '::', $name));
                $told = serialize($case instanceof \BackedEnum ? $case->value : null);
            } elseif (!class_exists($name, false)) {
                // Of an __PHP_Incomplete_Class: no autoloader is to look for it.
                $told = 'i:0;';
            } elseif (method_exists($name, '__serialize')) {
                $told = 'i:1;';
            } else {
                $told = method_exists($name, '__sleep') ? 'i:2;' : 'i:0;';
            }
            $this->known .= serialize($name) . $told;
        }
    }

    /** Finds out which classes are enums. */
    private function decide(string $names): void
    {
        foreach (explode("\0", $names) as $name) {
            $this->enums .= (enum_exists($name) ? '=' : '!') . strtolower($name) . "\0";
        }
    }

    /**
     * The array with a null for each resource.
     *
     * @param array<mixed> $values
     * @param bool $references whether it may hold itself
     * @param array<string, true> $inside the references that it lies in
     * @return array<mixed>|null null when there is no resource in it
     */
    private static function withoutResources(array $values, bool $references, array $inside = []): ?array
    {
        $plain = null;
        foreach ($values as $key => $value) {
            $new = $value;
            if (is_array($value)) {
                $path = $inside;
                if ($references) {
                    $id = \ReflectionReference::fromArrayElement($values, $key)?->getId() ?? '';
                    if (isset($path[$id])) {
                        continue;
                    }
                    $path += $id === '' ? [] : [$id => true];
                }
                $new = self::withoutResources($value, $references, $path) ?? $value;
            } elseif ($value !== null && !is_scalar($value) && !is_object($value)) {
                $new = self::nullFor($value);
            }
            if ($new === null && $value !== null || is_array($new) && $new !== $value) {
                // Anew, because an entry may be a reference.
                $plain ??= self::copy($values);
                $plain[$key] = $new;
            }
        }
        return $plain;
    }

    /**
     * @param array<mixed> $values
     * @return array<mixed> without references
     */
    private static function copy(array $values): array
    {
        $copy = [];
        foreach ($values as $key => $value) {
            $copy[$key] = $value;
        }
        return $copy;
    }

    /** What a resource is packed as. */
    private static function nullFor(mixed $resource): mixed
    {
        Conversion::warning('[msgpack] (msgpack_serialize_zval) type is unsupported, encoded as null');
        return null;
    }
}
