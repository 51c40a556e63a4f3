<?php

// Two copies of the drop-in: that of auto_prepend_file, and one in a project's vendor folder.

$php = dirname(__DIR__, 5) . '/php';
$other = sys_get_temp_dir() . '/zroute-drop-in-' . getmypid();
$files = ['drop-in.php', 'drop-in/zmq.php', 'drop-in/msgpack.php'];
mkdir("$other/drop-in", recursive: true);
foreach ($files as $file) {
    copy("$php/$file", "$other/$file");
}
register_shutdown_function(static function () use ($other, $files): void {
    foreach ($files as $file) {
        unlink("$other/$file");
    }
    rmdir("$other/drop-in");
    rmdir($other);
});
require "$other/drop-in.php";
echo bin2hex(msgpack_pack([1])), ' ', (new ZMQContext())->getSocketCount(), "\n";
