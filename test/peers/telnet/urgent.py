# Both ends of Telnet sessions through a gateway, with TCP urgent data, which Node cannot send: prints the port of its host, reads that of the
# gateway, then prints for each way of marking a Synch what the host received and what the client got back, as JSON.
import json, socket, sys, threading

host = socket.create_server(('127.0.0.1', 0))
print(host.getsockname()[1], flush=True)
gateway = int(sys.stdin.readline())

def until(s, end):
    data = b''
    while not data.endswith(end):
        piece = s.recv(4096)
        if not piece: break
        data += piece
    return data

def marked(s, before, urgent, behind):
    s.sendall(before)
    s.send(urgent, socket.MSG_OOB)
    s.sendall(behind)

for where in ('DM', 'IAC', 'both'):
    client = socket.create_connection(('127.0.0.1', gateway))
    server, _ = host.accept()
    for s in (client, server): s.settimeout(10)
    if where == 'DM': marked(client, b'\xff\xf4\xff', b'\xf2', b'after\r\0')
    elif where == 'IAC': marked(client, b'\xff\xf4', b'\xff', b'\xf2after\r\0')
    else: marked(client, b'', b'\xff\xf4\xff\xf2', b'after\r\0')
    received = until(server, b'\r\0')
    # The host was interrupted, and answers with a Synch of its own.
    if where == 'IAC': marked(server, b'out', b'\xff', b'\xf2\r\nprompt> ')
    else: marked(server, b'out\xff', b'\xf2', b'\r\nprompt> ')
    answer = until(client, b'> ')
    print(json.dumps({'where': where, 'host': received.decode('latin1'), 'client': answer.decode('latin1')}), flush=True)
    client.close()
    server.close()
