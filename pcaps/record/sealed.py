"""Asks a domain controller for its accounts, sealed: connect, find the domain, open it, look a name up.

    sealed.py WAY SMB_CONF PASSWORD          WAY: impacket, impacket-pipe (NTLM), samba:seal,ntlm, samba:seal,spnego, samba:seal,krb5

impacket signs the stub alone, samba the headers too.
"""
import sys


def with_samba(flags, conf, password):
    from samba.credentials import DONT_USE_KERBEROS, MUST_USE_KERBEROS, Credentials
    from samba.dcerpc import lsa, samr
    from samba.param import LoadParm

    settings = LoadParm()
    settings.load(conf)
    who = Credentials()
    who.guess(settings)
    who.set_username("Administrator")
    who.set_password(password)
    who.set_domain("LAB")
    who.set_realm("LAB.EXAMPLE")
    who.set_kerberos_state(MUST_USE_KERBEROS if "krb5" in flags else DONT_USE_KERBEROS)

    def string(text):
        value = lsa.String()
        value.string = text
        return value

    server = samr.samr("ncacn_ip_tcp:dc1.lab.example[%s]" % flags, settings, who)
    handle = server.Connect2("dc1", 0x02000000)
    domain = server.OpenDomain(handle, 0x02000000, server.LookupDomain(handle, string("LAB")))
    server.LookupNames(domain, [string("Administrator")])


def with_impacket(pipe, password):
    from impacket.dcerpc.v5 import epm, rpcrt, samr, transport

    if pipe:
        rpc = transport.DCERPCTransportFactory(r"ncacn_np:10.20.30.2[\pipe\samr]")
        rpc.preferred_dialect(0x0210)  # with SMB 3 impacket seals the pipes too
    else:
        where = epm.hept_map("10.20.30.2", samr.MSRPC_UUID_SAMR, protocol="ncacn_ip_tcp")
        rpc = transport.DCERPCTransportFactory(where)
    rpc.set_credentials("Administrator", password, "LAB")
    dce = rpc.get_dce_rpc()
    dce.set_auth_level(rpcrt.RPC_C_AUTHN_LEVEL_PKT_PRIVACY)
    dce.connect()
    dce.bind(samr.MSRPC_UUID_SAMR)
    handle = samr.hSamrConnect2(dce, serverName="dc1\0", desiredAccess=0x02000000)["ServerHandle"]
    sid = samr.hSamrLookupDomainInSamServer(dce, handle, "LAB")["DomainId"]
    domain = samr.hSamrOpenDomain(dce, handle, domainId=sid)["DomainHandle"]
    samr.hSamrLookupNamesInDomain(dce, domain, ("Administrator",))
    dce.disconnect()


way, conf, password = sys.argv[1:4]
if way.startswith("impacket"):
    with_impacket(way.endswith("pipe"), password)
else:
    with_samba(way.removeprefix("samba:"), conf, password)
