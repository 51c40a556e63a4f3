<?php

final class ZMQCertException extends ZMQException
{
}

final class ZMQAuthException extends ZMQException
{
}
