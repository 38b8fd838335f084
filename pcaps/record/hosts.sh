# Two hosts in network namespaces of this machine, 10.20.30.1 and .2, gone when the script that reads this ends. Gives it
# `server COMMAND...` on the second host and `capture NAME COMMAND...`: what a command on the first one does, as $out/NAME.pcap.
a=sidewire-a b=sidewire-b
clean() {
  for n in $a $b; do
    ip netns pids $n 2>/dev/null | xargs -r kill 2>/dev/null || true
    ip netns del $n 2>/dev/null || true
    rm -rf "/etc/netns/$n"
  done
}
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
server() { ip netns exec $b timeout "${seconds:-60}" "$@" & sleep 1.5; }
capture() { # NAME COMMAND...: what the client does, as one file
  local name=$1; shift
  ip netns exec $b tcpdump -q -i sw-b -s 0 -U -w "$out/$name.pcap" "${filter:-ip}" 2>/dev/null & local dump=$!
  sleep 1.2
  ip netns exec $a timeout 20 "$@" >/dev/null
  sleep 1
  kill -INT $dump; wait $dump || true
}
