<?php

declare(strict_types=1);

use Zroute\Client;
use Zroute\Exception\RemoteError;

require __DIR__ . '/../../php/autoload.php';

$endpoint = $argv[1] ?? 'tcp://127.0.0.1:5555';
$client = new Client($endpoint);

echo 'three teas: ', $client->call('shop.price', ['tea', 3]), "\n";
$refused = [['shop.price', ['coffee']], ['shop.price', ['tea', 0]], ['shop.order', ['tea']]];
foreach ($refused as [$function, $parameters]) {
    try {
        $client->call($function, $parameters);
    } catch (RemoteError $e) {
        echo $e->name, ': ', $e->remoteMessage, "\n";
    }
}

$client->call('prices.raise', [10]);

// The meta travels beside the parameters of the calls that follow.
$client->meta(['access_key' => getenv('SHOP_KEY') ?: 'open sesame', 'customer' => 'Ada']);
echo json_encode($client->call('shop.order', ['article' => 'tea', 'pieces' => 3])), "\n";

echo json_encode($client->call('times')), "\n";
foreach ($client->call('zroute.list', ['shop.*']) as $function) {
    echo $function['name'], ': ', strtok($function['doc'], "\n"), "\n";
}
