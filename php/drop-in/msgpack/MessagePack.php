<?php

declare(strict_types=1);

use Zroute\DropIn\Codec;
use Zroute\DropIn\Codecs;
use Zroute\DropIn\Conversion;
use Zroute\DropIn\Options;
use Zroute\DropIn\State;

/** ext-msgpack's class. */
class MessagePack
{
    public const OPT_PHPONLY = -1001;
    public const OPT_ASSOC = -1002;
    public const OPT_FORCE_F32 = -1003;

    /** Bits of Codec. These, as the extension, where a subclass does not call the constructor. */
    private int $settings = Codec::STR8 | Codec::ASSOC;

    public function __construct($opt = null)
    {
        $this->settings = Options::start(__METHOD__, func_get_args());
    }

    public function setOption($option, $value)
    {
        return Options::set($this->settings, __METHOD__, $option, $value);
    }

    public function pack($value)
    {
        return (Codecs::$codec ?? Codecs::open())->pack($value, $this->settings);
    }

    public function unpack($str, $object = null)
    {
        return Conversion::unpack(__METHOD__, $str, $object, $this->settings);
    }

    public function unpacker()
    {
        $unpacker = new MessagePackUnpacker();
        foreach (Options::BITS as $option => $bit) {
            $unpacker->setOption($option, ($this->settings & $bit) !== 0);
        }
        return $unpacker;
    }

    /** What the program has given it, as the extension shows. */
    public function __debugInfo()
    {
        return State::ofProgram($this, self::class);
    }
}
