<?php

declare(strict_types=1);

namespace Zroute\DropIn;

use function array_key_exists;
use function count;
use function is_array;
use function is_object;
use function is_string;

/**
 * The extension's templates: an object, or a class's name, whose properties an
 * unpacked array fills, by name or in their order; or an array of those.
 *
 * The program names the classes here, not the bytes.
 *
 * @internal
 */
final class Template
{
    /** The classes that a template names may also be named by the bytes. */
    public static function allow(mixed $template, AllowedClasses $allowed): AllowedClasses
    {
        return match (true) {
            is_string($template) => $allowed->with($template),
            is_object($template) => $allowed->with($template::class),
            is_array($template) => array_reduce(
                $template,
                static fn (AllowedClasses $all, mixed $part): AllowedClasses => self::allow($part, $all),
                $allowed
            ),
            default => $allowed,
        };
    }

    /** @return mixed null where the value does not go with the template; a warning has said why */
    public static function convert(mixed $template, mixed $value): mixed
    {
        if (!is_array($template) && !is_string($template) && !is_object($template)) {
            throw new \Error('[msgpack] (msgpack_convert_template) Template type is unsupported');
        }
        $result = null;
        return self::fill($template, $value, $result) ? $result : null;
    }

    private static function fill(mixed $template, mixed $value, mixed &$result): bool
    {
        return is_array($template)
            ? self::fillArray($template, $value, $result)
            : self::fillObject($template, $value, $result);
    }

    /** @param array<mixed> $template */
    private static function fillArray(array $template, mixed $value, mixed &$result): bool
    {
        $result = [];
        if ($template === []) {
            return self::failed('msgpack_convert_array', 'template array length is 0');
        }
        return array_is_list($template)
            ? self::fillList($template[0], $value, $result)
            : self::fillMap($template, $value, $result);
    }

    /**
     * Value after value, whatever their keys; the template has the keys.
     *
     * @param array<mixed> $template
     * @param array<mixed> $result
     */
    private static function fillMap(array $template, mixed $value, array &$result): bool
    {
        if (!is_array($value) && !is_object($value)) {
            return self::failed('msgpack_convert_array', 'input data is not array');
        }
        $values = array_values((array) $value);
        $place = 0;
        foreach ($template as $key => $part) {
            if (is_string($key)) {
                if (!array_key_exists($place, $values)) {
                    return self::failed('msgpack_convert_array', "can't get data");
                }
                $filled = $values[$place];
                if ((is_array($part) || is_object($part)) && !self::fill($part, $values[$place], $filled)) {
                    return false;
                }
                $result[$key] = $filled;
            }
            $place++;
        }
        return true;
    }

    /** @param array<mixed> $result */
    private static function fillList(mixed $template, mixed $value, array &$result): bool
    {
        if (!is_array($value)) {
            return self::failed('msgpack_convert_array', 'unserialized data must be array.');
        }
        if ($value === []) {
            return self::failed('msgpack_convert_array', 'array length is 0 in unserialized data');
        }
        foreach ($value as $key => $part) {
            if (is_string($key)) {
                return self::failed('msgpack_convert_array', 'key is string');
            }
            $filled = $part;
            if (
                (is_array($template) || is_string($template) || is_object($template))
                && !self::fill($template, $part, $filled)
            ) {
                return self::failed('msgpack_convert_array', 'convert failure in HASH_KEY_IS_LONG in indexed array');
            }
            $result[] = $filled;
        }
        return true;
    }

    private static function fillObject(string|object $template, mixed $value, mixed &$result): bool
    {
        if (is_string($template) && !class_exists($template)) {
            throw new \Error("[msgpack] (msgpack_convert_object) Class '$template' not found");
        }
        $class = new \ReflectionClass($template);
        if (is_object($value) && $value::class === $class->name) {
            $result = $value;
            return true;
        }
        $object = $class->newInstanceWithoutConstructor();
        if ($class->getConstructor()?->isPublic() === true) {
            $class->getConstructor()->invoke($object);
        }
        $result = $object;
        $names = self::names($object);
        if (!is_array($value)) {
            self::put($object, $names[0] ?? '0', $value);
            return true;
        }
        if ($value === []) {
            return true;
        }
        return array_is_list($value) && count($value) === count($names)
            ? self::fillInOrder($object, $names, $value)
            : self::fillByName($object, $names, $value, is_object($template) ? $template : $object);
    }

    /**
     * @param list<string> $names
     * @param list<mixed> $values
     */
    private static function fillInOrder(object $object, array $names, array $values): bool
    {
        foreach ($names as $place => $name) {
            $default = self::get($object, $name);
            $filled = $values[$place];
            if ((is_array($default) || is_object($default)) && !self::fill($default, $values[$place], $filled)) {
                return self::failed('msgpack_convert_object', 'convert failure in convert_object');
            }
            self::put($object, $name, $filled);
        }
        return true;
    }

    /**
     * @param list<string> $names
     * @param array<mixed> $values
     */
    private static function fillByName(object $object, array $names, array $values, object $template): bool
    {
        $named = [];
        foreach ($values as $key => $value) {
            if (!is_string($key)) {
                continue;
            }
            $public = self::isPublic($object, $key);
            self::put($object, $key, $value);
            $named[$key] = true;
            if ($public) {
                // The extension's words; the value was taken all the same.
                self::failed('msgpack_convert_object', 'illegal offset type, skip this decoding');
            }
        }
        $free = array_values(array_filter(
            self::names($template),
            static fn (string $name): bool => !isset($named[$name]) && in_array($name, $names, true)
        ));
        foreach ($values as $key => $value) {
            if (!is_string($key)) {
                self::put($object, array_shift($free) ?? (string) $key, $value);
            }
        }
        return true;
    }

    /** @return list<string> the properties, in the order in which PHP keeps them */
    private static function names(object $object): array
    {
        $names = [];
        $classes = [];
        for ($class = new \ReflectionClass($object); $class !== false; $class = $class->getParentClass()) {
            array_unshift($classes, $class);
        }
        foreach ($classes as $class) {
            foreach ($class->getProperties() as $property) {
                if (!$property->isStatic() && $property->class === $class->name) {
                    $names[$property->name] = true;
                }
            }
        }
        foreach (get_object_vars($object) as $name => $value) {
            $names[$name] = true;
        }
        return array_map(strval(...), array_keys($names));
    }

    private static function isPublic(object $object, string $name): bool
    {
        return !property_exists($object, $name)
            || (new \ReflectionObject($object))->hasProperty($name)
            && (new \ReflectionProperty($object, $name))->isPublic();
    }

    private static function get(object $object, string $name): mixed
    {
        return self::inside($object, static fn (object $object): mixed => $object->$name ?? null);
    }

    private static function put(object $object, string $name, mixed $value): void
    {
        self::inside($object, static function (object $object) use ($name, $value): void {
            $object->$name = $value;
        });
    }

    /** Runs it as the object's class would, which may touch what is private. */
    private static function inside(object $object, \Closure $access): mixed
    {
        $internal = (new \ReflectionClass($object))->isInternal();
        return ($internal ? $access : \Closure::bind($access, null, $object::class))($object);
    }

    private static function failed(string $function, string $text): bool
    {
        Conversion::warning("[msgpack] ($function) $text");
        return false;
    }
}
