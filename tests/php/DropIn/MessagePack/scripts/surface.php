<?php

// What there is, as reflection shows it: functions, classes, constants, parameters.

require __DIR__ . '/tell.php';

function parameters(ReflectionFunctionAbstract $function): string
{
    return implode(', ', array_map(static fn (ReflectionParameter $parameter): string => sprintf(
        '%s%s$%s%s',
        $parameter->hasType() ? "{$parameter->getType()} " : '',
        $parameter->isPassedByReference() ? '&' : '',
        $parameter->getName(),
        $parameter->isOptional() ? ' = ?' : ''
    ), $function->getParameters()));
}

foreach (['msgpack_pack', 'msgpack_unpack', 'msgpack_serialize', 'msgpack_unserialize'] as $function) {
    echo "$function(", parameters(new ReflectionFunction($function)), ")\n";
}
foreach (['MessagePack', 'MessagePackUnpacker'] as $name) {
    $class = new ReflectionClass($name);
    echo "$name: ", json_encode([
        $class->isFinal(), $class->isAbstract(), $class->getParentClass(), $class->getInterfaceNames(),
        array_map(static fn (ReflectionProperty $property): string => $property->name, $class->getProperties(
            ReflectionProperty::IS_PUBLIC
        )),
    ]), "\n";
    foreach ($class->getMethods(ReflectionMethod::IS_PUBLIC) as $method) {
        if ($method->name !== '__debugInfo') {
            echo "$name::{$method->name}(", parameters($method), ")\n";
        }
    }
}
var_dump(MESSAGEPACK_OPT_PHPONLY, MessagePack::OPT_PHPONLY);
