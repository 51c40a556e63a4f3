<?php

declare(strict_types=1);

use Zroute\DropIn\AllowedClasses;
use Zroute\DropIn\Codec;
use Zroute\DropIn\Codecs;
use Zroute\DropIn\Conversion;
use Zroute\DropIn\Options;
use Zroute\DropIn\Remarks;
use Zroute\DropIn\State;
use Zroute\DropIn\Template;
use Zroute\Native;

/**
 * ext-msgpack's class: values from bytes that come in parts, each byte looked at
 * once to find where a value ends.
 */
class MessagePackUnpacker
{
    /** The front of the buffer is given back when so many bytes of it were read, and half of it. */
    private const READ = 1 << 16;

    /** Bits of Codec. These, as the extension, where a subclass does not call the constructor. */
    private int $settings = Codec::STR8 | Codec::ASSOC;
    /** What feed() got. */
    private string $buffer = '';
    /** How much of it was read. */
    private int $offset = 0;
    /** The bytes of the value so far. */
    private string $value = '';
    /** How many values are missing to make it whole. */
    private int $left = 1;
    private bool $finished = false;
    private mixed $result = null;

    public function __construct($opt = null)
    {
        $this->settings = Options::start(__METHOD__, func_get_args());
    }

    public function __destruct()
    {
    }

    public function setOption($option, $value)
    {
        return Options::set($this->settings, __METHOD__, $option, $value);
    }

    public function feed($str)
    {
        $this->buffer .= is_string($str) ? $str : Conversion::text(__METHOD__, $str);
        return true;
    }

    public function execute($str = null, &$offset = null)
    {
        if ($this->finished) {
            $this->reset();
        }
        if ($str === null) {
            return $this->take($this->buffer, $this->offset);
        }
        $from = is_int($offset) || is_float($offset) ? (int) $offset : 0;
        $whole = $this->take(is_string($str) ? $str : Conversion::text(__METHOD__, $str), $from);
        $offset = $from;
        return $whole;
    }

    public function data($object = null)
    {
        if (!$this->finished) {
            return false;
        }
        $result = $object === null ? $this->result : Template::convert($object, $this->result);
        $this->reset();
        return $result;
    }

    public function reset()
    {
        // Seldom, or it would be done for each of many small values.
        if ($this->offset >= self::READ && 2 * $this->offset >= strlen($this->buffer)) {
            $this->buffer = substr($this->buffer, $this->offset);
            $this->offset = 0;
        }
        $this->begin();
    }

    /** What the program has given it, as the extension shows. */
    public function __debugInfo()
    {
        return State::ofProgram($this, self::class);
    }

    /** Goes on with the value; says whether it is whole. */
    private function take(string $bytes, int &$offset): bool
    {
        if ($offset < 0 || $offset >= strlen($bytes)) {
            return false;
        }
        $read = Native::get()->skim($bytes, $offset, $this->left);
        if ($read === null) {
            return false;
        }
        $this->value .= substr($bytes, $offset, $read);
        $offset += $read;
        return $this->left === 0 && $this->unpack();
    }

    private function unpack(): bool
    {
        $remarks = null;
        $packed = $this->value;
        $this->begin();
        $value = (Codecs::$codec ?? Codecs::open())->unpack(
            $packed,
            $this->settings,
            AllowedClasses::current(),
            $remarks
        );
        if ($remarks !== null && ($remarks->kinds & Remarks::MALFORMED) !== 0) {
            return false;
        }
        $this->result = $value;
        return $this->finished = true;
    }

    private function begin(): void
    {
        $this->value = '';
        $this->left = 1;
        $this->finished = false;
        $this->result = null;
    }

    private function __clone()
    {
    }
}
