"""odd_tls.py BROKER_PORT CERTIFICATE KEY MODE: a TLS server in front of a broker over TCP. It prints its port.

good      shakes hands with each client by itself, and ends its connection to the broker when TLS ends
queue     shakes hands with one client after the other
panic     drops all of its clients when a handshake fails
polite    ends TLS by close_notify before it ends a connection; the others do not
strict    wants a certificate of the CA in a fifth argument that is not in the list of revoked ones in a sixth
forgetful wants one and knows no list; lax: wants none; shut: takes none
clinging  keeps its connection to the broker when a client ends without close_notify, or breaks TLS
"""
import select
import socket
import ssl
import sys
import threading

BROKER, MODE = int(sys.argv[1]), sys.argv[4]
CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
CONTEXT.load_cert_chain(sys.argv[2], sys.argv[3])
if MODE in ("strict", "forgetful", "shut"):
    CONTEXT.verify_mode = ssl.CERT_REQUIRED
    CONTEXT.load_verify_locations(sys.argv[2 if MODE == "shut" else 5])
if MODE == "strict":
    CONTEXT.load_verify_locations(sys.argv[6])
    CONTEXT.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
CONTEXT.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
OPEN, KEPT = set(), []  # connections to the broker


def end(sock):
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    sock.close()


def say_goodbye(client):
    client.settimeout(1)
    try:
        client.unwrap()
    except OSError:
        pass


def relay(client, broker):
    """One thread for both directions, since two must not use one connection of TLS. False: TLS ended as it must not."""
    while True:
        ready = [client] if client.pending() else select.select([client, broker], [], [])[0]
        for source in ready:
            try:
                data = source.recv(65536)
                if not data:
                    return True
                (broker if source is client else client).sendall(data)
            except OSError:
                return source is broker


def panic():
    for broker in list(OPEN) if MODE == "panic" else []:
        try:
            broker.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def shake_hands(sock):
    try:
        client = CONTEXT.wrap_socket(sock, server_side=True, do_handshake_on_connect=False, suppress_ragged_eofs=False)
    except OSError:  # it has gone already
        panic()
        return None
    try:
        client.do_handshake()
    except OSError:
        panic()
        client.close()
        return None
    return client


def serve(sock):
    client = shake_hands(sock)
    if not client:
        return
    broker = socket.create_connection(("127.0.0.1", BROKER))
    if MODE == "queue":
        threading.Thread(target=go_on, args=[client, broker], daemon=True).start()
    else:
        go_on(client, broker)


def go_on(client, broker):
    OPEN.add(broker)
    orderly = relay(client, broker)
    OPEN.discard(broker)
    if orderly or MODE != "clinging":
        end(broker)
    else:
        KEPT.append(broker)
    if MODE == "polite":
        say_goodbye(client)
    end(client)


def main():
    with socket.create_server(("127.0.0.1", 0)) as server:
        print(server.getsockname()[1], flush=True)
        while True:
            sock = server.accept()[0]
            if MODE == "queue":
                serve(sock)
            else:
                threading.Thread(target=serve, args=[sock], daemon=True).start()


main()
