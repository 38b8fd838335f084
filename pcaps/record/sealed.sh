#!/usr/bin/env bash
# Records the sealed-*.pcap of this folder again, with the secrets that open them: clients of samba and impacket call a
# domain controller of samba under NTLM, SPNEGO and Kerberos at level privacy.
# Root only; needs tcpdump, iproute2, samba with samba-ad-provision, winbind, smbclient and python3-samba, python3-impacket.
# usage: sealed.sh OUT
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$(mkdir -p "$1" && cd "$1" && pwd)
python=/usr/bin/python3
password=Opens-Sealed-1
. "$here/hosts.sh"
dc=$(mktemp -d)
trap 'clean; rm -rf "$dc"' EXIT
for n in $a $b; do
  mkdir -p "/etc/netns/$n" # what `ip netns exec` puts in the place of /etc/hosts and /etc/resolv.conf
  printf '127.0.0.1 localhost\n10.20.30.2 dc1.lab.example dc1\n' >"/etc/netns/$n/hosts"
  : >"/etc/netns/$n/resolv.conf"
done
samba-tool domain provision --realm=LAB.EXAMPLE --domain=LAB --server-role=dc --dns-backend=SAMBA_INTERNAL \
  --adminpass="$password" --targetdir="$dc" --host-name=dc1 --host-ip=10.20.30.2 >/dev/null 2>&1
# $1: the encryption types of Kerberos, or nothing for the strongest.
kerberos() {
  printf '[libdefaults]\n default_realm = LAB.EXAMPLE\n dns_lookup_kdc = false\n rdns = false\n'
  [ $# = 0 ] || printf ' %s = %s\n' default_tgs_enctypes "$1" default_tkt_enctypes "$1" permitted_enctypes "$1"
  printf '[realms]\n LAB.EXAMPLE = {\n  kdc = 10.20.30.2\n }\n[domain_realm]\n .lab.example = LAB.EXAMPLE\n'
}
kerberos >"$dc/aes.conf"
kerberos rc4-hmac >"$dc/rc4.conf"
printf '[global]\n workgroup = LAB\n realm = LAB.EXAMPLE\n name resolve order = host\n create krb5 conf = no\n' >"$dc/client.conf"
export KRB5_CONFIG=$dc/aes.conf
seconds=180 server samba -i -M single -s "$dc/etc/smb.conf" --option='interfaces=10.20.30.2' \
  --option='bind interfaces only=yes' --option='server services=rpc,ldap,cldap,kdc,s3fs,winbindd' >"$dc/samba.log" 2>&1
sleep 10
filter='tcp and not port 88'
samr() { capture "$1" $python "$here/sealed.py" "$2" "$dc/client.conf" "$password"; }
samr sealed-ntlm samba:seal,ntlm
samr sealed-spnego samba:seal,spnego
samr sealed-kerberos samba:seal,krb5
KRB5_CONFIG=$dc/rc4.conf samr sealed-kerberos-rc4 samba:seal,krb5
samr sealed-impacket impacket
# Over named pipes, with rpcclient's calls. SMB signs and does not seal, so that the pipes can be seen.
pipe() { # NAME BINDING-FLAGS OPTION...
  local name=$1 flags=$2; shift 2
  capture "$name" rpcclient "ncacn_np:dc1.lab.example[$flags]" -s "$dc/client.conf" -U "Administrator@LAB.EXAMPLE%$password" "$@" \
    -c 'lookupdomain LAB; samlookupnames domain Administrator; enumdomusers; enumprivs'
}
pipe sealed-pipe seal --use-kerberos=off
pipe sealed-pipe-kerberos seal --use-kerberos=required
samr sealed-pipe-impacket impacket-pipe
rm -f "$out/sealed.keytab"
samba-tool domain exportkeytab "$out/sealed.keytab" -s "$dc/etc/smb.conf" --principal='DC1$'
printf '# Opens the sealed-*.pcap of this folder that are under NTLM.\npassword %s\n' "$password" >"$out/sealed.secrets"
