<?php

use Zroute\DropIn\HiddenObjects;
use Zroute\DropIn\State;
use Zroute\DropIn\Zmq\CertificateFile;
use Zroute\DropIn\Zmq\Failure;
use Zroute\DropIn\Zmq\Library;

/**
 * A CURVE key pair and what is said of it, as ext-zmq has it where it is
 * built with CZMQ.
 */
class ZMQCert
{
    private const NO_KEY = '0000000000000000000000000000000000000000';

    private string $publicText = self::NO_KEY;
    private string $secretText = self::NO_KEY;
    /** @var array<string, string> */
    private array $metadata = [];

    /** @param string|null $filename a certificate's; its secret one, FILENAME_secret, is taken where it is there */
    final public function __construct(?string $filename = null)
    {
        if ($filename === null) {
            $keys = ZMQ::curvekeypair() ?? throw self::failure('Failed to create a key pair: libzmq has no CURVE');
            ['public_key' => $this->publicText, 'secret_key' => $this->secretText] = $keys;
            return;
        }
        $file = CertificateFile::read("{$filename}_secret") ?? CertificateFile::read($filename)
            ?? throw self::failure("Failed to load the certificate from $filename");
        $this->metadata = $file['metadata'];
        $this->publicText = $file['public'];
        $this->secretText = $file['secret'] ?? self::NO_KEY;
    }

    /** @return string 32 bytes */
    public function getPublicKey()
    {
        return self::bytes($this->publicText);
    }

    /** @return string 32 bytes */
    public function getSecretKey()
    {
        return self::bytes($this->secretText);
    }

    /** @return string 40 characters of Z85 */
    public function getPublicTxt()
    {
        return $this->publicText;
    }

    /** @return string 40 characters of Z85 */
    public function getSecretTxt()
    {
        return $this->secretText;
    }

    /** @return void */
    public function setMeta(?string $name, ?string $format)
    {
        $this->metadata[(string) $name] = (string) $format;
    }

    /** @return string|null */
    public function getMeta(?string $name)
    {
        return $this->metadata[(string) $name] ?? null;
    }

    /** @return list<string> */
    public function getMetaKeys()
    {
        return array_map(strval(...), array_keys($this->metadata));
    }

    /**
     * Writes both certificates: the public one, and FILENAME_secret.
     *
     * @return void
     */
    public function save(?string $filename)
    {
        if (!$this->write((string) $filename, null) || !$this->write("{$filename}_secret", $this->secretText)) {
            throw self::failure("Failed to save the certificate to $filename");
        }
    }

    /** @return void */
    public function savePublic(?string $filename)
    {
        if (!$this->write((string) $filename, null)) {
            throw self::failure("Failed to save the public certificate to $filename");
        }
    }

    /** @return void */
    public function saveSecret(?string $filename)
    {
        if (!$this->write((string) $filename, $this->secretText)) {
            throw self::failure("Failed to save the secret certificate to $filename");
        }
    }

    /**
     * Gives a socket these keys.
     *
     * @return void
     */
    public function apply(ZMQSocket $ZMQSocket)
    {
        $ZMQSocket->setsockopt(ZMQ::SOCKOPT_CURVE_SECRETKEY, $this->getSecretKey());
        $ZMQSocket->setsockopt(ZMQ::SOCKOPT_CURVE_PUBLICKEY, $this->getPublicKey());
    }

    /** @return bool whether both keys are the same */
    public function equals(self $ZMQCert)
    {
        return $this->publicText === $ZMQCert->publicText && $this->secretText === $ZMQCert->secretText;
    }

    private static function bytes(string $text): string
    {
        return $text === self::NO_KEY ? str_repeat("\0", 32)
            : (string) HiddenObjects::make(static fn () => Library::native()->z85Decode($text));
    }

    private function write(string $path, ?string $secret): bool
    {
        return CertificateFile::write($path, $this->metadata, $this->publicText, $secret);
    }

    private static function failure(string $message): ZMQCertException
    {
        return Failure::make(ZMQCertException::class, $message);
    }

    public function __debugInfo(): array
    {
        return State::ofProgram($this, self::class);
    }
}
