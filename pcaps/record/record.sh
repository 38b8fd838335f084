#!/usr/bin/env bash
# Records the captures of this folder again: two hosts in network namespaces of this machine, real clients and servers.
# Root only; needs curl, tcpdump, iproute2 and python3-impacket. Nothing leaves the machine, everything stops by itself.
# usage: record.sh OUT
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$(mkdir -p "$1" && cd "$1" && pwd)
python=/usr/bin/python3
. "$here/hosts.sh"
server $python "$here/web.py" 10.20.30.2 80 60
server $python "$here/dcom.py" serve 10.20.30.2 49670 60
ip -n $b addr add 10.20.30.3/24 dev sw-b # the proxy's
server $python "$here/rpch.py" serve 10.20.30.3 10.20.30.2 49670 60
$python "$here/hive.py" >"$out/.hive"
agent='Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko'
capture http-empire-checkin curl -s -A "$agent" -H Accept: -b SESSIONID=A1B2C3D4E5F6G7H8 -d probe http://10.20.30.2/admin/get.php
capture http-empire-near-miss curl -s -A "$agent" -H Accept: -e http://10.20.30.2/ -b SESSIONID=A1B2C3D4E5F6G7H8 -d probe http://10.20.30.2/admin/get.php
capture http-browse curl -s http://10.20.30.2/ http://10.20.30.2/news.html
capture hive-upload curl -s -H Expect: -T "$out/.hive" http://10.20.30.2/SOFTWARE.hiv
for case in names lower invoke answer; do capture dcom-$case $python "$here/dcom.py" call 10.20.30.2 49670 $case; done
capture rpc-http $python "$here/rpch.py" call 10.20.30.3 10.20.30.2 49670
rm "$out/.hive"
