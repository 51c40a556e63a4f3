<?php

class ZMQException extends Exception
{
}

final class ZMQContextException extends ZMQException
{
}

final class ZMQSocketException extends ZMQException
{
}

final class ZMQPollException extends ZMQException
{
}

final class ZMQDeviceException extends ZMQException
{
}
