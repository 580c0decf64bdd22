<?php
// Match addresses by Symfony's IpUtils: reads "rules RANGE …" and "ask ADDRESS" lines and answers each with a line.
require 'Symfony/Component/HttpFoundation/autoload.php';

use Symfony\Component\HttpFoundation\IpUtils;

$ranges = [];
while (($line = fgets(STDIN)) !== false) {
    $words = preg_split('/\s+/', trim($line));
    if ($words[0] === 'ask') {
        echo IpUtils::checkIp($words[1], $ranges) ? "yes\n" : "no\n";
    } else {
        $ranges = array_slice($words, 1);
        echo "ok\n";
    }
}
