<?php

declare(strict_types=1);

/**
 * @param list<string> $settings each OPTION=VALUE
 * @return array<string, int|string>
 */
function options(array $settings): array
{
    $options = [];
    foreach ($settings as $setting) {
        [$name, $value] = explode('=', $setting, 2);
        $options[$name] = preg_match('/^-?\d+$/', $value) === 1 ? (int) $value : $value;
    }
    return $options;
}
