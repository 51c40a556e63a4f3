<?php

// Classes, methods, parameters and constants by reflection. Left out is what a class in PHP cannot have: optional
// parameters without a default, and more required parameters than there are. So is what it has to have, and one
// built in has not: __destruct, __debugInfo, __sleep, __wakeup, what is private, and scalar types.

$classes = ['ZMQ', 'ZMQContext', 'ZMQSocket', 'ZMQPoll', 'ZMQDevice', 'ZMQException', 'ZMQContextException',
    'ZMQSocketException', 'ZMQPollException', 'ZMQDeviceException'];
foreach ($classes as $name) {
    $class = new ReflectionClass($name);
    $interfaces = $class->getInterfaceNames();
    sort($interfaces);
    echo implode(' ', Reflection::getModifierNames($class->getModifiers())), " class {$class->getName()}",
        ' extends ', $class->getParentClass() ? $class->getParentClass()->getName() : '-',
        ' implements ', implode(', ', $interfaces) ?: '-',
        $class->isCloneable() ? ', cloneable' : '', $class->isInstantiable() ? ', instantiable' : '',
        $class->isIterable() ? ', iterable' : '', $class->inNamespace() ? ', in a namespace' : '', "\n";
    foreach ($class->getMethods() as $method) {
        if (
            $method->getDeclaringClass()->getName() !== $name
            || in_array($method->getName(), ['__destruct', '__debugInfo', '__sleep', '__wakeup'], true)
            || $method->isPrivate() && !str_starts_with($method->getName(), '__')
        ) {
            continue;
        }
        $parameters = [];
        foreach ($method->getParameters() as $parameter) {
            $type = $parameter->getType() instanceof ReflectionNamedType && !$parameter->getType()->isBuiltin()
                ? $parameter->getType()->getName() . ' ' : '';
            $optional = $parameter->isOptional() && $parameter->getName() !== 'dsn';
            $parameters[] = ($optional ? '[' : '') . $type . ($parameter->isPassedByReference() ? '&' : '')
                . '$' . $parameter->getName() . ($parameter->isVariadic() ? '...' : '') . ($optional ? ']' : '');
        }
        // PHP calls a private final method a mistake.
        $modifiers = Reflection::getModifierNames($method->getModifiers());
        $modifiers = array_diff($modifiers, $method->isPrivate() ? ['final'] : []);
        echo '    ', implode(' ', $modifiers), " {$method->getName()}(",
            implode(', ', $parameters), ')', $method->hasReturnType() ? ': ' . $method->getReturnType() : '',
            $method->returnsReference() ? ' by reference' : '', "\n";
    }
    foreach ($class->getReflectionConstants() as $constant) {
        if (!$constant->isPrivate() && !preg_match('/^(LIBZMQ_|CURVE_ALLOW_ANY$)/', $constant->getName())) {
            echo '    ', implode(' ', Reflection::getModifierNames($constant->getModifiers())),
                " const {$constant->getName()} = ", var_export($constant->getValue(), true), "\n";
        }
    }
    foreach ($class->getProperties() as $property) {
        if ($property->getDeclaringClass()->getName() === $name && !$property->isPrivate()) {
            echo "    property {$property->getName()}\n";
        }
    }
}

// Those of the library, whatever its version.
$version = implode('.', [ZMQ::LIBZMQ_VERSION_MAJOR, ZMQ::LIBZMQ_VERSION_MINOR, ZMQ::LIBZMQ_VERSION_PATCH]);
var_dump(
    count(array_diff_key((new ReflectionClass('ZMQ'))->getConstants(), ['CURVE_ALLOW_ANY' => true])),
    ZMQ::LIBZMQ_VER === $version,
    ZMQ::LIBZMQ_VERSION === $version,
    ZMQ::LIBZMQ_VERSION_ID === ZMQ::LIBZMQ_VERSION_MAJOR * 10000 + ZMQ::LIBZMQ_VERSION_MINOR * 100
        + ZMQ::LIBZMQ_VERSION_PATCH,
    version_compare(ZMQ::LIBZMQ_VERSION, '4.3.0', '>='),
);
